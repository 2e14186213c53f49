// SPDX-License-Identifier: MIT
package zcrx.conformance.cases;

import java.util.List;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import zcrx.conformance.Evidence;
import zcrx.conformance.Full;
import zcrx.conformance.HoldsIn;
import zcrx.conformance.Paths;
import zcrx.conformance.Rule;
import zcrx.conformance.RunsOn;
import zcrx.conformance.RunsOn.Scope;
import zcrx.conformance.Subject;
import zcrx.fixtures.abi.Dialect;
import zcrx.fixtures.abi.Struct;
import zcrx.fixtures.abi.Zcrx;
import zcrx.fixtures.ring.Outcome;
import zcrx.fixtures.sys.Errno;
import zcrx.fixtures.sys.Memory;
import zcrx.fixtures.zcrx.Registration;
import zcrx.fixtures.zcrx.Session;

@Subject("fire-once and re-arm")
@RunsOn(Scope.EVERY_PATH)
class Arm {
    private static final int COPY = 1 << Zcrx.EVENT_COPY;
    private static final int PIECE = 2 * Memory.PAGE_SIZE;

    private static Session receiving(int typeMask) {
        Session session = Session.open(Paths.current().copying().events(typeMask));
        session.startReceiving();
        return session;
    }

    /** A session whose COPY event has fired and was reaped. */
    private static Session fired() {
        Session session = receiving(Zcrx.EVENT_TYPE_MASK);
        session.transfer(1, PIECE);
        session.settle();
        session.awaitEvent();
        return session;
    }

    private static void firesAgain(Session session) {
        session.transfer(1, PIECE);
        session.giveBackAll();
        session.settle();
        Check.equal("events after arming", 1, session.takeEvents().size());
    }

    private static void staysLatched(Session session) {
        session.transfer(1, PIECE);
        session.giveBackAll();
        session.settle();
        Check.equal("events after a refused arming", List.of(), session.takeEvents());
    }

    @Test
    @Rule("ARM-001")
    @DisplayName("after it was armed an event fires again, and again")
    void firesAgain() {
        try (Session session = fired()) {
            for (int round = 0; round < 5; round++) {
                session.arm(Zcrx.EVENT_COPY);
                firesAgain(session);
            }
        }
    }

    @Test
    @Rule("ARM-001")
    @DisplayName("so it does however often the refill ring was flushed before it was armed")
    void firesAgainAfterFlushes() {
        try (Session session = fired()) {
            for (int flushes = 0; flushes < 8; flushes++) {
                for (int i = 0; i < flushes; i++) {
                    session.instance().flush().mustBe(0);
                }
                session.arm(Zcrx.EVENT_COPY);
                // Nothing is given back, which would flush.
                session.transfer(1, Memory.PAGE_SIZE);
                session.settle();
                Check.equal("events after arming", 1, session.takeEvents().size());
            }
        }
    }

    @Test
    @Full
    @Rule("ARM-001")
    @DisplayName("thousands of rounds of firing and arming lose no event and double none")
    void manyRounds() {
        try (Session session = fired()) {
            for (int round = 0; round < 2000; round++) {
                session.arm(Zcrx.EVENT_COPY);
                firesAgain(session);
            }
        }
    }

    @Test
    @Rule("ARM-002")
    @DisplayName("arming a type that has not fired is EINVAL")
    void notFired() {
        try (Session session = receiving(Zcrx.EVENT_TYPE_MASK)) {
            session.instance().arm(Zcrx.EVENT_COPY).mustBe(Errno.EINVAL);
            session.instance().arm(Zcrx.EVENT_ALLOC_FAIL).mustBe(Errno.EINVAL);
        }
        try (Session session = fired()) {
            session.instance().arm(Zcrx.EVENT_ALLOC_FAIL).mustBe(Errno.EINVAL);
        }
    }

    @Test
    @Rule("ARM-003")
    @DisplayName("arming twice is EINVAL the second time")
    void twice() {
        try (Session session = fired()) {
            session.arm(Zcrx.EVENT_COPY);
            session.instance().arm(Zcrx.EVENT_COPY).mustBe(Errno.EINVAL);
            firesAgain(session);
        }
    }

    @Test
    @HoldsIn({Dialect.EVENT, Dialect.NOTIF})
    @Rule("ARM-004")
    @DisplayName("a type that does not exist is EINVAL")
    void outOfRange() {
        try (Session session = fired()) {
            Outcome asMask = session.instance().armWith(COPY);
            Evidence.show(
                    "ARM-004",
                    asMask.succeeded() ? Evidence.Side.DOCUMENT : Evidence.Side.KERNELS,
                    "COPY has fired\n" + asMask);
            asMask.mustBe(Errno.EINVAL);
            // 33 is COPY to whoever shifts without looking.
            for (int type :
                    new int[] {3, 31, 32, 33, 1 << 16 | Zcrx.EVENT_COPY, Integer.MAX_VALUE, Integer.MIN_VALUE, -1}) {
                session.instance().armWith(type).mustBe(Errno.EINVAL);
            }
            staysLatched(session);
        }
    }

    @Test
    @HoldsIn(Dialect.SEED)
    @Rule("ARM-011")
    @DisplayName("types are armed by a mask: all of them must have fired, none at all is accepted and arms nothing")
    void byMask() {
        try (Session session = fired()) {
            session.instance().armWith(0).mustBe(0);
            session.instance().armWith(Zcrx.EVENT_TYPE_MASK).mustBe(Errno.EINVAL);
            Check.eachBitBut(
                    Zcrx.EVENT_TYPE_MASK,
                    unknown -> session.instance().armWith(COPY | unknown).mustBe(Errno.EINVAL));
            staysLatched(session);
            session.instance().armWith(COPY).mustBe(0);
            firesAgain(session);
        }
    }

    @Test
    @Rule("ARM-005")
    @DisplayName("each reserved byte of the arm argument must be zero: EINVAL, and the event stays as it was")
    void reserved() {
        try (Session session = fired()) {
            Struct arg = session.instance().armArg(Dialect.spoken().typeCode(Zcrx.EVENT_COPY));
            Check.eachByte(
                    arg,
                    "zc_arm_event.__resv",
                    () -> session.instance().ctrl(arg).mustBe(Errno.EINVAL));
            staysLatched(session);
        }
    }

    @Test
    @Rule("ARM-006")
    @DisplayName("a type that was not subscribed to cannot be armed, though there were copies: EINVAL")
    void notSubscribed() {
        try (Session session = Session.open(Paths.current().copying().events(1 << Zcrx.EVENT_ALLOC_FAIL))) {
            session.startReceiving();
            session.transfer(1, PIECE);
            session.settle();
            session.instance().arm(Zcrx.EVENT_COPY).mustBe(Errno.EINVAL);
        }
    }

    @Test
    @Rule("ARM-007")
    @DisplayName("arming posts nothing by itself: what was copied before does not count")
    void postsNothing() {
        try (Session session = fired()) {
            session.transfer(1, PIECE);
            session.arm(Zcrx.EVENT_COPY);
            session.settle();
            Check.equal("events after arming, with nothing copied since", List.of(), session.takeEvents());
            firesAgain(session);
        }
    }

    @Test
    @Rule("ARM-008")
    @DisplayName("an event can be armed before it was reaped; then two are outstanding")
    void beforeReaping() {
        try (Session session = Session.open(Paths.current().copying().events(COPY))) {
            session.send(PIECE);
            session.awaitArrival();
            session.submitOnly();
            // Latched, and not yet posted.
            session.arm(Zcrx.EVENT_COPY);
            session.send(PIECE);
            session.settle();
            session.receive(2L * PIECE - session.received());
            session.settle();
            Check.equal("number of events", 2, session.takeEvents().size());
        }
    }

    @Test
    @Rule("ARM-009")
    @DisplayName("an event is latched anew by each firing: after two rounds it still fires once")
    void latchedAnew() {
        try (Session session = fired()) {
            session.arm(Zcrx.EVENT_COPY);
            firesAgain(session);
            staysLatched(session);
        }
    }

    @Test
    @RunsOn(Scope.NODEV)
    @Rule("EVT-018")
    @DisplayName("a copy that finds no buffer is no COPY")
    void copyOfNothing() {
        int pages = 4;
        try (Session session = Session.open(Registration.nodev(64, pages).events(COPY))) {
            session.startReceiving();
            session.exhaust(pages, Errno.ENOMEM);
            session.settle();
            session.awaitEvent();
            session.arm(Zcrx.EVENT_COPY);
            session.startReceiving();
            session.mustHaveEnded(Errno.ENOMEM);
            session.settle();
            Check.equal("events of a receive without any buffer", List.of(), session.takeEvents());
            session.instance().arm(Zcrx.EVENT_COPY).mustBe(Errno.EINVAL);
        }
    }
}
