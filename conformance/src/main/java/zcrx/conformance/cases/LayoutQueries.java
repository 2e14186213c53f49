// SPDX-License-Identifier: MIT
package zcrx.conformance.cases;

import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import zcrx.conformance.HoldsIn;
import zcrx.conformance.Rule;
import zcrx.conformance.Subject;
import zcrx.fixtures.abi.Dialect;
import zcrx.fixtures.abi.IoUring;
import zcrx.fixtures.abi.Struct;
import zcrx.fixtures.abi.StructType;
import zcrx.fixtures.abi.StructType.Field;
import zcrx.fixtures.abi.Zcrx;
import zcrx.fixtures.probe.KernelProbe;
import zcrx.fixtures.ring.Cqe;
import zcrx.fixtures.ring.Outcome;
import zcrx.fixtures.ring.Ring;
import zcrx.fixtures.sys.Errno;
import zcrx.fixtures.sys.Memory;
import zcrx.fixtures.zcrx.Instance;
import zcrx.fixtures.zcrx.Query;
import zcrx.fixtures.zcrx.Registration;

@Subject("layout queries")
class LayoutQueries {
    private static final int ZCRX_SIZE = (int) Zcrx.QUERY.size();
    /** Larger than any answer, smaller than a page. */
    private static final int LONG_SIZE = 256;

    private static final int UNKNOWN_OP = 1000;
    private static final int NO_FILE = Integer.MAX_VALUE;

    /** An answered entry. */
    private static Struct answer(int fd, int op, StructType type) {
        try (var query = new Query(op, (int) type.size(), 1)) {
            query.ask(fd).mustBe(0);
            Check.equal("result of query " + op, 0, query.result(0));
            return query.data(0, type).snapshot();
        }
    }

    private static int eventSize() {
        return (int) Dialect.spoken().query().size();
    }

    /**
     * Field by field, so that a failure names the one that differs. Not so the reserved words of the event query: a
     * kernel leaves them alone where it has a shorter answer than the dialect.
     */
    private static void same(String what, Struct expected, Struct actual) {
        List<Field> left =
                expected.type() == Dialect.spoken().query() ? expected.type().reserved() : List.of();
        for (Field field : expected.type().fields()) {
            if (!left.contains(field)) {
                Check.equal(what + ", " + field.name(), expected.value(field), actual.get(field.name()));
            }
        }
    }

    private static Struct event() {
        return answer(Query.NO_RING, IoUring.QUERY_ZCRX_EVENT, Dialect.spoken().query());
    }

    private static Struct zcrx() {
        return answer(Query.NO_RING, IoUring.QUERY_ZCRX, Zcrx.QUERY);
    }

    @Test
    @Rule("QRY-001")
    @DisplayName("the event query answers without a ring and through one alike")
    void eventQueryNeedsNoRing() {
        try (Ring ring = Ring.open(Ring.CqeFormat.CQE32)) {
            same(
                    "answer through a ring",
                    event(),
                    answer(ring.fd(), IoUring.QUERY_ZCRX_EVENT, Dialect.spoken().query()));
        }
    }

    @Test
    @Rule("QRY-002")
    @DisplayName("the zcrx query answers without a ring and through one alike")
    void zcrxQueryNeedsNoRing() {
        try (Ring ring = Ring.open(Ring.CqeFormat.CQE32)) {
            Check.equal(
                    "answer through a ring",
                    zcrx().toString(),
                    answer(ring.fd(), IoUring.QUERY_ZCRX, Zcrx.QUERY).toString());
        }
    }

    @Test
    @Rule("QRY-003")
    @DisplayName("event_flags has one bit for each type of event")
    void eventFlags() {
        Check.equal("event_flags", KernelProbe.get().eventTypes(), event().get("event_flags"));
    }

    @Test
    @Rule("QRY-004")
    @DisplayName("stats_size is the size of the statistics struct")
    void statsSize() {
        Check.equal("stats_size", KernelProbe.get().statsSize(), event().get("stats_size"));
    }

    @Test
    @Rule("QRY-005")
    @DisplayName("stats_off_alignment is the alignment of the statistics struct")
    void statsAlignment() {
        Check.equal("stats_off_alignment", Zcrx.STATS.layout().byteAlignment(), event().get("stats_off_alignment"));
    }

    @Test
    @HoldsIn({Dialect.EVENT, Dialect.NOTIF})
    @Rule("QRY-006")
    @DisplayName("the reserved words of the event query are zero")
    void eventReserved() {
        reservedAreZero(event());
    }

    @Test
    @Rule("QRY-007")
    @DisplayName("the reserved word of the zcrx query is zero")
    void zcrxReserved() {
        reservedAreZero(zcrx());
    }

    private static void reservedAreZero(Struct answer) {
        for (Field field : answer.type().reserved()) {
            Check.equal(answer.type().name() + "." + field.name(), 0, answer.get(field.name()));
        }
    }

    @Test
    @Rule("QRY-008")
    @DisplayName(
            "the zcrx query offers import, no netdev, dma-buf areas, buffer sizes and events, and what else its types have")
    void zcrxFlags() {
        Struct answer = zcrx();
        KernelProbe kernel = KernelProbe.get();
        Check.equal("register_flags", kernel.registerFlags(), answer.get("register_flags"));
        Check.equal("area_flags", kernel.areaFlags(), answer.get("area_flags"));
        Check.equal("features", kernel.featureFlags(), answer.get("features"));
    }

    @Test
    @Rule("QRY-009")
    @DisplayName("control operations below nr_ctrl_opcodes exist, those from it on do not")
    void numberOfControlOperations() {
        try (var registration = Registration.nodev();
                Ring ring = Ring.open(Ring.CqeFormat.CQE32);
                Instance instance = Instance.register(ring, registration)) {
            int count = 0;
            while (count < UNKNOWN_OP && touch(instance, count).result() != Errno.EOPNOTSUPP.result()) {
                count++;
            }
            Check.that(count > Zcrx.CTRL_ARM_EVENT, "operation " + count + " does not exist, expected ARM_EVENT to");
            Check.equal("nr_ctrl_opcodes", count, zcrx().get("nr_ctrl_opcodes"));
            for (int op = count + 1; op < count + 3; op++) {
                touch(instance, op).mustBe(Errno.EOPNOTSUPP);
            }
        }
    }

    /** Gives an operation a reserved word that each of them refuses: nothing is really done. */
    private static Outcome touch(Instance instance, int op) {
        return instance.ctrl(instance.ctrlArg(Zcrx.CTRL_FOR_FLUSH, op).set("zc_flush.__resv[5]", 1));
    }

    @Test
    @Rule("QRY-010")
    @DisplayName("the header's size and alignment are those of a registered refill ring")
    void refillHeader() {
        try (var registration = Registration.nodev();
                Ring ring = Ring.open(Ring.CqeFormat.CQE32);
                Instance _ = Instance.register(ring, registration)) {
            Struct reg = registration.reg();
            long head = reg.value("offsets.head");
            long tail = reg.value("offsets.tail");
            long rqes = reg.value("offsets.rqes");
            Struct answer = zcrx();
            long alignment = answer.get("rq_hdr_alignment");
            Check.that(
                    Long.bitCount(alignment) == 1 && rqes % alignment == 0,
                    alignment,
                    "rq_hdr_alignment is " + alignment + ", expected a power of two that divides offsets.rqes, "
                            + rqes);
            long size = answer.get("rq_hdr_size");
            Check.that(
                    size <= rqes && size > rqes - alignment,
                    size,
                    "rq_hdr_size is " + size + ", expected that rounded up to " + alignment + " it is offsets.rqes, "
                            + rqes);
            KernelProbe.get()
                    .types()
                    .map(types -> types.sizeOf(Zcrx.REFILL_HEADER))
                    .ifPresent(expected -> expected.ifPresent(bytes -> Check.equal("rq_hdr_size", bytes, size)));
            Check.that(
                    head + 4 <= size && tail + 4 <= size && head != tail,
                    size,
                    "head at " + head + " and tail at " + tail + ", expected both inside of the " + size
                            + " bytes of the header");
        }
    }

    @Test
    @Rule("QRY-011")
    @DisplayName("a short buffer gets as many bytes as it has room for, and no more")
    void shortBuffer() {
        Struct whole = event();
        long defined = Dialect.spoken().zeroesQuery()
                ? whole.type().size()
                : whole.type().field("__resv1").offset();
        for (int size : new int[] {1, 4, 8, 12, (int) Zcrx.QUERY_EVENT.size() - 1}) {
            try (var query = new Query(IoUring.QUERY_ZCRX_EVENT, size, 1)) {
                query.ask(Query.NO_RING).mustBe(0);
                Check.equal("result with size " + size, 0, query.result(0));
                Check.equal("size with size " + size, size, query.header(0).get("size"));
                long compared = Math.min(size, defined);
                Check.equal(
                        "first difference of " + size + " bytes from the whole answer",
                        -1,
                        query.data(0)
                                .asSlice(0, compared)
                                .mismatch(whole.memory().asSlice(0, compared)));
                untouched(query, 0, size);
            }
        }
    }

    @Test
    @Rule("QRY-012")
    @DisplayName("a buffer of just the right size is filled, and nothing behind it is written")
    void exactBuffer() {
        exactBuffer(IoUring.QUERY_ZCRX_EVENT, eventSize());
        exactBuffer(IoUring.QUERY_ZCRX, ZCRX_SIZE);
    }

    private static void exactBuffer(int op, int kernelSize) {
        try (var query = new Query(op, kernelSize, 1)) {
            answered(query, kernelSize);
            untouched(query, 0, kernelSize);
        }
    }

    @Test
    @Rule("QRY-013")
    @DisplayName("a long buffer gets the answer, zeros behind it, and the kernel's own size")
    void longBuffer() {
        longBuffer(IoUring.QUERY_ZCRX_EVENT, eventSize());
        longBuffer(IoUring.QUERY_ZCRX, ZCRX_SIZE);
    }

    private static void longBuffer(int op, int kernelSize) {
        for (int more = 1; more <= 2 * Long.BYTES; more++) {
            longBuffer(op, kernelSize, kernelSize + more);
        }
        longBuffer(op, kernelSize, LONG_SIZE);
    }

    private static void longBuffer(int op, int kernelSize, int size) {
        try (var query = new Query(op, size, 1)) {
            answered(query, kernelSize);
            zeroed(query, 0, kernelSize, size);
        }
    }

    private static void answered(Query query, int kernelSize) {
        query.ask(Query.NO_RING).mustBe(0);
        answered(query, 0, kernelSize);
    }

    private static void answered(Query query, int entry, int kernelSize) {
        Struct header = query.header(entry);
        Check.equal("result of entry " + entry, 0, query.result(entry));
        Check.equal("size of entry " + entry, kernelSize, header.get("size"));
        boolean events = header.get("query_op") == IoUring.QUERY_ZCRX_EVENT;
        StructType type = events ? Dialect.spoken().query() : Zcrx.QUERY;
        same("answer of entry " + entry, events ? event() : zcrx(), query.data(entry, type));
    }

    /** That the kernel left alone what is behind a buffer of that size. */
    private static void untouched(Query query, int entry, int size) {
        Check.bytes(
                "the room behind the buffer",
                query.data(entry),
                size,
                query.data(entry).byteSize(),
                Query.UNTOUCHED);
    }

    private static void zeroed(Query query, int entry, int from, int to) {
        Check.bytes("the buffer", query.data(entry), from, to, 0);
        untouched(query, entry, to);
    }

    @Test
    @Rule("QRY-014")
    @DisplayName("every entry of a chain is answered, each for its own op and size")
    void chain() {
        try (var query = new Query(IoUring.QUERY_ZCRX_EVENT, eventSize(), 4)) {
            query.header(1).set("query_op", IoUring.QUERY_ZCRX).set("size", ZCRX_SIZE);
            query.header(2).set("query_op", IoUring.QUERY_OPCODES).set("size", IoUring.QUERY_OPCODE.size());
            long[] next = IntStream.range(0, query.entries())
                    .mapToLong(i -> query.header(i).get("next_entry"))
                    .toArray();
            query.ask(Query.NO_RING).mustBe(0);
            for (int i = 0; i < query.entries(); i++) {
                Check.equal("next_entry of entry " + i, next[i], query.header(i).get("next_entry"));
            }
            answered(query, 0, eventSize());
            answered(query, 1, ZCRX_SIZE);
            answered(query, 3, eventSize());
            Check.equal("result of entry 2", 0, query.result(2));
            Check.that(
                    query.data(2, IoUring.QUERY_OPCODE).get("nr_query_opcodes") > IoUring.QUERY_ZCRX_EVENT,
                    "nr_query_opcodes does not count the event query");
        }
    }

    @Test
    @Rule("QRY-015")
    @DisplayName("an unknown op gives EOPNOTSUPP in its entry, size 0 and a zeroed buffer, and the chain goes on")
    void unknownOp() {
        long first = answer(Query.NO_RING, IoUring.QUERY_OPCODES, IoUring.QUERY_OPCODE)
                .get("nr_query_opcodes");
        // The low 16 bits of the third are those of a known one.
        for (long unknown : List.of(first, (long) UNKNOWN_OP, 1L << 16 | IoUring.QUERY_ZCRX_EVENT, 0xffff_ffffL)) {
            try (var query = new Query(IoUring.QUERY_ZCRX_EVENT, eventSize(), 3)) {
                query.header(1).set("query_op", unknown);
                query.ask(Query.NO_RING).mustBe(0);
                failedEntry(query, 1, Errno.EOPNOTSUPP, eventSize());
                answered(query, 2, eventSize());
            }
        }
    }

    @Test
    @Rule("QRY-022")
    @DisplayName("the query of operations counts them, and has all flags that are not refused")
    void operations() {
        int queries = 0;
        while (queries < UNKNOWN_OP && exists(queries)) {
            queries++;
        }
        // Of those it knows, the kernel goes on to look for the ring.
        int registrations = 0;
        while (registrations < UNKNOWN_OP
                && Ring.register(NO_FILE, Integer.toString(registrations), registrations, 0, 0, null)
                                .result()
                        == Errno.EBADF.result()) {
            registrations++;
        }
        try (Ring ring = Ring.open(Ring.CqeFormat.CQE32);
                Memory memory = Memory.anonymous(Memory.PAGE_SIZE)) {
            Struct probe = Struct.at(IoUring.PROBE, memory.segment());
            ring.register("PROBE", IoUring.REGISTER_PROBE, probe.address(), 0, probe)
                    .mustBe(0);
            Struct answer = answer(Query.NO_RING, IoUring.QUERY_OPCODES, IoUring.QUERY_OPCODE);
            reservedAreZero(answer);
            Check.equal("nr_query_opcodes", queries, answer.get("nr_query_opcodes"));
            Check.equal("nr_register_opcodes", registrations, answer.get("nr_register_opcodes"));
            Check.equal("nr_request_opcodes", probe.value("last_op") + 1, answer.get("nr_request_opcodes"));
            Check.equal("feature_flags", ring.params().value("features"), answer.get("feature_flags"));
            hasBits(answer, "ring_setup_flags", ring.params().value("flags"));
            hasBits(answer, "enter_flags", IoUring.ENTER_GETEVENTS | IoUring.ENTER_EXT_ARG);
            hasBits(answer, "sqe_flags", IoUring.SQE_FIXED_FILE);
            Check.eachBitBut(
                    answer.get("ring_setup_flags"), bit -> Ring.setup((int) bit).mustBe(Errno.EINVAL));
            Check.eachBitBut(
                    answer.get("enter_flags"), bit -> ring.enter((int) bit).mustBe(Errno.EINVAL));
            // The field of a request has 8 bits.
            Check.eachBitBut(answer.get("sqe_flags") | -1L << Byte.SIZE, bit -> {
                ring.nextSqe().set("opcode", IoUring.OP_NOP).set("flags", bit);
                ring.submit();
                Check.equal(
                        "results of a NOP with flags 0x%x".formatted(bit),
                        List.of((int) Errno.EINVAL.result()),
                        ring.drain().stream().map(Cqe::res).toList());
            });
        }
    }

    private static boolean exists(int op) {
        try (var query = new Query(op, LONG_SIZE, 1)) {
            query.ask(Query.NO_RING).mustBe(0);
            return query.result(0) != Errno.EOPNOTSUPP.result();
        }
    }

    private static void hasBits(Struct answer, String field, long bits) {
        long value = answer.get(field);
        Check.that((value & bits) == bits, value, "%s is 0x%x, expected 0x%x in it".formatted(field, value, bits));
    }

    @Test
    @Rule("QRY-023")
    @DisplayName("the query of ring headers gives the size and alignment of that of a ring")
    void ringHeader() {
        Struct answer = answer(Query.NO_RING, IoUring.QUERY_SCQ, IoUring.QUERY_RINGS);
        try (Ring ring = Ring.open(Ring.CqeFormat.CQE32)) {
            long size = answer.get("hdr_size");
            Check.equal("hdr_size", ring.params().value("cq_off.cqes"), size);
            long alignment = answer.get("hdr_alignment");
            Check.that(
                    Long.bitCount(alignment) == 1 && size % alignment == 0,
                    alignment,
                    "hdr_alignment is " + alignment + ", expected a power of two that divides hdr_size, " + size);
        }
    }

    private static void failedEntry(Query query, int entry, Errno expected, int userSize) {
        Check.equal("result of the entry " + query.header(entry), expected, query.result(entry));
        Check.equal("size of the failed entry", 0, query.header(entry).get("size"));
        zeroed(query, entry, 0, userSize);
    }

    @Test
    @Rule({"QRY-016", "QRY-014"})
    @DisplayName("size 0 gives EINVAL in its entry, and the chain goes on")
    void sizeZero() {
        try (var query = new Query(IoUring.QUERY_ZCRX_EVENT, eventSize(), 2)) {
            query.header(0).set("size", 0);
            query.ask(Query.NO_RING).mustBe(0);
            failedEntry(query, 0, Errno.EINVAL, 0);
            answered(query, 1, eventSize());
        }
    }

    @Test
    @Rule({"QRY-017", "QRY-014"})
    @DisplayName("each reserved byte of the header, and result, must be zero: EINVAL in the entry; the chain goes on")
    void headerReserved() {
        long from = IoUring.QUERY_HDR.field("result").offset();
        for (long i = from; i < IoUring.QUERY_HDR.size(); i++) {
            try (var query = new Query(IoUring.QUERY_ZCRX_EVENT, eventSize(), 2)) {
                query.header(0).memory().set(java.lang.foreign.ValueLayout.JAVA_BYTE, i, (byte) 1);
                query.ask(Query.NO_RING).mustBe(0);
                failedEntry(query, 0, Errno.EINVAL, eventSize());
                answered(query, 1, eventSize());
            }
        }
    }

    @Test
    @Rule({"QRY-015", "QRY-017", "QRY-018"})
    @DisplayName("of an entry the size is looked at first, then the op, then what must be zero")
    void orderOfChecks() {
        try (var query = new Query(UNKNOWN_OP, Memory.PAGE_SIZE + 1, 1)) {
            query.header(0).set("__resv[0]", 1).set("result", 1);
            query.ask(Query.NO_RING).mustBe(Errno.E2BIG);
            query.header(0).set("size", eventSize());
            query.ask(Query.NO_RING).mustBe(0);
            failedEntry(query, 0, Errno.EOPNOTSUPP, eventSize());
        }
        try (var query = new Query(UNKNOWN_OP, 0, 1)) {
            query.ask(Query.NO_RING).mustBe(0);
            failedEntry(query, 0, Errno.EOPNOTSUPP, 0);
        }
    }

    @Test
    @Rule("QRY-018")
    @DisplayName("a size of more than a page is E2BIG, a page is accepted")
    void sizeOfAPage() {
        try (var query = new Query(IoUring.QUERY_ZCRX_EVENT, Memory.PAGE_SIZE, 1);
                Memory room = Memory.anonymous(Memory.PAGE_SIZE)) {
            query.header(0).set("query_data", room.address());
            query.ask(Query.NO_RING).mustBe(0);
            Check.equal("result with a page", 0, query.result(0));
            for (long size : List.of(Memory.PAGE_SIZE + 1L, 0xffff_ffffL)) {
                query.header(0).set("size", size).set("result", 0);
                query.ask(Query.NO_RING).mustBe(Errno.E2BIG);
            }
        }
    }

    @Test
    @Rule("QRY-019")
    @DisplayName("a header, a buffer or a next entry that cannot be read or written is EFAULT")
    void badPointers() {
        try (Memory room = Memory.anonymous(Memory.PAGE_SIZE)) {
            long unmapped = room.address() - Memory.PAGE_SIZE;
            long acrossTheEnd = room.address() + room.size() - 8;
            for (long bad : new long[] {8, unmapped, acrossTheEnd}) {
                Ring.register(Query.NO_RING, "QUERY", IoUring.REGISTER_QUERY, bad, 0, null)
                        .mustBe(Errno.EFAULT);
                try (var query = new Query(IoUring.QUERY_ZCRX_EVENT, eventSize(), 1)) {
                    query.header(0).set("query_data", bad);
                    query.ask(Query.NO_RING).mustBe(Errno.EFAULT);
                }
                try (var query = new Query(IoUring.QUERY_ZCRX_EVENT, eventSize(), 1)) {
                    query.header(0).set("next_entry", bad);
                    query.ask(Query.NO_RING).mustBe(Errno.EFAULT);
                }
            }
            try (var query = new Query(IoUring.QUERY_ZCRX_EVENT, eventSize(), 1)) {
                room.segment().copyFrom(query.header(0).memory().asSlice(0, IoUring.QUERY_HDR.size()));
                room.readOnly();
                Ring.register(Query.NO_RING, "QUERY", IoUring.REGISTER_QUERY, room.address(), 0, null)
                        .mustBe(Errno.EFAULT);
                query.header(0).set("query_data", room.address());
                query.ask(Query.NO_RING).mustBe(Errno.EFAULT);
            }
        }
        // The answer can be written, the zeros behind it can't.
        try (Memory room = Memory.anonymous(Memory.PAGE_SIZE);
                var query = new Query(IoUring.QUERY_ZCRX_EVENT, LONG_SIZE, 1)) {
            query.header(0).set("query_data", room.address() + room.size() - eventSize());
            query.ask(Query.NO_RING).mustBe(Errno.EFAULT);
        }
    }

    @Test
    @Rule("QRY-020")
    @DisplayName("nr_args other than 0 is EINVAL")
    void numberOfArguments() {
        try (var query = new Query(IoUring.QUERY_ZCRX_EVENT, eventSize(), 1)) {
            query.ask(Query.NO_RING, 1).mustBe(Errno.EINVAL);
            query.ask(Query.NO_RING, -1).mustBe(Errno.EINVAL);
        }
    }

    @Test
    @Rule("QRY-021")
    @DisplayName("a chain of 1000 entries, or a circle, is ERANGE; one of 999 is answered")
    void longChain() {
        try (var query = new Query(IoUring.QUERY_ZCRX_EVENT, eventSize(), IoUring.QUERY_MAX_ENTRIES - 1)) {
            query.ask(Query.NO_RING).mustBe(0);
            Check.equal("result of the last entry", 0, query.result(query.entries() - 1));
        }
        try (var query = new Query(IoUring.QUERY_ZCRX_EVENT, eventSize(), IoUring.QUERY_MAX_ENTRIES)) {
            query.ask(Query.NO_RING).mustBe(Errno.ERANGE);
        }
        try (var circle = new Query(UNKNOWN_OP, eventSize(), 2)) {
            circle.header(1).set("next_entry", circle.header(0).address());
            circle.ask(Query.NO_RING).mustBe(Errno.ERANGE);
        }
    }
}
