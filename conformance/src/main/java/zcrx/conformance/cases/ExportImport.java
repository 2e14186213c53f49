// SPDX-License-Identifier: MIT
package zcrx.conformance.cases;

import java.lang.foreign.ValueLayout;
import java.util.ArrayDeque;
import java.util.EnumSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.function.Function;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import zcrx.conformance.Full;
import zcrx.conformance.Rule;
import zcrx.conformance.Subject;
import zcrx.fixtures.abi.Dialect;
import zcrx.fixtures.abi.IoUring;
import zcrx.fixtures.abi.Struct;
import zcrx.fixtures.abi.Zcrx;
import zcrx.fixtures.ring.Cqe;
import zcrx.fixtures.ring.Ring;
import zcrx.fixtures.ring.Ring.CqeFormat;
import zcrx.fixtures.sys.Errno;
import zcrx.fixtures.sys.Limit;
import zcrx.fixtures.sys.Memory;
import zcrx.fixtures.sys.Syscall;
import zcrx.fixtures.zcrx.Exported;
import zcrx.fixtures.zcrx.Instance;
import zcrx.fixtures.zcrx.OwnProcess;
import zcrx.fixtures.zcrx.Registration;
import zcrx.fixtures.zcrx.Session;

@Subject("export and import")
class ExportImport {
    private static final int COPY = 1 << Zcrx.EVENT_COPY;
    private static final int F_DUPFD_CLOEXEC = 1030;
    private static final int PIECE = 2 * Memory.PAGE_SIZE;

    private static Session creator() {
        return creator(CqeFormat.CQE32);
    }

    private static Session creator(CqeFormat format) {
        return Session.open(format, Registration.nodev().events(COPY).stats());
    }

    static Session imported(Session creator, Exported exported, Ring ring) {
        return creator.importedBy(ring, exported.importOn(ring));
    }

    @Test
    @Rule("IMP-001")
    @DisplayName("an exported instance can be imported by another ring, which learns its own id and the offsets")
    void importWorks() {
        try (Session session = Session.open(Registration.nodev());
                Exported exported = Exported.of(session.instance());
                Ring other = Ring.open(CqeFormat.CQE_MIXED)) {
            for (int id = 0; id < 3; id++) {
                Struct reg = exported.reg();
                Exported.importOn(other, reg).mustBe(0);
                Check.equal("zcrx_id", id, reg.get("zcrx_id"));
                for (String field : new String[] {"offsets.head", "offsets.tail", "offsets.rqes"}) {
                    Check.equal(field, session.registration().reg().get(field), reg.get(field));
                }
            }
        }
    }

    /** Fields that an import must leave zero, which each make it EINVAL. */
    private static final List<String> FOREIGN =
            List.of("if_rxq", "rq_entries", "area_ptr", "region_ptr", "event_desc", "zcrx_id", "__resv");

    @Test
    @Rule({"IMP-002", "REG-003", "REG-004", "REG-005"})
    @DisplayName("an import that gives a queue, entries, an area, a region, an event descriptor or an id is EINVAL")
    void importOfAllElse() {
        try (Session session = Session.open(Registration.nodev());
                Exported exported = Exported.of(session.instance());
                Ring other = Ring.open(CqeFormat.CQE32)) {
            Struct reg = exported.reg();
            for (String field : FOREIGN) {
                Check.eachByte(reg, field, () -> Exported.importOn(other, reg).mustBe(Errno.EINVAL));
            }
            Check.eachBitBut(
                    Zcrx.REG_IMPORT,
                    flag -> Exported.importOn(other, reg.set("flags", Zcrx.REG_IMPORT | flag))
                            .mustBe(Errno.EINVAL));
            Check.equal("zcrx_id after refusals", 0, exported.importOn(other));
        }
    }

    @Test
    @Rule("IMP-001")
    @DisplayName("the descriptor that an export tells may have more than 8 bits")
    void largeDescriptor() {
        var taken = new ArrayDeque<Integer>();
        try (Session session = creator();
                Ring other = Ring.open(CqeFormat.CQE32)) {
            do {
                taken.push((int) Syscall.FCNTL.must(other.fd(), F_DUPFD_CLOEXEC));
            } while (taken.getFirst() < 256);
            try (Exported exported = Exported.of(session.instance())) {
                Exported.importOn(other, exported.reg()).mustBe(0);
            }
        } finally {
            taken.forEach(Syscall.CLOSE::must);
        }
    }

    @Test
    @Rule("IMP-001")
    @DisplayName("the descriptor to import from may have any number, 0 too")
    void descriptorZero() {
        try (Session session = creator();
                Exported exported = Exported.of(session.instance());
                Ring other = Ring.open(CqeFormat.CQE32)) {
            int standardInput = (int) Syscall.FCNTL.must(0, F_DUPFD_CLOEXEC);
            Syscall.DUP2.must(exported.fd(), 0);
            try {
                Exported.importOn(other, exported.reg().set("if_idx", 0)).mustBe(0);
            } finally {
                Syscall.DUP2.must(standardInput, 0);
                Syscall.CLOSE.must(standardInput);
            }
        }
    }

    @Test
    @Rule({"IMP-003", "IMP-002"})
    @DisplayName("importing what is no exported instance is EBADF")
    void notAnInstance() {
        try (Session session = Session.open(Registration.nodev());
                Exported exported = Exported.of(session.instance());
                Ring other = Ring.open(CqeFormat.CQE32)) {
            for (int fd :
                    new int[] {-1, 1 << 20, session.ring().fd(), session.tcp().receiver()}) {
                Exported.importOn(other, exported.reg().set("if_idx", fd)).mustBe(Errno.EBADF);
                // What is wrong with the struct is said first.
                for (String field : FOREIGN) {
                    String first = field.equals("__resv") ? "__resv[0]" : field;
                    Exported.importOn(other, exported.reg().set("if_idx", fd).set(first, 1))
                            .mustBe(Errno.EINVAL);
                }
            }
            Check.equal("zcrx_id after refusals", 0, exported.importOn(other));
        }
    }

    @Test
    @Rule("IMP-004")
    @DisplayName("each byte of the export argument must be zero: EINVAL")
    void exportReserved() {
        try (Session session = Session.open(Registration.nodev())) {
            Instance instance = session.instance();
            Struct arg = instance.ctrlArg(Zcrx.CTRL_FOR_EXPORT, Zcrx.CTRL_EXPORT);
            Check.eachByte(arg, "zc_export", () -> instance.ctrl(arg).mustBe(Errno.EINVAL));
        }
    }

    @Test
    @Rule({"IMP-005", "IMP-010", "REG-027"})
    @DisplayName(
            "an export whose argument cannot be written is EFAULT, and leaves no file descriptor, which would keep the instance")
    void exportToReadOnly() {
        long pinned = Pinned.settled();
        try (Memory memory = Memory.anonymous(Memory.PAGE_SIZE);
                Session session = creator()) {
            Struct arg = Struct.at(Zcrx.CTRL_FOR_EXPORT, memory.segment())
                    .set("zcrx_id", session.instance().id())
                    .set("op", Zcrx.CTRL_EXPORT);
            memory.readOnly();
            int before = OwnProcess.lowestFreeDescriptor();
            for (int i = 0; i < 3; i++) {
                session.instance().ctrl(arg).mustBe(Errno.EFAULT);
            }
            Check.equal("lowest free file descriptor", before, OwnProcess.lowestFreeDescriptor());
            eventsAlive(session, "exports that failed");
        }
        Pinned.awaitBack(pinned);
    }

    @Test
    @Rule("IMP-012")
    @DisplayName("an export for which there is no file descriptor is EMFILE, and leaves the instance as it was")
    void noFreeDescriptor() {
        long pinned = Pinned.settled();
        try (Session session = creator()) {
            try (Limit _ = Limit.set(Limit.NOFILE, OwnProcess.lowestFreeDescriptor())) {
                Struct arg = session.instance().ctrlArg(Zcrx.CTRL_FOR_EXPORT, Zcrx.CTRL_EXPORT);
                for (int i = 0; i < 3; i++) {
                    session.instance().ctrl(arg).mustBe(Errno.EMFILE);
                }
            }
            eventsAlive(session, "exports that failed");
        }
        Pinned.awaitBack(pinned);
    }

    @Test
    @Rule({"IMP-006", "BUF-001"})
    @DisplayName("an importer receives into the shared area; the event goes to the creator, the counters are shared")
    void importerReceives() {
        for (CqeFormat format : CqeFormat.values()) {
            for (CqeFormat importers : CqeFormat.values()) {
                importerReceives(format, importers);
            }
        }
    }

    private static void importerReceives(CqeFormat format, CqeFormat importers) {
        try (Session session = creator(format);
                Exported exported = Exported.of(session.instance());
                Ring other = Ring.open(importers);
                Session importer = imported(session, exported, other)) {
            importer.startReceiving();
            importer.transfer(2, PIECE);
            importer.settle();
            Check.equal("copy_bytes", 2L * PIECE, session.stats().bytes());
            Check.equal("events on the importing ring", 0, importer.takeEvents().size());
            session.settle();
            Cqe event = session.awaitEvent();
            Check.equal(
                    "type of the event on the creator's ring", Dialect.spoken().typeCode(Zcrx.EVENT_COPY), event.res());
            // The latch is shared: the importer may arm it.
            importer.arm(Zcrx.EVENT_COPY);
            session.instance().arm(Zcrx.EVENT_COPY).mustBe(Errno.EINVAL);
            importer.transfer(1, PIECE);
            importer.settle();
            session.settle();
            Check.equal(
                    "events after the importer armed", 1, session.takeEvents().size());
            // So is the refill ring: what one was given, the other gives back.
            int used = importer.held();
            importer.takeHeld().forEach(session.instance()::giveBack);
            importer.instance().flush().mustBe(0);
            Check.equal("head", used, session.instance().refill().head());
        }
    }

    /** Data still brings the event to the creator's ring, whatever was tried and refused before. */
    private static void eventsAlive(Session session, String after) {
        session.startReceiving();
        session.transfer(1, PIECE);
        session.settle();
        Check.equal("events after " + after, 1, session.takeEvents().size());
    }

    @Test
    @Rule("IMP-007")
    @DisplayName("an import that fails takes no id and leaves the creator's events alive, for each error, on any ring")
    void failedImport() {
        List<Function<Exported, Struct>> wrong = List.of(
                exported -> exported.reg().set("event_desc", 8),
                exported -> exported.reg().set("flags", Zcrx.REG_IMPORT | Zcrx.REG_NODEV),
                exported -> exported.reg().set("if_idx", -1),
                exported -> {
                    Struct reg = exported.reg();
                    exported.memory().readOnly();
                    return reg;
                });
        for (boolean own : new boolean[] {true, false}) {
            try (Session session = creator();
                    Ring other = Ring.open(CqeFormat.CQE32)) {
                for (var one : wrong) {
                    try (Exported exported = Exported.of(session.instance())) {
                        var outcome = Exported.importOn(own ? session.ring() : other, one.apply(exported));
                        Check.that(!outcome.succeeded(), outcome + ", expected an error");
                    }
                }
                try (Exported exported = Exported.of(session.instance())) {
                    Check.equal(
                            "zcrx_id of an import after those that failed",
                            own ? session.instance().id() + 1L : 0,
                            exported.importOn(own ? session.ring() : other));
                }
                eventsAlive(session, "imports that failed");
            }
        }
    }

    @Test
    @Rule({"IMP-015", "IMP-006"})
    @DisplayName(
            "rings that import, receive, export on and close leave the counters, the latch, the events and the held buffers")
    void othersComeAndGo() {
        Pinned.settled();
        int pages = 16;
        try (Session session =
                Session.open(Registration.nodev(64, pages).events(COPY).stats())) {
            session.startReceiving();
            // What is held was given back once before: to who began anew with the refill ring it would be free.
            session.transfer(2, PIECE);
            session.giveBackAll();
            session.transfer(2, PIECE);
            session.settle();
            session.awaitEvent();
            Kept kept = Kept.of(session);
            long counted = session.stats().bytes();
            long pinned = OwnProcess.pinnedKib();
            // Each of the others has an instance of its own as well, whose pages tell when the ring has ended.
            try (Exported exported = Exported.of(session.instance());
                    Session second = Session.open(Registration.nodev());
                    Session importer = imported(session, exported, second.ring());
                    Exported again = Exported.of(importer.instance());
                    Session third = Session.open(Registration.nodev());
                    Session last = imported(importer, again, third.ring())) {
                Check.equal("copy_bytes after imports", counted, session.stats().bytes());
                last.startReceiving();
                last.transfer(1, PIECE);
                last.giveBackAll();
            }
            Check.eventually("the rings of the importers have not ended", () -> OwnProcess.pinnedKib() <= pinned);
            Check.equal(
                    "copy_bytes after all of that",
                    counted + PIECE,
                    session.stats().bytes());
            session.transfer(1, PIECE);
            session.settle();
            Check.equal("events while latched", 0, session.takeEvents().size());
            session.giveBackAll();
            session.arm(Zcrx.EVENT_COPY);
            kept.leavesTheRest(pages);
            Check.equal("events after arming", 1, session.takeEvents().size());
        }
    }

    @Test
    @Rule({"BUF-016", "IMP-001"})
    @DisplayName("a region of the kernel's own can be mapped by who exported the instance and by who imported it")
    void kernelAllocatedRegion() {
        try (var registration = Registration.nodev(64, 8).events(COPY).kernelsRegion();
                Ring ring = Ring.open(CqeFormat.CQE32);
                Ring other = Ring.open(CqeFormat.CQE32)) {
            try (Instance instance = Instance.register(ring, registration);
                    Exported exported = Exported.of(instance)) {
                exported.importOn(other);
                long tail = registration.reg().get("offsets.tail");
                // It is the first instance of either ring.
                try (Memory own = Buffers.map(ring, registration);
                        Memory importers = Buffers.map(other, registration)) {
                    own.segment().set(ValueLayout.JAVA_INT, tail, 7);
                    Check.equal(
                            "tail as the importer sees it",
                            7,
                            importers.segment().get(ValueLayout.JAVA_INT, tail));
                }
            }
        }
    }

    @Test
    @Rule({"EVT-014", "ARM-008"})
    @DisplayName("two events of one instance that both find the completion ring full both come after a flush")
    void twoInFullRing() {
        for (CqeFormat format : CqeFormat.values()) {
            // Of 16 bytes each in a mixed ring, where data takes two.
            int slots = format == CqeFormat.CQE32 ? 4 : 8;
            try (Session session = Session.open(
                            format, slots, Registration.nodev(64, 16).events(COPY));
                    Exported exported = Exported.of(session.instance());
                    Ring other = Ring.open(CqeFormat.CQE32);
                    Session importer = imported(session, exported, other)) {
                // What is delivered just fills the ring, so that the event has no room.
                session.send(4 * Memory.PAGE_SIZE);
                session.awaitArrival();
                session.startReceiving();
                session.ring().runTaskWork();
                Check.that(session.ring().overflown(), "nothing overflowed a ring of " + slots + " slots, " + format);
                session.arm(Zcrx.EVENT_COPY);
                importer.startReceiving();
                importer.transfer(1, PIECE);
                session.ring().runTaskWork();
                session.settle();
                Check.equal(
                        "number of events, " + format, 2, session.takeEvents().size());
            }
        }
    }

    @Test
    @Rule({"IMP-008", "IMP-015"})
    @DisplayName("when the creator's ring is gone importers go on with the refill ring where they were")
    void refillRingOfCreatorGone() {
        Pinned.settled();
        int pages = 16;
        try (Ring other = Ring.open(CqeFormat.CQE32);
                // With events the kernel has to let go of the ring that gets them.
                Session session = Session.open(Registration.nodev(64, pages).events(COPY));
                Exported exported = Exported.of(session.instance())) {
            long pinned = OwnProcess.pinnedKib();
            // Its pages tell when the ring that they are registered with has ended.
            try (Session witness = session.beside(Registration.nodev(64, 64));
                    Session importer = imported(session, exported, other)) {
                importer.startReceiving();
                // The same buffers twice: to who began anew with the refill ring they would be free.
                importer.transfer(2, PIECE);
                importer.giveBackAll();
                importer.transfer(2, PIECE);
                Kept kept = Kept.of(importer);
                witness.ring().close();
                Check.eventually("the creator's ring has not ended", () -> OwnProcess.pinnedKib() <= pinned);
                importer.instance().flush().mustBe(0);
                kept.leavesTheRest(pages);
            }
        }
    }

    @Test
    @Rule("IMP-008")
    @DisplayName("an instance outlives its creator's ring while another has it: data and counters go on, events end")
    void creatorGone() {
        try (Ring other = Ring.open(CqeFormat.CQE32);
                Session session = creator();
                Exported exported = Exported.of(session.instance());
                Session importer = imported(session, exported, other)) {
            session.ring().close();
            importer.startReceiving();
            // The ring's end is worked off later, by a kernel thread; until then events fire and can be armed.
            Check.eventually("events still fire though the creator's ring was closed", Errno.EINVAL.result(), () -> {
                importer.transfer(1, PIECE);
                importer.giveBackAll();
                return importer.instance().arm(Zcrx.EVENT_COPY);
            });
            importer.transfer(2, PIECE);
            importer.settle();
            Check.equal("copy_bytes", importer::received, () -> session.stats().bytes());
            Check.equal("events", 0, importer.takeEvents().size());
            importer.instance().arm(Zcrx.EVENT_COPY).mustBe(Errno.EINVAL);
        }
    }

    @Test
    @Rule("IMP-009")
    @DisplayName("importing needs the same flags of the ring as registering does: EINVAL")
    void ringFlags() {
        try (Session session = Session.open(Registration.nodev());
                Exported exported = Exported.of(session.instance());
                Ring plain = Ring.withFlags(IoUring.SETUP_CQE32);
                Ring narrow = Ring.withFlags(Ring.REQUIRED_FLAGS)) {
            Exported.importOn(plain, exported.reg()).mustBe(Errno.EINVAL);
            Exported.importOn(narrow, exported.reg()).mustBe(Errno.EINVAL);
        }
    }

    /** What can be closed, in any order. */
    private enum Holder {
        CREATOR,
        DESCRIPTOR,
        IMPORTER
    }

    @Test
    @Rule("IMP-010")
    @DisplayName("an exported instance lives as long as its descriptor, and no longer")
    void descriptorAlone() {
        long pinned = Pinned.settled();
        try (Session session = creator()) {
            try (Exported _ = Exported.of(session.instance())) {
                session.ring().close();
                Check.atLeast(
                        "VmPin in kB while a descriptor of the instance is open", pinned + 1, OwnProcess.pinnedKib());
            }
            Pinned.awaitBack(pinned);
        }
    }

    @Test
    @Full
    @Rule({"IMP-010", "REG-027"})
    @DisplayName(
            "creator, descriptor and importer may be closed in every order: who is left works, the last one ends it")
    void everyOrder() {
        long pinned = Pinned.settled();
        for (Holder first : Holder.values()) {
            for (Holder second : Holder.values()) {
                if (first != second) {
                    closing(first, second);
                    Pinned.awaitBack(pinned);
                }
            }
        }
    }

    private static void closing(Holder first, Holder second) {
        try (Ring other = Ring.open(CqeFormat.CQE32);
                Session session = creator();
                Exported exported = Exported.of(session.instance());
                Session importer = imported(session, exported, other)) {
            session.startReceiving();
            importer.startReceiving();
            session.transfer(1, PIECE);
            importer.transfer(1, PIECE);
            Map<Holder, Runnable> closing = Map.of(
                    Holder.CREATOR, session.ring()::close,
                    Holder.DESCRIPTOR, exported::close,
                    Holder.IMPORTER, other::close);
            var left = EnumSet.allOf(Holder.class);
            for (Holder holder : List.of(first, second)) {
                left.remove(holder);
                Objects.requireNonNull(closing.get(holder)).run();
                if (left.contains(Holder.CREATOR)) {
                    session.transfer(1, PIECE);
                    session.giveBackAll();
                }
                if (left.contains(Holder.IMPORTER)) {
                    importer.transfer(1, PIECE);
                    importer.giveBackAll();
                }
            }
            if (left.contains(Holder.DESCRIPTOR)) {
                // Nobody uses the instance, and yet it is there.
                try (Ring late = Ring.open(CqeFormat.CQE_MIXED);
                        Session third = imported(session, exported, late)) {
                    third.startReceiving();
                    third.transfer(1, PIECE);
                }
            }
        }
    }

    @Test
    @Rule("IMP-013")
    @DisplayName("a ring may import its own instance: it is there under two numbers, and goes on under the first")
    void importedByItself() {
        try (Session session = creator();
                Exported exported = Exported.of(session.instance())) {
            Check.equal("zcrx_id", 1, exported.importOn(session.ring()));
            session.startReceiving();
            session.transfer(1, PIECE);
            session.settle();
            session.awaitEvent();
            Instance twin = session.instance().importedAs(session.ring(), 1);
            twin.arm(Zcrx.EVENT_COPY).mustBe(0);
            session.instance().arm(Zcrx.EVENT_COPY).mustBe(Errno.EINVAL);
            twin.close();
        }
    }

    @Test
    @Rule("IMP-014")
    @DisplayName("an exported descriptor is closed by exec")
    void closedByExec() {
        try (Session session = Session.open(Registration.nodev());
                Exported exported = Exported.of(session.instance())) {
            Check.equal("flags of the descriptor", OwnProcess.FD_CLOEXEC, OwnProcess.descriptorFlags(exported.fd()));
        }
    }
}
