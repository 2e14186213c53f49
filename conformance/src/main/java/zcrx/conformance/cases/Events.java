// SPDX-License-Identifier: MIT
package zcrx.conformance.cases;

import java.util.List;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import zcrx.conformance.Evidence;
import zcrx.conformance.Full;
import zcrx.conformance.Paths;
import zcrx.conformance.Rule;
import zcrx.conformance.RunsOn;
import zcrx.conformance.RunsOn.Scope;
import zcrx.conformance.Subject;
import zcrx.fixtures.abi.Dialect;
import zcrx.fixtures.abi.Zcrx;
import zcrx.fixtures.probe.KernelProbe;
import zcrx.fixtures.ring.Cqe;
import zcrx.fixtures.ring.Ring;
import zcrx.fixtures.ring.Ring.CqeFormat;
import zcrx.fixtures.sys.Errno;
import zcrx.fixtures.sys.Memory;
import zcrx.fixtures.zcrx.Registration;
import zcrx.fixtures.zcrx.Session;

@Subject("fire-once and re-arm")
@RunsOn(Scope.EVERY_PATH)
class Events {
    private static final int COPY = 1 << Zcrx.EVENT_COPY;
    private static final int BOTH = Zcrx.EVENT_TYPE_MASK;
    private static final int PIECE = 2 * Memory.PAGE_SIZE;

    private static Session receiving(Registration registration) {
        return receiving(CqeFormat.CQE32, registration);
    }

    private static Session receiving(CqeFormat format, Registration registration) {
        Session session = Session.open(format, registration);
        session.startReceiving();
        return session;
    }

    @Test
    @Rule("EVT-001")
    @DisplayName("a copied fragment posts a COPY event: user_data of the descriptor, res the type, no flags")
    void copyEvent() {
        int code = (int) Dialect.spoken().typeCode(Zcrx.EVENT_COPY);
        for (CqeFormat format : CqeFormat.values()) {
            try (Session session = receiving(format, Paths.current().copying().events(COPY))) {
                session.transfer(1, PIECE);
                session.settle();
                Cqe event = session.awaitEvent();
                if (event.res() == Zcrx.EVENT_COPY || event.res() == COPY) {
                    Evidence.show(
                            "EVT-001",
                            event.res() == COPY ? Evidence.Side.DOCUMENT : Evidence.Side.KERNELS,
                            "a fragment was copied, then came " + event);
                }
                int bytes = format == CqeFormat.CQE32 ? 32 : 16;
                Check.equal(
                        "event on a ring of " + format,
                        new Cqe(Registration.DEFAULT_USER_DATA, code, 0, bytes, 0, 0),
                        event);
            }
        }
    }

    @Test
    @Rule({"EVT-018", "ARM-001"})
    @DisplayName("the second half of an event on a ring of CQE32 is zero, whatever its slot held before")
    void secondHalf() {
        Check.needs(
                KernelProbe.get().canAddAreas(),
                "kernels before 7.3 leave there what an earlier completion put into it");
        int slots = 16;
        try (Session session =
                Session.open(CqeFormat.CQE32, slots, Paths.current().copying().events(COPY))) {
            session.startReceiving();
            for (int round = 0; round < slots; round++) {
                session.transfer(1, PIECE);
                session.settle();
                Cqe event = session.awaitEvent();
                secondHalfIsZero(event);
                session.giveBackAll();
                session.arm(Zcrx.EVENT_COPY);
            }
        }
    }

    private static void secondHalfIsZero(Cqe event) {
        Check.equal("second half of " + event, List.of(0L, 0L), List.of(event.extra0(), event.extra1()));
    }

    @Test
    @Rule("EVT-001")
    @DisplayName("an event comes whatever the size of what was copied, and when only a part of it could be")
    void anySize() {
        for (int size : new int[] {1, 2, 700, Memory.PAGE_SIZE - 1, Memory.PAGE_SIZE, PIECE, 5 * PIECE + 1}) {
            try (Session session =
                    receiving(Paths.current().copying().events(COPY).stats())) {
                session.transfer(1, size);
                session.settle();
                // What is in the linear part of a packet is neither counted nor told.
                if (size >= PIECE || session.stats().count() > 0) {
                    // How many it may be at most is another rule's.
                    Check.atLeast(
                            "number of events after a piece of " + size,
                            1,
                            session.takeEvents().size());
                }
            }
        }
        int pages = 3;
        try (Session session = receiving(Paths.current().copying(64, pages).events(COPY))) {
            session.exhaust(pages, Errno.ENOMEM);
            session.settle();
            Check.that(
                    session.takeEvents().stream()
                            .anyMatch(event -> event.res() == Dialect.spoken().typeCode(Zcrx.EVENT_COPY)),
                    "no event after a fragment larger than the area was copied as far as there were buffers");
        }
    }

    @Test
    @Rule("EVT-002")
    @DisplayName("user_data comes back with all of its 64 bits")
    void userData() {
        for (long userData : new long[] {0, 1, 1L << 31, 1L << 32, Long.MIN_VALUE, -1, 0x0123_4567_89ab_cdefL}) {
            try (Session session = receiving(Paths.current().copying().events(COPY, userData))) {
                session.transfer(1, PIECE);
                session.settle();
                Check.equal("user_data", userData, session.awaitEvent().userData());
            }
        }
    }

    @Test
    @Rule("EVT-003")
    @DisplayName("an event fires once, however much is copied")
    void firesOnce() {
        try (Session session = receiving(Paths.current().copying().events(COPY))) {
            for (int i = 0; i < 8; i++) {
                session.transfer(2, PIECE);
                session.giveBackAll();
            }
            session.settle();
            Check.equal("number of events", 1, session.takeEvents().size());
        }
    }

    @Test
    @Full
    @RunsOn(Scope.NODEV)
    @Rule("EVT-003")
    @DisplayName("an event fires once in thousands of fragments that are copied")
    void firesOnceForLong() {
        int batch = 16;
        try (Session session =
                receiving(Registration.nodev(256, 64).events(COPY).stats())) {
            while (session.stats().count() < 5000) {
                for (int i = 0; i < batch; i++) {
                    session.send(Memory.PAGE_SIZE);
                }
                session.receive((long) batch * Memory.PAGE_SIZE);
                session.giveBackAll();
            }
            session.settle();
            Check.equal("number of events", 1, session.takeEvents().size());
        }
    }

    @Test
    @Rule("EVT-004")
    @DisplayName("a type that was subscribed to fires, alone or beside another; one that was not never does")
    void subscribed() {
        for (int mask : new int[] {0, 1 << Zcrx.EVENT_ALLOC_FAIL, COPY, Zcrx.EVENT_TYPE_MASK}) {
            try (Session session = receiving(Paths.current().copying().events(mask))) {
                session.transfer(2, PIECE);
                session.settle();
                Check.equal(
                        "number of events with type_mask " + mask,
                        (mask & COPY) == 0 ? 0 : 1,
                        session.takeEvents().size());
            }
        }
    }

    @Test
    @Rule("EVT-005")
    @DisplayName("without a descriptor there are no events")
    void noDescriptor() {
        try (Session session = receiving(Paths.current().copying())) {
            // A completion that belongs to nothing would be a violation as well.
            session.transfer(2, PIECE);
            session.settle();
            Check.equal("completions that bring data", session.log().size(), session.dataCompletions());
        }
    }

    @Test
    @Rule("EVT-006")
    @DisplayName("the data that caused an event is completed before the event")
    void afterTheData() {
        for (CqeFormat format : CqeFormat.values()) {
            // In one fragment, and in several of the 32 KiB that loopback makes at most.
            for (int size : new int[] {PIECE, 20 * Memory.PAGE_SIZE}) {
                try (Session session =
                        Session.open(format, Paths.current().copying().events(COPY))) {
                    // All of it is there when the receive starts, which is so the only one.
                    session.send(size);
                    session.awaitArrival();
                    session.startReceiving();
                    session.receive(size);
                    session.settle();
                    Check.equal("number of events", 1, session.takeEvents().size());
                    Check.that(
                            session.isEvent(session.log().getLast()), "the event came before data: " + session.log());
                }
            }
        }
    }

    @Test
    @Rule("EVT-007")
    @DisplayName("an event is posted when the ring's owner enters the kernel for completions, not before")
    void ownerMustEnter() {
        try (Session session = Session.open(Paths.current().copying().events(COPY))) {
            // The data is there before the receive starts, so that submitting alone copies it.
            session.send(PIECE);
            session.awaitArrival();
            session.submitOnly();
            session.reapWithoutEntering();
            Check.equal("data delivered by submitting", PIECE, session.received());
            Check.equal("events before entering for completions", List.of(), session.takeEvents());
            session.settle();
            Check.equal("events after it", 1, session.takeEvents().size());
        }
    }

    @Test
    @Rule({"EVT-001", "BUF-001"})
    @DisplayName(
            "a small ring of mixed completions goes round many times though a narrow one, the event, is among them")
    void mixedRingGoesRound() {
        try (Session session =
                Session.open(CqeFormat.CQE_MIXED, 8, Paths.current().copying().events(COPY))) {
            session.startReceiving();
            // It is not armed again: from one on, wide ones no longer end where the ring does.
            for (int round = 0; round < 24; round++) {
                session.transfer(1, Memory.PAGE_SIZE);
                session.giveBackAll();
            }
        }
    }

    @Test
    @RunsOn(Scope.NODEV)
    @Rule("EVT-008")
    @DisplayName("without a netdev, running out of buffers ends the receive with ENOMEM and fires no ALLOC_FAIL")
    void noAllocFailWithoutNetdev() {
        int pages = 4;
        try (Session session = receiving(Registration.nodev(64, pages).events(BOTH))) {
            session.exhaust(pages, Errno.ENOMEM);
            session.settle();
            Check.equal(
                    "types of the events but COPY",
                    List.of(),
                    session.takeEvents().stream()
                            .map(Cqe::res)
                            .filter(type -> type != Dialect.spoken().typeCode(Zcrx.EVENT_COPY))
                            .toList());
        }
    }

    @Test
    @RunsOn(Scope.NODEV)
    @Rule("EVT-009")
    @DisplayName("each unknown bit of type_mask is EINVAL")
    void unknownTypes() {
        refused("type_mask", KernelProbe.get().eventTypes());
    }

    @Test
    @RunsOn(Scope.NODEV)
    @Rule("EVT-010")
    @DisplayName("each unknown bit of the descriptor's flags is EINVAL")
    void unknownFlags() {
        refused("flags", KernelProbe.get().descriptorFlags());
    }

    private static void refused(String field, long known) {
        try (var registration = Registration.nodev().events(COPY).stats();
                Ring ring = Ring.open(CqeFormat.CQE32)) {
            long right = registration.event().get(field);
            Check.eachBitBut(known, unknown -> {
                registration.event().set(field, right | unknown);
                registration.submit(ring).mustBe(Errno.EINVAL);
            });
            registration.event().set(field, right);
            registration.submit(ring).mustBe(0);
        }
    }

    @Test
    @RunsOn(Scope.NODEV)
    @Rule("EVT-011")
    @DisplayName("each reserved byte of the descriptor must be zero: EINVAL")
    void reserved() {
        try (var registration = Registration.nodev().events(COPY).stats();
                Ring ring = Ring.open(CqeFormat.CQE32)) {
            Check.eachByte(
                    registration.event(),
                    "__resv2",
                    () -> registration.submit(ring).mustBe(Errno.EINVAL));
            registration.submit(ring).mustBe(0);
        }
    }

    @Test
    @RunsOn(Scope.NODEV)
    @Rule("EVT-012")
    @DisplayName("a descriptor that cannot be read is EFAULT")
    void badPointer() {
        try (var registration = Registration.nodev();
                Ring ring = Ring.open(CqeFormat.CQE32);
                Memory room = Memory.anonymous(Memory.PAGE_SIZE)) {
            for (long bad : new long[] {8, room.address() - Memory.PAGE_SIZE, room.address() + room.size() - 88}) {
                registration.reg().set("event_desc", bad);
                registration.submit(ring).mustBe(Errno.EFAULT);
            }
            // Only read from: a page that can't be written is good enough.
            room.readOnly();
            registration.reg().set("event_desc", room.address());
            registration.submit(ring).mustBe(0);
        }
    }

    @Test
    @Rule({"EVT-014", "EVT-018"})
    @DisplayName("an event that finds the completion ring full comes after a flush: not lost, not doubled")
    void fullCompletionRing() {
        for (CqeFormat format : CqeFormat.values()) {
            // Of 16 bytes each in a mixed ring, where data takes two.
            int slots = format == CqeFormat.CQE32 ? 4 : 8;
            int pages = 16;
            try (Session session = Session.open(
                    format, slots, Paths.current().copying(64, pages).events(COPY))) {
                session.startReceiving();
                // Enters once and reaps nothing, so that the event finds the ring full of data.
                session.send(2 * slots * Memory.PAGE_SIZE);
                session.awaitArrival();
                session.ring().runTaskWork();
                Check.that(session.ring().overflown(), "nothing overflowed a ring of " + slots + " slots, " + format);
                session.settle();
                session.receiveAll();
                List<Cqe> events = session.takeEvents();
                Check.equal("number of events, " + format, 1, events.size());
                if (KernelProbe.get().canAddAreas()) {
                    secondHalfIsZero(events.getFirst());
                }
                Check.equal(
                        "completions that the kernel dropped", 0, session.ring().dropped());
                session.receiveRest();
                session.settle();
                Check.equal("events of the rest", List.of(), session.takeEvents());
            }
        }
    }

    @Test
    @Full
    @RunsOn(Scope.NODEV)
    @Rule("EVT-002")
    @DisplayName("user_data comes back for each single bit, set or not")
    void userDataBits() {
        for (int bit = 0; bit < Long.SIZE; bit++) {
            for (long userData : new long[] {1L << bit, ~(1L << bit)}) {
                try (Session session = receiving(Registration.nodev(64, 8).events(COPY, userData))) {
                    session.transfer(1, PIECE);
                    session.settle();
                    Check.equal("user_data", userData, session.awaitEvent().userData());
                }
            }
        }
    }
}
