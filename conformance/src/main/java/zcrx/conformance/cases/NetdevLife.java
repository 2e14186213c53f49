// SPDX-License-Identifier: MIT
package zcrx.conformance.cases;

import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import zcrx.conformance.Full;
import zcrx.conformance.Paths;
import zcrx.conformance.Rule;
import zcrx.conformance.RunsOn;
import zcrx.conformance.RunsOn.Scope;
import zcrx.conformance.Subject;
import zcrx.fixtures.path.NetdevPath;
import zcrx.fixtures.sys.Memory;
import zcrx.fixtures.zcrx.Session;

@Subject("netdev queues")
@RunsOn(Scope.QUEUE)
class NetdevLife {
    private static final int PIECE = 5 * Memory.PAGE_SIZE + 123;

    @Test
    @Rule("NIC-030")
    @DisplayName("a link that goes down and up again while data is under way loses nothing, and copies nothing")
    void linkFlap() {
        NetdevPath path = Paths.netdev();
        try (Steered queue =
                Steered.open(path, Steered.registration(path, Steered.PLENTY).stats())) {
            Session session = queue.session();
            for (int i = 0; i < 3; i++) {
                session.transfer(2, PIECE);
                path.down();
                session.send(PIECE);
                path.up();
                session.receive(PIECE);
                session.giveBackAll();
            }
            Check.equal("copy_bytes", 0, session.stats().bytes());
        }
    }

    @Test
    @Rule("NIC-031")
    @DisplayName("a ring that is closed with data under way and buffers in use lets go of its queue, which works anew")
    void closedInTraffic() {
        NetdevPath path = Paths.netdev();
        for (int i = 0; i < 4; i++) {
            try (Steered queue = Steered.open(path, Steered.registration(path, Steered.SCARCE))) {
                queue.session().transfer(2, PIECE);
                queue.session().send(2 * Steered.SCARCE * Memory.PAGE_SIZE);
            }
            // Waits for the queue to be free.
            works(path);
        }
    }

    static void works(NetdevPath path) {
        try (Steered queue =
                Steered.open(path, Steered.registration(path, Steered.PLENTY).stats())) {
            queue.session().transfer(1, PIECE);
            Check.equal("copy_bytes", 0, queue.session().stats().bytes());
        }
    }

    private static void cycles(int rounds) {
        NetdevPath path = Paths.netdev();
        for (int i = 0; i < rounds; i++) {
            try (Session session = Session.open(path.queued(path.queue(), 64, NetdevPath.RING + i % 7))) {
                if (i % 3 == 0) {
                    session.startReceiving();
                }
                if (i % 2 == 0) {
                    session.send(PIECE);
                }
            }
        }
        works(path);
    }

    @Test
    @Rule("NIC-032")
    @DisplayName("a queue can be taken and let go of any number of times")
    void cycles() {
        cycles(20);
    }

    @Test
    @Full
    @Rule("NIC-032")
    @DisplayName("hundreds of rounds of taking a queue and letting go of it leave nothing behind")
    void manyCycles() {
        cycles(300);
    }
}
