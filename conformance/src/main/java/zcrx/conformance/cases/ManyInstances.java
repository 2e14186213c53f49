// SPDX-License-Identifier: MIT
package zcrx.conformance.cases;

import java.util.List;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import zcrx.conformance.Paths;
import zcrx.conformance.Rule;
import zcrx.conformance.RunsOn;
import zcrx.conformance.RunsOn.Scope;
import zcrx.conformance.Subject;
import zcrx.fixtures.abi.Zcrx;
import zcrx.fixtures.ring.Ring.CqeFormat;
import zcrx.fixtures.sys.Errno;
import zcrx.fixtures.sys.Memory;
import zcrx.fixtures.zcrx.Registration;
import zcrx.fixtures.zcrx.Session;

/** Instances that share a ring. */
@Subject("fire-once and re-arm")
@RunsOn(Scope.EVERY_PATH)
class ManyInstances {
    private static final int COPY = 1 << Zcrx.EVENT_COPY;
    private static final int BOTH = Zcrx.EVENT_TYPE_MASK;
    private static final int PIECE = 2 * Memory.PAGE_SIZE;
    /** The user_data of the second. */
    private static final long OTHER = 0x07e4;

    @Test
    @Rule({"EVT-014", "EVT-015"})
    @DisplayName("events of several instances that find the completion ring full all come after a flush, once each")
    void severalInFullCompletionRing() {
        int slots = 4;
        try (Session session = Session.open(
                        CqeFormat.CQE32, slots, Paths.current().copying(64, 16).events(COPY));
                Session second = session.beside(Registration.nodev(64, 16).events(COPY, OTHER))) {
            List<Session> all = List.of(session, second);
            for (int round = 0; round < 3; round++) {
                // What is delivered of both just fills the ring, so that neither event has room.
                for (Session one : all) {
                    one.send(slots / 2 * Memory.PAGE_SIZE);
                    one.awaitArrival();
                }
                for (Session one : all) {
                    if (round == 0 || one.terminal() != null) {
                        one.startReceiving();
                    }
                }
                session.ring().runTaskWork();
                Check.that(session.ring().overflown(), "nothing overflowed a completion ring of " + slots + " slots");
                all.forEach(Session::receiveRest);
                session.settle();
                for (Session one : all) {
                    Check.equal("events in round " + round, 1, one.takeEvents().size());
                    one.arm(Zcrx.EVENT_COPY);
                }
            }
            Check.equal("completions that the kernel dropped", 0, session.ring().dropped());
        }
    }

    @Test
    @Rule("EVT-015")
    @DisplayName("instances on one ring don't mix their events: each has its own mask, user_data and latch")
    void instancesDontMix() {
        for (CqeFormat format : CqeFormat.values()) {
            try (Session session =
                            Session.open(format, Paths.current().copying().events(COPY));
                    Session second = session.beside(Registration.nodev(64, 16).events(BOTH, OTHER));
                    Session quiet = session.beside(
                            Registration.nodev(64, 16).events(0, OTHER + 1).stats())) {
                session.startReceiving();
                second.startReceiving();
                quiet.startReceiving();
                quiet.transfer(1, PIECE);
                events(session, 0, second, 0);
                session.transfer(2, PIECE);
                events(session, 1, second, 0);
                second.instance().arm(Zcrx.EVENT_COPY).mustBe(Errno.EINVAL);
                second.transfer(1, PIECE);
                events(session, 0, second, 1);
                session.arm(Zcrx.EVENT_COPY);
                second.transfer(1, PIECE);
                events(session, 0, second, 0);
                session.transfer(1, PIECE);
                events(session, 1, second, 0);
                second.arm(Zcrx.EVENT_COPY);
                second.transfer(1, PIECE);
                events(session, 0, second, 1);
                Check.equal("events without a type", List.of(), quiet.takeEvents());
                Check.equal("copy_bytes of the third", PIECE, quiet.stats().bytes());
            }
        }
    }

    private static void events(Session one, int ofOne, Session other, int ofOther) {
        one.settle();
        Check.equal("number of events of the first", ofOne, one.takeEvents().size());
        Check.equal(
                "number of events of the second", ofOther, other.takeEvents().size());
    }
}
