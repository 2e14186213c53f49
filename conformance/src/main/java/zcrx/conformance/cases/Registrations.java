// SPDX-License-Identifier: MIT
package zcrx.conformance.cases;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.function.Consumer;
import java.util.function.Supplier;
import net.jqwik.api.ForAll;
import net.jqwik.api.Label;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.Size;
import net.jqwik.api.lifecycle.AddLifecycleHook;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import zcrx.conformance.Full;
import zcrx.conformance.PropertySeed;
import zcrx.conformance.Rule;
import zcrx.conformance.Subject;
import zcrx.fixtures.abi.IoUring;
import zcrx.fixtures.abi.Struct;
import zcrx.fixtures.abi.Zcrx;
import zcrx.fixtures.probe.KernelProbe;
import zcrx.fixtures.ring.Ring;
import zcrx.fixtures.ring.Ring.CqeFormat;
import zcrx.fixtures.ring.RuleViolation;
import zcrx.fixtures.sys.Capabilities;
import zcrx.fixtures.sys.Errno;
import zcrx.fixtures.sys.Limit;
import zcrx.fixtures.sys.Memory;
import zcrx.fixtures.sys.SyscallException;
import zcrx.fixtures.zcrx.Registration;
import zcrx.fixtures.zcrx.Session;

@Subject("registration")
@AddLifecycleHook(PropertySeed.class)
class Registrations {
    /** The flag, of 32, that a later kernel gives a meaning last. */
    private static final long UNKNOWN = 1L << 31;

    /** So many that a few times as many are more than the kernel's sums of pinned pages lag. */
    private static final int MANY_PAGES = 512;

    /** Bends a registration that works; it must be refused, and once bent back be accepted on the same ring. */
    private static void refused(Registration r, Errno expected, Struct struct, String field, long... values) {
        long right = struct.get(field);
        try (Ring ring = Ring.open(CqeFormat.CQE32)) {
            for (long value : values) {
                struct.set(field, value);
                r.submit(ring).mustBe(expected);
            }
            struct.set(field, right);
            accepted(r, ring);
        }
    }

    /** Makes each byte of those fields not zero in turn, with the same expectation as {@link #refused}. */
    private static void refusedBytes(Registration r, Struct struct, String prefix) {
        try (Ring ring = Ring.open(CqeFormat.CQE32)) {
            Check.eachByte(struct, prefix, () -> r.submit(ring).mustBe(Errno.EINVAL));
            accepted(r, ring);
        }
    }

    private static void accepted(Registration r, Ring ring) {
        r.submit(ring).mustBe(0);
        Check.equal("zcrx_id after refusals", 0, r.reg().get("zcrx_id"));
    }

    private static void bending(Consumer<Registration> body) {
        bending(Registration.nodev(64, 8), body);
    }

    private static void bending(Registration registration, Consumer<Registration> body) {
        try (registration) {
            body.accept(registration);
        }
    }

    @Test
    @Rule("REG-001")
    @DisplayName("a registration without a netdev fills in the id, the offsets, the buffer length and the token")
    void accepted() {
        for (CqeFormat format : CqeFormat.values()) {
            try (var registration = Registration.nodev(100, 8);
                    Ring ring = Ring.open(format)) {
                Struct reg = registration.reg();
                registration.submit(ring).mustBe(0);
                Check.equal("zcrx_id", 0, reg.get("zcrx_id"));
                Check.equal("rq_entries for 100", 128, reg.get("rq_entries"));
                Check.equal("rx_buf_len", Memory.PAGE_SIZE, reg.get("rx_buf_len"));
                Check.equal("rq_area_token", 0, registration.area().get("rq_area_token"));
                Check.equal("offsets.__resv2", 0, reg.get("offsets.__resv2"));
                Check.equal("offsets.__resv[0]", 0, reg.get("offsets.__resv[0]"));
                Check.equal("offsets.__resv[1]", 0, reg.get("offsets.__resv[1]"));
                Check.equal("offsets.rqes", KernelProbe.get().refillEntriesOffset(), reg.get("offsets.rqes"));
            }
        }
    }

    @Test
    @Rule("EVT-013")
    @DisplayName("a descriptor of zeros is accepted, and so is STATS without any type")
    void emptyDescriptor() {
        try (var registration = Registration.nodev().events(0, 0);
                Ring ring = Ring.open(CqeFormat.CQE32)) {
            registration.submit(ring).mustBe(0);
        }
        try (var registration = Registration.nodev().events(0, 0).stats();
                Ring ring = Ring.open(CqeFormat.CQE32)) {
            registration.submit(ring).mustBe(0);
        }
    }

    @Test
    @Rule({"REG-002", "REG-001"})
    @DisplayName("the ring must defer its task work and have 32-byte completions, EINVAL, and need not be enabled")
    void ringFlags() {
        int[] insufficient = {
            0,
            IoUring.SETUP_CQE32,
            IoUring.SETUP_SINGLE_ISSUER | IoUring.SETUP_CQE32,
            Ring.REQUIRED_FLAGS,
            IoUring.SETUP_CQE_MIXED
        };
        for (int flags : insufficient) {
            try (var registration = Registration.nodev(64, 8);
                    Ring ring = Ring.withFlags(flags)) {
                registration.submit(ring).mustBe(Errno.EINVAL);
            }
        }
        int sufficient = Ring.REQUIRED_FLAGS | IoUring.SETUP_CQE32;
        for (int flags : new int[] {sufficient, sufficient | IoUring.SETUP_R_DISABLED}) {
            try (var registration = Registration.nodev(64, 8);
                    Ring ring = Ring.withFlags(flags)) {
                registration.submit(ring).mustBe(0);
            }
        }
    }

    @Test
    @Full
    @Rule("REG-002")
    @DisplayName("of all combinations of ring flags, those with DEFER_TASKRUN and 32-byte completions are accepted")
    void everyCombinationOfRingFlags() {
        int[] decisive = {
            IoUring.SETUP_SINGLE_ISSUER, IoUring.SETUP_DEFER_TASKRUN, IoUring.SETUP_CQE32, IoUring.SETUP_CQE_MIXED
        };
        int[] others = {
            0,
            IoUring.SETUP_CLAMP,
            IoUring.SETUP_R_DISABLED,
            IoUring.SETUP_SUBMIT_ALL,
            IoUring.SETUP_COOP_TASKRUN,
            IoUring.SETUP_COOP_TASKRUN | IoUring.SETUP_TASKRUN_FLAG,
            IoUring.SETUP_SQE128
        };
        for (int set = 0; set < 1 << decisive.length; set++) {
            for (int other : others) {
                int flags = other;
                for (int i = 0; i < decisive.length; i++) {
                    flags |= (set >> i & 1) * decisive[i];
                }
                boolean wide = (flags & (IoUring.SETUP_CQE32 | IoUring.SETUP_CQE_MIXED)) != 0;
                boolean enough = (flags & IoUring.SETUP_DEFER_TASKRUN) != 0 && wide;
                try (var registration = Registration.nodev(64, 8);
                        Ring ring = Ring.withFlags(flags)) {
                    registration.submit(ring).mustBe(enough ? 0 : Errno.EINVAL.result());
                } catch (SyscallException e) {
                    // Not every combination makes a ring; those that are required here do.
                    Check.that(
                            (set & 3) != 3 || Integer.bitCount(set) != 3 || other != 0,
                            "a ring with flags 0x" + Integer.toHexString(flags) + " is refused: " + e.getMessage());
                }
            }
        }
    }

    @Test
    @Rule("REG-003")
    @DisplayName("each reserved byte of the registration must be zero: EINVAL")
    void reserved() {
        bending(r -> refusedBytes(r, r.reg(), "__resv"));
    }

    @Test
    @Rule("REG-004")
    @DisplayName("zcrx_id is given by the kernel; one that is not zero is EINVAL")
    void id() {
        bending(r -> refusedBytes(r, r.reg(), "zcrx_id"));
    }

    @Test
    @Rule("REG-005")
    @DisplayName("each unknown bit of the registration's flags is EINVAL")
    void unknownFlags() {
        bending(r -> Check.eachBitBut(KernelProbe.get().registerFlags(), flag -> {
            refused(r, Errno.EINVAL, r.reg(), "flags", Zcrx.REG_NODEV | flag);
            r.again();
        }));
    }

    @Test
    @Rule("REG-006")
    @DisplayName("no refill entries is EINVAL")
    void noEntries() {
        bending(r -> refused(r, Errno.EINVAL, r.reg(), "rq_entries", 0));
    }

    @Test
    @Rule("REG-007")
    @DisplayName("more than 32768 refill entries is EINVAL, unless the ring was made with CLAMP")
    void tooManyEntries() {
        // The region is large enough for the most there can be, so that only their number is wrong.
        try (var registration = Registration.nodev(Zcrx.RQ_MAX_ENTRIES, 8);
                Ring ring = Ring.open(CqeFormat.CQE32)) {
            for (long tooMany : new long[] {Zcrx.RQ_MAX_ENTRIES + 1, 2L * Zcrx.RQ_MAX_ENTRIES, 0xffff_ffffL}) {
                registration.reg().set("rq_entries", tooMany);
                registration.submit(ring).mustBe(Errno.EINVAL);
            }
            registration.reg().set("rq_entries", Zcrx.RQ_MAX_ENTRIES);
            registration.submit(ring).mustBe(0);
        }
        for (long tooMany : new long[] {Zcrx.RQ_MAX_ENTRIES + 1, 1L << 31, 0xffff_ffffL}) {
            try (var registration = Registration.nodev(Zcrx.RQ_MAX_ENTRIES, 8);
                    Ring ring = Ring.withFlags(Ring.REQUIRED_FLAGS | IoUring.SETUP_CQE32 | IoUring.SETUP_CLAMP)) {
                registration.reg().set("rq_entries", tooMany);
                registration.submit(ring).mustBe(0);
                Check.equal(
                        "rq_entries", Zcrx.RQ_MAX_ENTRIES, registration.reg().get("rq_entries"));
            }
        }
    }

    @Test
    @Rule("REG-008")
    @DisplayName("without a netdev, naming an interface or a queue is EINVAL")
    void netdevWithNodev() {
        bending(r -> refused(r, Errno.EINVAL, r.reg(), "if_idx", 1));
        bending(r -> refused(r, Errno.EINVAL, r.reg(), "if_rxq", 1, 0xffff_ffffL));
    }

    @Test
    @Rule("REG-009")
    @DisplayName("an interface that does not exist is ENODEV")
    void noSuchInterface() {
        try (var registration = Registration.nodev(64, 8);
                Ring ring = Ring.open(CqeFormat.CQE32)) {
            registration.reg().set("flags", 0).set("if_idx", 0x7fff_0000);
            registration.submit(ring).mustBe(Errno.ENODEV);
            registration.reg().set("if_idx", 0);
            registration.submit(ring).mustBe(Errno.ENODEV);
        }
    }

    @Test
    @Rule({"REG-010", "NIC-041"})
    @DisplayName("an interface without a device to map memory for, such as lo, is EOPNOTSUPP")
    void loopbackInterface() {
        try (var registration = Registration.nodev(64, 8);
                Ring ring = Ring.open(CqeFormat.CQE32)) {
            registration.reg().set("flags", 0).set("if_idx", 1);
            registration.submit(ring).mustBe(Errno.EOPNOTSUPP);
        }
    }

    @Test
    @Rule("REG-011")
    @DisplayName("a registration, a region or an area that cannot be read is EFAULT")
    void badPointers() {
        try (Memory room = Memory.anonymous(Memory.PAGE_SIZE)) {
            long unmapped = room.address() - Memory.PAGE_SIZE;
            bending(r -> refused(
                    r,
                    Errno.EFAULT,
                    r.reg(),
                    "region_ptr",
                    0,
                    8,
                    unmapped,
                    room.address() + room.size() - IoUring.REGION_DESC.size() + 1));
            bending(r -> refused(
                    r,
                    Errno.EFAULT,
                    r.reg(),
                    "area_ptr",
                    0,
                    8,
                    unmapped,
                    room.address() + room.size() - Zcrx.AREA_REG.size() + 1));
            try (Ring ring = Ring.open(CqeFormat.CQE32)) {
                for (long bad : new long[] {8, room.address() + room.size() - Zcrx.IFQ_REG.size() + 1}) {
                    ring.register("ZCRX_IFQ", IoUring.REGISTER_ZCRX_IFQ, bad, 1, null)
                            .mustBe(Errno.EFAULT);
                }
            }
        }
    }

    @Test
    @Rule("REG-012")
    @DisplayName("a struct that cannot be written back is EFAULT, and the instance is gone again")
    void readOnlyStructs() {
        for (String which : new String[] {"reg", "region", "area"}) {
            try (var registration = Registration.nodev(64, 8);
                    Memory copy = Memory.anonymous(Memory.PAGE_SIZE);
                    Ring ring = Ring.open(CqeFormat.CQE32)) {
                Struct original = switch (which) {
                    case "reg" -> registration.reg();
                    case "region" -> registration.region();
                    default -> registration.area();
                };
                copy.segment().asSlice(0, original.memory().byteSize()).copyFrom(original.memory());
                copy.readOnly();
                if (which.equals("reg")) {
                    ring.register("ZCRX_IFQ", IoUring.REGISTER_ZCRX_IFQ, copy.address(), 1, null)
                            .mustBe(Errno.EFAULT);
                } else {
                    long right = registration.reg().get(which + "_ptr");
                    registration.reg().set(which + "_ptr", copy.address());
                    registration.submit(ring).mustBe(Errno.EFAULT);
                    registration
                            .reg()
                            .set(which + "_ptr", right)
                            .set("zcrx_id", 0)
                            .set("rx_buf_len", 0);
                }
                registration.submit(ring).mustBe(0);
                Check.equal("zcrx_id after the refusal", 0, registration.reg().get("zcrx_id"));
            }
        }
    }

    @Test
    @Rule({"REG-011", "EVT-012"})
    @DisplayName("structs that end with the memory they are in are read and written")
    void structsAtTheEnd() {
        try (var registration =
                        Registration.nodev(64, 8).events(Zcrx.EVENT_TYPE_MASK).stats();
                Ring ring = Ring.open(CqeFormat.CQE32)) {
            var rooms = new ArrayList<Memory>();
            for (Struct struct : List.of(registration.area(), registration.region(), registration.event())) {
                String pointer = struct == registration.area()
                        ? "area_ptr"
                        : struct == registration.region() ? "region_ptr" : "event_desc";
                registration.reg().set(pointer, atTheEnd(struct, rooms));
            }
            long reg = atTheEnd(registration.reg(), rooms);
            ring.register("ZCRX_IFQ", IoUring.REGISTER_ZCRX_IFQ, reg, 1, registration.reg())
                    .mustBe(0);
            rooms.forEach(Memory::close);
        }
    }

    /** A copy of the struct, with nothing behind it. */
    private static long atTheEnd(Struct struct, List<Memory> rooms) {
        Memory room = Memory.anonymous(Memory.PAGE_SIZE);
        rooms.add(room);
        long size = struct.memory().byteSize();
        room.segment().asSlice(room.size() - size).copyFrom(struct.memory());
        return room.address() + room.size() - size;
    }

    @Test
    @Rule("REG-013")
    @DisplayName("an area's token is given by the kernel; one that is not zero is EINVAL")
    void token() {
        bending(r -> refused(r, Errno.EINVAL, r.area(), "rq_area_token", 1, 1L << Zcrx.AREA_SHIFT, -1));
    }

    @Test
    @Rule("REG-014")
    @DisplayName("unknown flags and reserved words of an area are EINVAL, and so is a dma-buf without the flag")
    void areaFields() {
        Check.eachBitBut(
                KernelProbe.get().areaFlags(), flag -> bending(r -> refused(r, Errno.EINVAL, r.area(), "flags", flag)));
        bending(r -> refusedBytes(r, r.area(), "__resv2"));
        bending(r -> refusedBytes(r, r.area(), "dmabuf_fd"));
        bending(r -> refused(r, Errno.EINVAL, r.area(), "dmabuf_fd", -1));
    }

    @Test
    @Rule("REG-015")
    @DisplayName("an area must start and end on a page: EINVAL")
    void areaAlignment() {
        bending(r -> refused(r, Errno.EINVAL, r.area(), "addr", r.area().get("addr") + 8));
        bending(r -> refused(r, Errno.EINVAL, r.area(), "len", r.area().get("len") - 8));
    }

    @Test
    @Rule("REG-016")
    @DisplayName("an area of no bytes, or of no memory, is EFAULT")
    void areaMemory() {
        bending(r -> refused(r, Errno.EFAULT, r.area(), "len", 0));
        bending(r -> refused(r, Errno.EFAULT, r.area(), "addr", 0, r.area().get("addr") - Memory.PAGE_SIZE));
    }

    @Test
    @Rule("REG-017")
    @DisplayName("a dma-buf area needs a device: EINVAL without a netdev")
    void dmabufWithoutNetdev() {
        try (var registration = Registration.nodev(64, 8);
                Ring ring = Ring.open(CqeFormat.CQE32)) {
            registration.area().set("flags", Zcrx.AREA_DMABUF).set("addr", 0).set("dmabuf_fd", 0);
            registration.submit(ring).mustBe(Errno.EINVAL);
        }
    }

    @Test
    @Rule("REG-018")
    @DisplayName("rx_buf_len is a power of two of at least a page: EINVAL; without a netdev a page: EOPNOTSUPP")
    void bufferLength() {
        bending(r -> refused(
                r,
                Errno.EINVAL,
                r.reg(),
                "rx_buf_len",
                1,
                Memory.PAGE_SIZE / 2,
                Memory.PAGE_SIZE + 1,
                3L * Memory.PAGE_SIZE));
        bending(r -> refused(r, Errno.EOPNOTSUPP, r.reg(), "rx_buf_len", 2L * Memory.PAGE_SIZE, 1L << 31));
        try (var registration = Registration.nodev(64, 8);
                Ring ring = Ring.open(CqeFormat.CQE32)) {
            registration.reg().set("rx_buf_len", Memory.PAGE_SIZE);
            registration.submit(ring).mustBe(0);
        }
    }

    @Test
    @Rule("REG-019")
    @DisplayName("a region too small for the header and the entries is EINVAL; one that just holds them is accepted")
    void regionSize() {
        // 4 KiB hold the header and 2^n entries less than a full page of them.
        int entries = Memory.PAGE_SIZE / (int) Zcrx.RQE.size();
        try (var registration = Registration.nodev(entries, 8);
                Ring ring = Ring.open(CqeFormat.CQE32)) {
            registration.region().set("size", Memory.PAGE_SIZE);
            registration.submit(ring).mustBe(Errno.EINVAL);
            registration.reg().set("rq_entries", entries / 2);
            registration.submit(ring).mustBe(0);
        }
    }

    @Test
    @Rule("REG-020")
    @DisplayName("queue -1 is EINVAL, before anything is said of the interface")
    void queueMinusOne() {
        try (var registration = Registration.nodev(64, 8);
                Ring ring = Ring.open(CqeFormat.CQE32)) {
            registration.reg().set("flags", 0).set("if_idx", 0x7fff_0000).set("if_rxq", -1);
            registration.submit(ring).mustBe(Errno.EINVAL);
        }
    }

    @Test
    @Rule("REG-021")
    @DisplayName("nr_args other than 1, and a null pointer, are EINVAL")
    void numberOfArguments() {
        try (var registration = Registration.nodev(64, 8);
                Ring ring = Ring.open(CqeFormat.CQE32)) {
            for (int nrArgs : new int[] {0, 2}) {
                ring.register(
                                "ZCRX_IFQ",
                                IoUring.REGISTER_ZCRX_IFQ,
                                registration.reg().address(),
                                nrArgs,
                                null)
                        .mustBe(Errno.EINVAL);
            }
            ring.register("ZCRX_IFQ", IoUring.REGISTER_ZCRX_IFQ, 0, 1, null).mustBe(Errno.EINVAL);
        }
    }

    @Test
    @Rule("REG-022")
    @DisplayName("instances on one ring are numbered from 0")
    void severalInstances() {
        try (Session first = Session.open(Registration.nodev(64, 8));
                Session second = first.beside(Registration.nodev(64, 8))) {
            Check.equal("zcrx_id of the first", 0, first.registration().reg().get("zcrx_id"));
            Check.equal("zcrx_id of the second", 1, second.registration().reg().get("zcrx_id"));
        }
    }

    @Test
    @Rule({"REG-022", "BUF-023", "REG-027"})
    @DisplayName("a ring has room for a hundred instances, and lets go of each when it is closed")
    void manyInstances() {
        int instances = 100;
        long pinned = Pinned.settled();
        long before = Pinned.pagesOfAll();
        try (Ring ring = Ring.open(CqeFormat.CQE32);
                var registration = Registration.nodev(8, 1)) {
            for (int id = 0; id < instances; id++) {
                registration.again().submit(ring).mustBe(0);
                Check.equal("zcrx_id", id, registration.reg().get("zcrx_id"));
            }
        }
        Pinned.awaitBack(pinned);
        if (Pinned.isAlone()) {
            // One of each would be too many.
            Pinned.awaitPagesBack(before, instances);
        }
    }

    @Test
    @Rule("REG-023")
    @DisplayName("without CAP_NET_ADMIN registering is EPERM, whatever else is wrong")
    void withoutCapability() {
        Check.inAnotherThread(() -> {
            Capabilities.drop(Capabilities.CAP_NET_ADMIN);
            try (var registration = Registration.nodev(64, 8);
                    Ring ring = Ring.open(CqeFormat.CQE32);
                    Ring plain = Ring.withFlags(0)) {
                registration.submit(ring).mustBe(Errno.EPERM);
                registration.submit(plain).mustBe(Errno.EPERM);
                registration.reg().set("flags", -1);
                registration.submit(ring).mustBe(Errno.EPERM);
            }
        });
    }

    @Test
    @Full
    @Rule("REG-023")
    @DisplayName("another process, root of a user namespace of its own, is refused with EPERM and pins nothing")
    void inUserNamespace() {
        try (OtherProcess process = OtherProcess.startInUserNamespace(Unprivileged.class)) {
            Check.equal(
                    "a process without CAP_NET_ADMIN in the initial user namespace is",
                    Unprivileged.REFUSED,
                    process.line());
        }
    }

    @Test
    @Rule("REG-025")
    @DisplayName("a region with unknown flags, reserved words, an id, an offset, or no size is EINVAL")
    void regionFields() {
        bending(r -> refused(r, Errno.EINVAL, r.region(), "flags", IoUring.MEM_REGION_TYPE_USER | UNKNOWN, -1));
        List<Supplier<Registration>> regions = List.of(
                () -> Registration.nodev(64, 8), () -> Registration.nodev(64, 8).kernelsRegion());
        for (var region : regions) {
            for (String field : new String[] {"id", "mmap_offset", "__resv"}) {
                bending(region.get(), r -> refusedBytes(r, r.region(), field));
            }
            bending(region.get(), r -> {
                long size = r.region().get("size");
                refused(r, Errno.EINVAL, r.region(), "size", 0, size - 8, size + 8);
            });
        }
    }

    @Test
    @Rule("REG-026")
    @DisplayName("a region has an address if and only if its memory is the user's: EFAULT")
    void regionAddress() {
        bending(r -> refused(r, Errno.EFAULT, r.region(), "flags", 0));
        bending(r ->
                refused(r, Errno.EFAULT, r.region(), "user_addr", 0, r.region().get("user_addr") - Memory.PAGE_SIZE));
        bending(r ->
                refused(r, Errno.EINVAL, r.region(), "user_addr", r.region().get("user_addr") + 8));
    }

    @Test
    @Rule("REG-028")
    @DisplayName("only the thread that submits to the ring may register: EEXIST; there must be a ring: EINVAL")
    void otherThread() {
        try (var registration = Registration.nodev(64, 8);
                Ring ring = Ring.open(CqeFormat.CQE32)) {
            Check.inAnotherThread(() -> registration.submit(ring).mustBe(Errno.EEXIST));
            Struct reg = registration.reg();
            for (int fd : new int[] {-1, 1 << 20}) {
                Ring.register(fd, "ZCRX_IFQ", IoUring.REGISTER_ZCRX_IFQ, reg.address(), 1, reg)
                        .mustBe(fd < 0 ? Errno.EINVAL : Errno.EBADF);
            }
            accepted(registration, ring);
        }
    }

    @Test
    @Rule("REG-029")
    @DisplayName("what is too large is EINVAL for an area of more than 1 TiB, E2BIG for a region of 2^31 pages or more")
    void tooLarge() {
        long tebibyte = 1L << 40;
        long lastPage = -Memory.PAGE_SIZE;
        bending(r -> refused(r, Errno.EINVAL, r.area(), "len", tebibyte + Memory.PAGE_SIZE, 1L << 63));
        bending(r -> refused(r, Errno.EOVERFLOW, r.area(), "addr", lastPage));
        bending(r -> refused(r, Errno.E2BIG, r.region(), "size", (long) Memory.PAGE_SIZE << 31, lastPage));
        bending(r -> refused(r, Errno.EOVERFLOW, r.region(), "user_addr", lastPage));
        bending(r -> refused(r, Errno.EOVERFLOW, r.region(), "size", 2 * tebibyte));
    }

    @Test
    @Rule("REG-030")
    @DisplayName("memory that can't be written, or isn't there to its end, is neither an area nor a region: EFAULT")
    void unusableMemory() {
        try (Memory readOnly = Memory.anonymous(8L * Memory.PAGE_SIZE)) {
            readOnly.readOnly();
            bending(r -> refused(r, Errno.EFAULT, r.area(), "addr", readOnly.address()));
            bending(r -> {
                r.region().set("size", readOnly.size());
                long right = r.region().get("user_addr");
                try (Ring ring = Ring.open(CqeFormat.CQE32)) {
                    r.region().set("user_addr", readOnly.address());
                    r.submit(ring).mustBe(Errno.EFAULT);
                    r.region()
                            .set("user_addr", right)
                            .set("size", r.regionMemory().byteSize());
                    accepted(r, ring);
                }
            });
        }
        // Nobody can touch the page behind.
        bending(r -> refused(r, Errno.EFAULT, r.area(), "len", r.area().get("len") + Memory.PAGE_SIZE));
        bending(r -> refused(r, Errno.EFAULT, r.region(), "size", r.region().get("size") + Memory.PAGE_SIZE));
    }

    @Test
    @Rule({"REG-030", "REG-027"})
    @DisplayName("of an area or a region that is not there to its end, EFAULT, no page stays pinned")
    void partlyThere() {
        int rounds = 4;
        Pinned.settled();
        long before = Pinned.pagesOfAll();
        try (Memory memory = Memory.anonymous((long) MANY_PAGES * Memory.PAGE_SIZE)) {
            for (int i = 0; i < rounds; i++) {
                bending(r -> {
                    r.area().set("addr", memory.address());
                    refused(r, Errno.EFAULT, r.area(), "len", memory.size() + Memory.PAGE_SIZE);
                });
                bending(r -> {
                    r.region().set("user_addr", memory.address());
                    refused(r, Errno.EFAULT, r.region(), "size", memory.size() + Memory.PAGE_SIZE);
                });
            }
        }
        Pinned.awaitPagesBack(before, 2 * rounds * MANY_PAGES);
    }

    @Test
    @Rule({"REG-031", "REG-027"})
    @DisplayName("what was refused for want of memory to lock is not pinned, and what could not be pinned not counted")
    void refusedIsNotLocked() {
        int rounds = 8;
        Pinned.settled();
        long before = Pinned.pagesOfAll();
        // Room for the memory and for what else there is, and not for twice as much.
        try (Limit _ = Limit.set(Limit.MEMLOCK, 3L * MANY_PAGES / 2 * Memory.PAGE_SIZE);
                Memory memory = Memory.anonymous(2L * MANY_PAGES * Memory.PAGE_SIZE);
                Memory half = Memory.anonymous((long) MANY_PAGES * Memory.PAGE_SIZE)) {
            Check.inAnotherThread(() -> {
                Capabilities.drop(Capabilities.CAP_IPC_LOCK);
                try (var registration = Registration.nodev(64, 8);
                        Ring ring = Ring.open(CqeFormat.CQE32)) {
                    long address = registration.area().get("addr");
                    long length = registration.area().get("len");
                    registration.area().set("addr", memory.address()).set("len", memory.size());
                    for (int i = 0; i < rounds; i++) {
                        registration.submit(ring).mustBe(Errno.ENOMEM);
                    }
                    registration.area().set("addr", address).set("len", length);
                    long region = registration.region().get("user_addr");
                    long size = registration.region().get("size");
                    registration.region().set("user_addr", half.address()).set("size", half.size() + Memory.PAGE_SIZE);
                    for (int i = 0; i < rounds; i++) {
                        registration.submit(ring).mustBe(Errno.EFAULT);
                    }
                    registration.region().set("user_addr", region).set("size", size);
                    registration.area().set("addr", half.address()).set("len", half.size());
                    // What another test's rings locked is given back later, by a kernel thread.
                    Check.eventually("what was refused still counts", 0, () -> registration.submit(ring));
                }
            });
        }
        Pinned.awaitPagesBack(before, 2 * rounds * MANY_PAGES);
    }

    @Test
    @Rule("REG-031")
    @DisplayName("without CAP_IPC_LOCK area and region count against RLIMIT_MEMLOCK: ENOMEM; a refusal gives it back")
    void lockedMemory() {
        int mebibyte = 1 << 20;
        // An area and what else there is fit, a second area does not.
        try (Limit _ = Limit.set(Limit.MEMLOCK, 6L * mebibyte);
                Memory area = Memory.anonymous(4L * mebibyte);
                Memory region = Memory.anonymous(mebibyte)) {
            Check.inAnotherThread(() -> {
                Capabilities.drop(Capabilities.CAP_IPC_LOCK);
                for (int round = 0; round < 4; round++) {
                    try (var registration = Registration.nodev(64, 8);
                            var second = Registration.nodev(64, 8);
                            Ring ring = Ring.open(CqeFormat.CQE32)) {
                        registration.area().set("addr", area.address()).set("len", area.size());
                        registration.region(region.segment());
                        if (round == 0) {
                            for (int i = 0; i < 8; i++) {
                                registration.reg().set("rx_buf_len", 1);
                                registration.submit(ring).mustBe(Errno.EINVAL);
                                registration.reg().set("rx_buf_len", 2L * Memory.PAGE_SIZE);
                                registration.submit(ring).mustBe(Errno.EOPNOTSUPP);
                            }
                            registration.reg().set("rx_buf_len", 0);
                        }
                        // The ring of the round before is worked off later, by a kernel thread.
                        Check.eventually(
                                "locked memory is not given back after a ring is closed",
                                0,
                                () -> registration.submit(ring));
                        long ownArea = second.area().get("addr");
                        long ownSize = second.area().get("len");
                        second.area().set("addr", area.address()).set("len", area.size());
                        for (int i = 0; i < 3; i++) {
                            second.submit(ring).mustBe(Errno.ENOMEM);
                        }
                        second.area().set("addr", ownArea).set("len", ownSize);
                        second.submit(ring).mustBe(0);
                        Check.equal("zcrx_id after refusals", 1, second.reg().get("zcrx_id"));
                    }
                }
            });
        }
    }

    @Test
    @Rule({"REG-031", "REG-027"})
    @DisplayName("a region of the kernel's own counts against RLIMIT_MEMLOCK, and no longer than it is there")
    void lockedRegion() {
        int limit = 512;
        // The kernel takes 128 in one piece, and counts all of them, if they don't exceed the limit.
        long size = 65L * Memory.PAGE_SIZE;
        long mostOfIt = 300L * Memory.PAGE_SIZE;
        long pinned = Pinned.settled();
        try (Limit _ = Limit.set(Limit.MEMLOCK, (long) limit * Memory.PAGE_SIZE);
                Memory area = Memory.anonymous(mostOfIt)) {
            Check.inAnotherThread(() -> {
                Capabilities.drop(Capabilities.CAP_IPC_LOCK);
                for (int round = 0; round < 6; round++) {
                    try (var registration = Registration.nodev(64, 8).kernelsRegion();
                            Ring ring = Ring.open(CqeFormat.CQE32)) {
                        registration.region().set("size", 8 * size);
                        registration.submit(ring).mustBe(Errno.ENOMEM);
                        registration.region().set("size", size);
                        // What is left of the round before is worked off later, by a kernel thread.
                        Check.eventually("the region before still counts", 0, () -> registration.submit(ring));
                    }
                    Pinned.awaitBack(pinned);
                }
                try (var registration = Registration.nodev(64, 8);
                        Ring ring = Ring.open(CqeFormat.CQE32)) {
                    registration.area().set("addr", area.address()).set("len", area.size());
                    Check.eventually(
                            "regions of rings that were closed still count", 0, () -> registration.submit(ring));
                }
            });
        }
    }

    /** One thing that is wrong with a registration. In the order in which every kernel looks at them. */
    @SuppressWarnings("ImmutableEnumChecker") // a lambda without state
    enum Defect {
        RESERVED("__resv", Errno.EINVAL, r -> r.reg().set("__resv[1]", 1)),
        ID("zcrx_id", Errno.EINVAL, r -> r.reg().set("zcrx_id", 1)),
        FLAGS("flags", Errno.EINVAL, r -> r.reg().set("flags", Zcrx.REG_NODEV | UNKNOWN)),
        REGION_POINTER("region_ptr", Errno.EFAULT, r -> r.reg().set("region_ptr", 8)),
        NO_ENTRIES("rq_entries", Errno.EINVAL, r -> r.reg().set("rq_entries", 0)),
        QUEUE("if_rxq", Errno.EINVAL, r -> r.reg().set("if_rxq", -1)),
        INTERFACE("if_idx", Errno.EINVAL, r -> r.reg().set("if_idx", 1)),
        TOO_MANY_ENTRIES("rq_entries", Errno.EINVAL, r -> r.reg().set("rq_entries", Zcrx.RQ_MAX_ENTRIES + 1)),
        AREA_POINTER("area_ptr", Errno.EFAULT, r -> r.reg().set("area_ptr", 8)),
        EVENT_POINTER("event_desc", Errno.EFAULT, r -> r.reg().set("event_desc", 8)),
        TYPES("type_mask", Errno.EINVAL, r -> r.event().set("type_mask", UNKNOWN)),
        EVENT_FLAGS("event flags", Errno.EINVAL, r -> r.event().set("flags", UNKNOWN)),
        EVENT_RESERVED("__resv2", Errno.EINVAL, r -> r.event().set("__resv2[8]", 1)),
        REGION_TOO_SMALL("region size", Errno.EINVAL, r -> r.region().set("size", Memory.PAGE_SIZE)),
        REGION_RESERVED("region __resv", Errno.EINVAL, r -> r.region().set("__resv[3]", 1)),
        REGION_FLAGS(
                "region flags", Errno.EINVAL, r -> r.region().set("flags", IoUring.MEM_REGION_TYPE_USER | UNKNOWN)),
        REGION_ADDRESS("user_addr", Errno.EFAULT, r -> r.region().set("user_addr", 0)),
        REGION_ID("region id", Errno.EINVAL, r -> r.region().set("id", 1)),
        REGION_UNMAPPED(
                "user_addr",
                Errno.EFAULT,
                r -> r.region().set("user_addr", r.region().get("user_addr") - Memory.PAGE_SIZE)),
        MISALIGNED("stats_offset", Errno.EINVAL, r -> r.event().set("stats_offset", 1)),
        OUT_OF_RANGE("stats_offset", Errno.ERANGE, r -> r.event().set("stats_offset", 8)),
        NO_DEVICE(
                "if_idx",
                Errno.ENODEV,
                r -> r.reg()
                        .set("flags", r.reg().get("flags") & ~Zcrx.REG_NODEV)
                        .set("if_idx", 0x7fff_0000)),
        BUFFER_LENGTH("rx_buf_len", Errno.EINVAL, r -> r.reg().set("rx_buf_len", 1)),
        ODD_BUFFER_LENGTH("rx_buf_len", Errno.EINVAL, r -> r.reg().set("rx_buf_len", 3)),
        LARGE_BUFFERS("rx_buf_len", Errno.EOPNOTSUPP, r -> r.reg().set("rx_buf_len", 2L * Memory.PAGE_SIZE)),
        AREA_FLAGS("area flags", Errno.EINVAL, r -> r.area().set("flags", UNKNOWN)),
        AREA_RESERVED("area __resv2", Errno.EINVAL, r -> r.area().set("__resv2[1]", 1)),
        AREA_EMPTY("area len", Errno.EFAULT, r -> r.area().set("len", 0)),
        AREA_TOO_LARGE("area len", Errno.EINVAL, r -> r.area().set("len", 1L << 41)),
        AREA_MISALIGNED(
                "area addr", Errno.EINVAL, r -> r.area().set("addr", r.area().get("addr") + 8)),
        AREA_FD("dmabuf_fd", Errno.EINVAL, r -> r.area().set("dmabuf_fd", 1)),
        AREA_UNMAPPED(
                "area addr", Errno.EFAULT, r -> r.area().set("addr", r.area().get("addr") - Memory.PAGE_SIZE));

        private final String field;
        private final Errno errno;
        private final Consumer<Registration> bend;

        Defect(String field, Errno errno, Consumer<Registration> bend) {
            this.field = field;
            this.errno = errno;
            this.bend = bend;
        }
    }

    @Full
    @Property(tries = 150)
    @Rule("REG-024")
    @Label("of several things that are wrong, the one that is looked at first decides the error")
    void orderOfChecks(@ForAll @Size(min = 1, max = 3) Set<Defect> defects) {
        orderOf(defects);
    }

    @Test
    @Full
    @Rule("REG-024")
    @DisplayName("of any two things that are wrong, the one that is looked at first decides the error")
    void orderOfPairs() {
        for (Defect one : Defect.values()) {
            for (Defect other : Defect.values()) {
                if (one.compareTo(other) <= 0) {
                    orderOf(EnumSet.of(one, other));
                }
            }
        }
    }

    @Test
    @Rule("REG-024")
    @DisplayName("the token of the area is looked at before the event descriptor is read; before 7.3 it was behind it")
    void tokenAndDescriptor() {
        try (var registration = Registration.nodev(64, 8);
                Ring ring = Ring.open(CqeFormat.CQE32)) {
            registration.area().set("rq_area_token", 1);
            registration.reg().set("event_desc", 8);
            registration.submit(ring).mustBe(KernelProbe.get().canAddAreas() ? Errno.EINVAL : Errno.EFAULT);
        }
    }

    private static void orderOf(Set<Defect> defects) {
        var effective = new TreeMap<String, Defect>();
        new TreeSet<>(defects).forEach(defect -> effective.putIfAbsent(defect.field, defect));
        // Large enough that a region of a page is too small.
        try (var registration = Registration.nodev(512, 8).events(1).stats();
                Ring ring = Ring.open(CqeFormat.CQE32)) {
            effective.values().forEach(defect -> defect.bend.accept(registration));
            Defect first =
                    effective.values().stream().min(Comparator.naturalOrder()).orElseThrow();
            var outcome = registration.submit(ring);
            if (outcome.result() != first.errno.result()) {
                throw new RuleViolation(
                        outcome + ", expected -" + first.errno + " for " + first + " of " + effective.values());
            }
        }
    }
}
