// SPDX-License-Identifier: MIT
package zcrx.conformance.cases;

import java.util.ArrayDeque;
import java.util.List;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import zcrx.conformance.Paths;
import zcrx.conformance.Rule;
import zcrx.conformance.RunsOn;
import zcrx.conformance.RunsOn.Scope;
import zcrx.conformance.Subject;
import zcrx.fixtures.abi.Zcrx;
import zcrx.fixtures.path.NetdevPath;
import zcrx.fixtures.ring.Cqe;
import zcrx.fixtures.sys.Await;
import zcrx.fixtures.sys.Errno;
import zcrx.fixtures.sys.Memory;
import zcrx.fixtures.traffic.TcpPair;
import zcrx.fixtures.zcrx.Registration;
import zcrx.fixtures.zcrx.Session;

@Subject("out of buffers")
@RunsOn(Scope.QUEUE)
class AllocFail {
    private static final int ALLOC_FAIL = 1 << Zcrx.EVENT_ALLOC_FAIL;
    private static final int COPY = 1 << Zcrx.EVENT_COPY;

    private static Steered scarce(NetdevPath path, int typeMask) {
        return Steered.open(
                path,
                Steered.registration(path, Steered.SCARCE).events(typeMask).stats());
    }

    private static void expect(Session session, Integer... types) {
        session.settle();
        Check.equal(
                "types of the events",
                List.of(types),
                session.takeEvents().stream().map(Cqe::res).toList());
    }

    @Test
    @Rule({"EVT-016", "NIC-010"})
    @DisplayName("ALLOC_FAIL fires once, however long the queue starves, with user_data and no flags")
    void firesOnce() {
        NetdevPath path = Paths.netdev();
        try (Steered queue = scarce(path, ALLOC_FAIL)) {
            queue.starve();
            Cqe event = queue.session().awaitEvent();
            Check.equal("event", new Cqe(Registration.DEFAULT_USER_DATA, Zcrx.EVENT_ALLOC_FAIL, 0, 32, 0, 0), event);
            queue.starveOn();
            queue.starveOn();
            expect(queue.session());
        }
    }

    @Test
    @Rule("NIC-011")
    @DisplayName("when buffers come back all that was sent arrives, uncopied, and no byte is lost")
    void recovery() {
        NetdevPath path = Paths.netdev();
        try (Steered queue = scarce(path, ALLOC_FAIL)) {
            queue.starve();
            queue.session().awaitEvent();
            queue.recover();
            Check.equal(
                    "bytes delivered",
                    queue.session().tcp().sent(),
                    queue.session().received());
            Check.equal("copy_bytes", 0, queue.session().stats().bytes());
        }
    }

    @Test
    @Rule({"NIC-012", "ARM-001"})
    @DisplayName("armed after a recovery it fires again with the next starvation, once")
    void againAfterRecovery() {
        NetdevPath path = Paths.netdev();
        try (Steered queue = scarce(path, ALLOC_FAIL)) {
            for (int round = 0; round < 3; round++) {
                queue.starve();
                expectFired(queue.session());
                queue.recover();
                expect(queue.session());
                queue.session().arm(Zcrx.EVENT_ALLOC_FAIL);
            }
        }
    }

    private static void expectFired(Session session) {
        Check.equal(
                "type of the event", Zcrx.EVENT_ALLOC_FAIL, session.awaitEvent().res());
    }

    @Test
    @Rule("NIC-013")
    @DisplayName("armed while the queue still starves it fires again")
    void armedWhileStarved() {
        NetdevPath path = Paths.netdev();
        try (Steered queue = scarce(path, ALLOC_FAIL)) {
            queue.starve();
            expectFired(queue.session());
            for (int round = 0; round < 2; round++) {
                queue.session().arm(Zcrx.EVENT_ALLOC_FAIL);
                expectFired(queue.session());
            }
            queue.recover();
        }
    }

    @Test
    @Rule({"NIC-014", "EVT-004", "ARM-006"})
    @DisplayName("not subscribed to, it never fires and cannot be armed")
    void notSubscribed() {
        NetdevPath path = Paths.netdev();
        for (int mask : new int[] {0, COPY}) {
            try (Steered queue = scarce(path, mask)) {
                queue.starve();
                queue.starveOn();
                expect(queue.session());
                queue.session().instance().arm(Zcrx.EVENT_ALLOC_FAIL).mustBe(Errno.EINVAL);
                queue.recover();
            }
        }
    }

    @Test
    @Rule("NIC-015")
    @DisplayName("ALLOC_FAIL and COPY of one instance are latched and armed each for itself")
    void latchesApart() {
        NetdevPath path = Paths.netdev();
        try (Steered queue = Steered.open(
                path,
                Steered.registration(path, LARGER).events(Zcrx.EVENT_TYPE_MASK).stats())) {
            Session session = queue.session();
            copy(queue);
            expect(session, Zcrx.EVENT_COPY);
            starveAll(queue);
            expectFired(session);
            queue.starveOn();
            expect(session);
            session.instance().arm(Zcrx.EVENT_COPY).mustBe(0);
            queue.starveOn();
            expect(session);
            queue.recover();
            expect(session);
            copy(queue);
            expect(session, Zcrx.EVENT_COPY);
            session.instance().arm(Zcrx.EVENT_ALLOC_FAIL).mustBe(0);
            copy(queue);
            expect(session);
            starveAll(queue);
            expectFired(session);
            queue.recover();
        }
    }

    /** When the queue, its page pool and that one's ring are all full, some buffers are left for copies. */
    private static final int LARGER = Steered.SCARCE + 4 * NetdevPath.RING;

    private static void copy(Steered queue) {
        queue.miss();
        queue.session().transfer(1, 2 * Memory.PAGE_SIZE);
        queue.session().giveBackAll();
        queue.hit();
    }

    /** Of an area that is larger than a scarce one. */
    private static void starveAll(Steered queue) {
        queue.session().send((LARGER - Steered.SCARCE) * Memory.PAGE_SIZE);
        queue.starve();
    }

    @Test
    @Rule("NIC-016")
    @DisplayName("a queue that finds too few buffers when it is registered raises no event and latches none")
    void atRegistration() {
        NetdevPath path = Paths.netdev();
        long before = path.statistic(path.queue(), "alloc_fail");
        try (Session session =
                Session.open(path.queued(path.queue(), 64, NetdevPath.RING / 4).events(Zcrx.EVENT_TYPE_MASK))) {
            Check.that(
                    path.statistic(path.queue(), "alloc_fail") > before,
                    "the queue found buffers for all of its ring in an area of a quarter of it");
            expect(session);
            session.instance().arm(Zcrx.EVENT_ALLOC_FAIL).mustBe(Errno.EINVAL);
        }
    }

    @Test
    @Rule("NIC-017")
    @DisplayName("buffers that wait in other sockets starve a queue as well; closing these gives them back")
    void otherSockets() {
        NetdevPath path = Paths.netdev();
        // Less than what a socket has room for, and together more than the device can replace.
        int pages = 8;
        int sockets = NetdevPath.RING / pages + 1;
        try (Steered queue = scarce(path, ALLOC_FAIL)) {
            var others = new ArrayDeque<AutoCloseable>();
            try {
                for (int i = 0; i < sockets; i++) {
                    TcpPair other = path.connect(TcpPair.Family.IPV4);
                    others.push(other);
                    others.push(path.steer(other, path.queue()));
                    other.send(pages * Memory.PAGE_SIZE);
                    Await.until("data to arrive", () -> other.waiting() == pages * Memory.PAGE_SIZE);
                }
                expectFired(queue.session());
            } finally {
                NetdevPath.closeAll(others);
            }
            queue.session().send(Steered.SCARCE * Memory.PAGE_SIZE);
            queue.recover();
        }
    }
}
