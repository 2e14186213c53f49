// SPDX-License-Identifier: MIT
package zcrx.conformance.cases;

import java.lang.foreign.ValueLayout;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import zcrx.conformance.Rule;
import zcrx.conformance.Subject;
import zcrx.fixtures.abi.IoUring;
import zcrx.fixtures.abi.Struct;
import zcrx.fixtures.abi.StructType.Field;
import zcrx.fixtures.abi.Zcrx;
import zcrx.fixtures.ring.Cqe;
import zcrx.fixtures.ring.Outcome;
import zcrx.fixtures.ring.Ring;
import zcrx.fixtures.ring.Ring.CqeFormat;
import zcrx.fixtures.sys.Errno;
import zcrx.fixtures.sys.Memory;
import zcrx.fixtures.sys.Syscall;
import zcrx.fixtures.zcrx.Instance;
import zcrx.fixtures.zcrx.Registration;
import zcrx.fixtures.zcrx.Session;

@Subject("export and import")
class ExportImport {
    private static final int COPY = 1 << Zcrx.EVENT_COPY;
    private static final int PIECE = 2 * Memory.PAGE_SIZE;

    /** A file descriptor for the instance, to be closed by the caller. */
    private static int export(Instance instance) {
        Struct arg = instance.ctrlArg(Zcrx.CTRL_FOR_EXPORT, Zcrx.CTRL_EXPORT);
        instance.ctrl(arg).mustBe(0);
        return (int) arg.get("zc_export.zcrx_fd");
    }

    /** struct io_uring_zcrx_ifq_reg for an import. */
    private static Struct importing(Memory memory, int fd) {
        return Struct.at(Zcrx.IFQ_REG, memory.segment())
                .clear()
                .set("flags", Zcrx.REG_IMPORT)
                .set("if_idx", fd);
    }

    private static Outcome submit(Ring ring, Struct reg) {
        return ring.register("ZCRX_IFQ", IoUring.REGISTER_ZCRX_IFQ, reg.address(), 1, reg);
    }

    @Test
    @Rule("IMP-001")
    @DisplayName("an exported instance can be imported by another ring, which learns its own id and the offsets")
    void importWorks() {
        try (Memory memory = Memory.anonymous(Memory.PAGE_SIZE);
                Session session = Session.open(Registration.nodev());
                Ring other = Ring.open(CqeFormat.CQE_MIXED)) {
            int fd = export(session.instance());
            Struct reg = importing(memory, fd);
            submit(other, reg).mustBe(0);
            Check.equal("zcrx_id", 0, reg.get("zcrx_id"));
            for (String field : new String[] {"offsets.head", "offsets.tail", "offsets.rqes"}) {
                Check.equal(field, session.registration().reg().get(field), reg.get(field));
            }
            Syscall.CLOSE.must(fd);
        }
    }

    @Test
    @Rule("IMP-002")
    @DisplayName("an import that gives a queue, entries, an area, a region or an event descriptor is EINVAL")
    void importOfAllElse() {
        try (Memory memory = Memory.anonymous(Memory.PAGE_SIZE);
                Session session = Session.open(Registration.nodev());
                Ring other = Ring.open(CqeFormat.CQE32)) {
            int fd = export(session.instance());
            for (String field : new String[] {"if_rxq", "rq_entries", "area_ptr", "region_ptr", "event_desc"}) {
                submit(other, importing(memory, fd).set(field, 1)).mustBe(Errno.EINVAL);
            }
            submit(other, importing(memory, fd).set("flags", Zcrx.REG_IMPORT | Zcrx.REG_NODEV))
                    .mustBe(Errno.EINVAL);
            submit(other, importing(memory, fd)).mustBe(0);
            Syscall.CLOSE.must(fd);
        }
    }

    @Test
    @Rule("IMP-003")
    @DisplayName("importing what is no exported instance is EBADF")
    void notAnInstance() {
        try (Memory memory = Memory.anonymous(Memory.PAGE_SIZE);
                Session session = Session.open(Registration.nodev());
                Ring other = Ring.open(CqeFormat.CQE32)) {
            for (int fd :
                    new int[] {-1, 1 << 20, session.ring().fd(), session.tcp().receiver()}) {
                submit(other, importing(memory, fd)).mustBe(Errno.EBADF);
            }
        }
    }

    @Test
    @Rule("IMP-004")
    @DisplayName("each byte of the export argument must be zero: EINVAL")
    void exportReserved() {
        try (Session session = Session.open(Registration.nodev())) {
            Instance instance = session.instance();
            for (Field field : Zcrx.CTRL_FOR_EXPORT.fields()) {
                if (field.name().startsWith("zc_export")) {
                    for (long i = field.offset(); i < field.offset() + field.size(); i++) {
                        Struct arg = instance.ctrlArg(Zcrx.CTRL_FOR_EXPORT, Zcrx.CTRL_EXPORT);
                        arg.memory().set(ValueLayout.JAVA_BYTE, i, (byte) 1);
                        instance.ctrl(arg).mustBe(Errno.EINVAL);
                    }
                }
            }
        }
    }

    @Test
    @Rule("IMP-005")
    @DisplayName("an export whose argument cannot be written is EFAULT, and leaves no file descriptor")
    void exportToReadOnly() {
        try (Memory memory = Memory.anonymous(Memory.PAGE_SIZE);
                Session session = Session.open(Registration.nodev())) {
            Struct arg = Struct.at(Zcrx.CTRL_FOR_EXPORT, memory.segment())
                    .set("zcrx_id", session.instance().id())
                    .set("op", Zcrx.CTRL_EXPORT);
            memory.readOnly();
            int before = lowestFreeDescriptor();
            for (int i = 0; i < 3; i++) {
                session.instance().ctrl(arg).mustBe(Errno.EFAULT);
            }
            Check.equal("lowest free file descriptor", before, lowestFreeDescriptor());
        }
    }

    private static int lowestFreeDescriptor() {
        final int anyFamily = 2;
        final int datagram = 2;
        int fd = (int) Syscall.SOCKET.must(anyFamily, datagram, 0);
        Syscall.CLOSE.must(fd);
        return fd;
    }

    @Test
    @Rule("IMP-006")
    @DisplayName("an importer receives into the shared area; the event goes to the creator, the counters are shared")
    void importerReceives() {
        try (Memory memory = Memory.anonymous(Memory.PAGE_SIZE);
                Session session = Session.open(Registration.nodev().events(COPY).stats());
                Ring other = Ring.open(CqeFormat.CQE32)) {
            int fd = export(session.instance());
            Struct reg = importing(memory, fd);
            submit(other, reg).mustBe(0);
            try (Session importer = session.importedBy(other, (int) reg.get("zcrx_id"))) {
                importer.startReceiving();
                importer.transfer(2, PIECE);
                importer.settle();
                Check.equal("copy_bytes", 2L * PIECE, session.stats().bytes());
                Check.equal(
                        "events on the importing ring", 0, importer.takeEvents().size());
                session.settle();
                Cqe event = session.awaitEvent();
                Check.equal("type of the event on the creator's ring", Zcrx.EVENT_COPY, event.res());
                // The latch is shared: the importer may arm it.
                importer.arm(Zcrx.EVENT_COPY);
                session.instance().arm(Zcrx.EVENT_COPY).mustBe(Errno.EINVAL);
                importer.transfer(1, PIECE);
                importer.settle();
                session.settle();
                Check.equal(
                        "events after the importer armed",
                        1,
                        session.takeEvents().size());
            }
            Syscall.CLOSE.must(fd);
        }
    }

    @Test
    @Rule("IMP-007")
    @DisplayName("an import that fails late leaves the creator's events alive, also on the creator's own ring")
    void failedImport() {
        try (Memory memory = Memory.anonymous(Memory.PAGE_SIZE);
                Session session = Session.open(Registration.nodev().events(COPY))) {
            int fd = export(session.instance());
            Struct reg = importing(memory, fd);
            memory.readOnly();
            submit(session.ring(), reg).mustBe(Errno.EFAULT);
            session.startReceiving();
            session.transfer(1, PIECE);
            session.settle();
            Check.equal("number of events", 1, session.takeEvents().size());
            Syscall.CLOSE.must(fd);
        }
    }

    @Test
    @Rule("IMP-008")
    @DisplayName("an instance outlives its creator's ring while another has it: data and counters go on, events end")
    void creatorGone() {
        try (Memory memory = Memory.anonymous(Memory.PAGE_SIZE);
                Ring other = Ring.open(CqeFormat.CQE32);
                Session session = Session.open(Registration.nodev().events(COPY).stats())) {
            int fd = export(session.instance());
            Struct reg = importing(memory, fd);
            submit(other, reg).mustBe(0);
            Syscall.CLOSE.must(fd);
            try (Session importer = session.importedBy(other, (int) reg.get("zcrx_id"))) {
                session.ring().close();
                importer.startReceiving();
                // The ring's end is worked off later, by a kernel thread; until then events fire and can be armed.
                long deadline = System.nanoTime() + Session.PATIENCE.toNanos();
                do {
                    Check.that(
                            System.nanoTime() < deadline, "events still fire long after the creator's ring was closed");
                    importer.transfer(1, PIECE);
                    importer.giveBackAll();
                } while (importer.instance().arm(Zcrx.EVENT_COPY).succeeded());
                importer.transfer(2, PIECE);
                importer.settle();
                Check.equal("copy_bytes", importer.received(), session.stats().bytes());
                Check.equal("events", 0, importer.takeEvents().size());
                importer.instance().arm(Zcrx.EVENT_COPY).mustBe(Errno.EINVAL);
            }
        }
    }

    @Test
    @Rule("IMP-009")
    @DisplayName("importing needs the same flags of the ring as registering does: EINVAL")
    void ringFlags() {
        try (Memory memory = Memory.anonymous(Memory.PAGE_SIZE);
                Session session = Session.open(Registration.nodev());
                Ring plain = Ring.withFlags(IoUring.SETUP_CQE32);
                Ring narrow = Ring.withFlags(Ring.REQUIRED_FLAGS)) {
            int fd = export(session.instance());
            submit(plain, importing(memory, fd)).mustBe(Errno.EINVAL);
            submit(narrow, importing(memory, fd)).mustBe(Errno.EINVAL);
            Syscall.CLOSE.must(fd);
        }
    }
}
