// SPDX-License-Identifier: MIT
package zcrx.conformance.cases;

import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import zcrx.conformance.Paths;
import zcrx.conformance.Rule;
import zcrx.conformance.RunsOn;
import zcrx.conformance.RunsOn.Scope;
import zcrx.conformance.Subject;
import zcrx.fixtures.path.NetdevPath;
import zcrx.fixtures.sys.Memory;
import zcrx.fixtures.zcrx.Session;

/** What every other test on a netdev queue stands on. */
@Subject("netdev queues")
@RunsOn(Scope.QUEUE)
class Queues {

    @Test
    @Rule({"NIC-032", "NIC-031", "NIC-038"})
    @DisplayName("a queue is taken while a ring has an instance on it, and free once that is closed")
    void takenAndFree() {
        NetdevPath path = Paths.netdev();
        for (int round = 0; round < 3; round++) {
            try (Session _ = Session.open(Steered.registration(path, Steered.PLENTY))) {
                Check.that(!path.isFree(path.queue()), "the queue has no memory provider though a ring has taken it");
            }
            NetdevLife.mustBeFree(path);
        }
    }

    @Test
    @Rule({"NIC-032", "REG-027"})
    @DisplayName("buffers that went out and came back, by a flush and by the refill ring, are not kept from the next")
    void usedAndFree() {
        int piece = 4 * Memory.PAGE_SIZE;
        NetdevLife.leavesNothing(path -> {
            try (Steered queue = Steered.open(path, Steered.registration(path, Steered.PLENTY))) {
                Session session = queue.session();
                session.transfer(8, piece);
                session.giveBackAll();
                session.transfer(8, piece);
                session.giveBack(Integer.MAX_VALUE);
                // Until the page pool has used what it began with, and looked there.
                session.transfer(NetdevPath.RING, piece);
            }
        });
    }
}
