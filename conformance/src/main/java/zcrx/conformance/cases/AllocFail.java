// SPDX-License-Identifier: MIT
package zcrx.conformance.cases;

import java.util.ArrayDeque;
import java.util.function.BooleanSupplier;
import java.util.stream.Stream;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import zcrx.conformance.Evidence;
import zcrx.conformance.Paths;
import zcrx.conformance.Rule;
import zcrx.conformance.RunsOn;
import zcrx.conformance.RunsOn.Scope;
import zcrx.conformance.Subject;
import zcrx.fixtures.abi.Dialect;
import zcrx.fixtures.abi.Struct;
import zcrx.fixtures.abi.Zcrx;
import zcrx.fixtures.path.NetdevPath;
import zcrx.fixtures.probe.KernelProbe;
import zcrx.fixtures.ring.Cqe;
import zcrx.fixtures.ring.Ring;
import zcrx.fixtures.ring.Ring.CqeFormat;
import zcrx.fixtures.sys.Await;
import zcrx.fixtures.sys.DeferredPackets;
import zcrx.fixtures.sys.Errno;
import zcrx.fixtures.sys.Memory;
import zcrx.fixtures.traffic.TcpPair;
import zcrx.fixtures.zcrx.Exported;
import zcrx.fixtures.zcrx.RefillRing;
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
                Stream.of(types)
                        .map(type -> (int) Dialect.spoken().typeCode(type))
                        .toList(),
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
            Check.equal(
                    "event",
                    new Cqe(
                            Registration.DEFAULT_USER_DATA,
                            (int) Dialect.spoken().typeCode(Zcrx.EVENT_ALLOC_FAIL),
                            0,
                            32,
                            0,
                            0),
                    event);
            queue.starveOn();
            queue.starveOn();
            expect(queue.session());
        }
    }

    @Test
    @Rule({"EVT-016", "NIC-019"})
    @DisplayName(
            "it does not fire while there are buffers, though the area has fewer to give than a page pool asks for")
    void notWhileThereAreBuffers() {
        NetdevPath path = Paths.netdev();
        int spare = 40;
        try (Steered queue = Steered.open(
                path,
                Steered.registration(path, NetdevPath.RING + spare)
                        .events(ALLOC_FAIL)
                        .stats())) {
            queue.session().transfer(spare / 4, Memory.PAGE_SIZE);
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
                "type of the event",
                Dialect.spoken().typeCode(Zcrx.EVENT_ALLOC_FAIL),
                session.awaitEvent().res());
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
        long before = path.allocationFailures(path.queue());
        try (Session session =
                Session.open(path.queued(path.queue(), 64, NetdevPath.RING / 4).events(Zcrx.EVENT_TYPE_MASK))) {
            Check.that(
                    path.allocationFailures(path.queue()) > before,
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
                long before = path.allocationFailures(path.queue());
                BooleanSupplier starved = () -> path.allocationFailures(path.queue()) > before;
                for (int i = 0; i < sockets && !starved.getAsBoolean(); i++) {
                    TcpPair other = path.connect(path.families().getFirst());
                    others.push(other);
                    others.push(path.steer(other, path.queue()));
                    other.send(pages * Memory.PAGE_SIZE);
                    Await.until(
                            "data to arrive",
                            () -> other.waiting() == pages * Memory.PAGE_SIZE || starved.getAsBoolean());
                }
                expectFired(queue.session());
            } finally {
                NetdevPath.closeAll(others);
            }
            queue.session().send(Steered.SCARCE * Memory.PAGE_SIZE);
            queue.recover();
        }
    }

    @Test
    @Rule("NIC-019")
    @DisplayName("a queue that starves has delivered every buffer of its area")
    void everyBuffer() {
        everyBuffer(0);
    }

    @Test
    @Rule({"BUF-015", "NIC-019", "NIC-010"})
    @DisplayName(
            "so it has when these went back by the refill ring before, as many together as a page pool takes at a time")
    void everyBufferAgain() {
        everyBuffer(3);
    }

    /** The queue starves after that many rounds in which buffers went out and came back. */
    private static void everyBuffer(int rounds) {
        NetdevPath path = Paths.netdev();
        try (Steered queue = scarce(path, ALLOC_FAIL)) {
            Session session = queue.session();
            for (int i = 0; i < rounds; i++) {
                session.transfer(NetdevPath.RING, Memory.PAGE_SIZE);
                session.giveBack(Integer.MAX_VALUE);
            }
            int before = session.dataCompletions();
            queue.starve();
            expectFired(session);
            queue.starveOn();
            // What was dropped keeps the packets behind it in the socket, and finds no buffer to come in: now it does,
            // unless another packet takes that; and the last buffer may be one that the device keeps for the next
            // packet.
            for (int i = 0; i < Steered.SCARCE && buffers(session, before) < Steered.SCARCE; i++) {
                session.giveBack(1);
                DeferredPackets.free();
                if (session.received() == session.tcp().sent()) {
                    session.send(Memory.PAGE_SIZE);
                }
                queue.starveOn();
            }
            Check.equal("buffers delivered", Steered.SCARCE, buffers(session, before));
            expect(session);
            queue.recover();
        }
    }

    @Test
    @Rule({"EVT-016", "IMP-015"})
    @DisplayName("it fires for an instance that was exported, and for one that another ring imported")
    void shared() {
        NetdevPath path = Paths.netdev();
        for (boolean imported : new boolean[] {false, true}) {
            try (Steered queue = scarce(path, ALLOC_FAIL);
                    Exported exported = Exported.of(queue.session().instance());
                    Ring other = Ring.open(CqeFormat.CQE32)) {
                if (imported) {
                    exported.importOn(other);
                }
                queue.starve();
                expectFired(queue.session());
                queue.recover();
            }
        }
    }

    @Test
    @Rule("NIC-018")
    @DisplayName("a queue that starves takes refill entries that name no buffer, and tells that it has")
    void nothingButInvalidEntries() {
        NetdevPath path = Paths.netdev();
        try (Steered queue = scarce(path, 0)) {
            queue.starve();
            RefillRing refill = queue.session().instance().refill();
            for (int i = 0; i < 3; i++) {
                refill.push(Zcrx.OFFSET_MASK, 0);
            }
            queue.starveOn();
            Check.equal("head", refill.tail(), refill.head());
            queue.recover();
        }
    }

    /** How many different ones have been delivered since. */
    private static int buffers(Session session, int before) {
        return session.differentBuffers(session.dataCompletions() - before);
    }

    /** Enough to show that it is for ever. */
    private static final int RETRIES = 20;

    /** In bytes. */
    private static final int WAITING = 1000;

    @Test
    @Rule("NIC-040")
    @DisplayName(
            "the stall: data waits, every buffer was given back, and receive still ends with ENOMEM, again and again")
    void stall() {
        NetdevPath path = Paths.netdev();
        try (Memory more = Memory.anonymous((long) Steered.PLENTY * Memory.PAGE_SIZE);
                Steered queue = scarce(path, Zcrx.EVENT_TYPE_MASK)) {
            Session session = queue.session();
            // The device posts one half of the area, and its page pool takes the other as soon as there is a packet.
            session.transfer(1, WAITING);
            session.giveBackAll();
            queue.miss();
            session.send(WAITING);
            session.mustHaveEnded(Errno.ENOMEM);
            for (int i = 0; i < RETRIES; i++) {
                session.giveBackAll();
                session.startReceiving();
                Cqe end = session.awaitTerminal();
                boolean stalled = end.res() == Errno.ENOMEM.result();
                if (!stalled || i == RETRIES - 1) {
                    Evidence.show(
                            "NIC-040",
                            stalled ? Evidence.Side.KERNELS : Evidence.Side.DOCUMENT,
                            "receive number " + (i + 2) + " with every buffer given back ended with " + end);
                }
                session.mustHaveEnded(Errno.ENOMEM);
            }
            Check.equal("buffers that the user still has", 0, session.held());
            Check.equal("bytes that wait", WAITING, session.tcp().waiting());
            if (KernelProbe.get().canAddAreas()) {
                Struct area = session.instance().areaArg(more.segment());
                session.instance().addArea(area, more.segment()).mustBe(0);
                session.startReceiving();
                session.receive(WAITING);
            }
        }
    }
}
