// SPDX-License-Identifier: MIT
package zcrx.conformance.cases;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.stream.LongStream;
import net.jqwik.api.ForAll;
import net.jqwik.api.Label;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import net.jqwik.api.constraints.Size;
import net.jqwik.api.lifecycle.AddLifecycleHook;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import zcrx.conformance.Evidence;
import zcrx.conformance.Full;
import zcrx.conformance.Paths;
import zcrx.conformance.PropertySeed;
import zcrx.conformance.Rule;
import zcrx.conformance.RunsOn;
import zcrx.conformance.RunsOn.Scope;
import zcrx.conformance.Subject;
import zcrx.fixtures.abi.IoUring;
import zcrx.fixtures.abi.Struct;
import zcrx.fixtures.abi.Zcrx;
import zcrx.fixtures.net.NetNamespace;
import zcrx.fixtures.ring.Cqe;
import zcrx.fixtures.ring.Ring;
import zcrx.fixtures.ring.Ring.CqeFormat;
import zcrx.fixtures.ring.RuleViolation;
import zcrx.fixtures.sys.Errno;
import zcrx.fixtures.sys.Memory;
import zcrx.fixtures.sys.Syscall;
import zcrx.fixtures.sys.SyscallException;
import zcrx.fixtures.traffic.TcpPair;
import zcrx.fixtures.zcrx.Instance;
import zcrx.fixtures.zcrx.RefillRing;
import zcrx.fixtures.zcrx.Registration;
import zcrx.fixtures.zcrx.Session;

@Subject("buffers and data")
@AddLifecycleHook(PropertySeed.class)
class Buffers {
    private static final int PAGES = 8;

    private static Session receiving(int pages) {
        Session session = Session.open(Paths.current().copying(64, pages));
        session.startReceiving();
        return session;
    }

    /** Every buffer of the area must still be deliverable, and no more than these. */
    static void allDeliverable(Session session, int pages) {
        session.giveBackAll();
        Check.equal(
                "entries of the refill ring left after a flush",
                0,
                session.instance().refill().pending());
        // What was sent and not delivered comes first.
        do {
            if (session.terminal() != null) {
                session.startReceiving();
            }
            session.receiveAll();
            session.giveBackAll();
        } while (session.received() < session.tcp().sent());
        if (session.terminal() != null) {
            session.startReceiving();
        }
        session.exhaust(pages, Errno.ENOMEM);
        Check.equal("different buffers in the last " + pages + " completions", pages, session.differentBuffers(pages));
        Check.equal("buffers held", pages, session.held());
    }

    @Test
    @RunsOn(Scope.EVERY_PATH)
    @Rule("BUF-001")
    @DisplayName("every byte arrives, once and in order, over IPv4 and IPv6 and with both formats of completions")
    void everyByte() {
        int pieces = 6;
        int piece = 5 * Memory.PAGE_SIZE + 123;
        for (TcpPair.Family family : Paths.current().families()) {
            try (Session session = Session.open(Paths.current().copying(), family)) {
                session.startReceiving();
                session.transfer(pieces, piece);
                Check.equal("bytes over " + family, (long) pieces * piece, session.received());
            }
        }
        try (Session session = Session.open(CqeFormat.CQE_MIXED, Paths.current().copying())) {
            session.startReceiving();
            session.transfer(pieces, piece);
            Check.equal("bytes on a mixed ring", (long) pieces * piece, session.received());
        }
    }

    @Test
    @RunsOn(Scope.EVERY_PATH)
    @Rule("BUF-030")
    @DisplayName("each completion of data says that more come and how wide it is, and its last word is zero")
    void completions() {
        for (CqeFormat format : CqeFormat.values()) {
            try (Session session = Session.open(format, Paths.current().copying())) {
                session.startReceiving();
                // Looks at each of them, in any test.
                session.transfer(3, 3 * Memory.PAGE_SIZE);
            }
        }
    }

    @Test
    @RunsOn(Scope.EVERY_PATH)
    @Rule("BUF-002")
    @DisplayName("a copied piece starts at the start of a buffer and is no longer than it")
    void oneBufferEach() {
        try (Session session = receiving(32)) {
            Check.equal("rx_buf_len", Memory.PAGE_SIZE, session.instance().bufferSize());
            session.transfer(4, 3 * Memory.PAGE_SIZE + 7);
            for (Cqe cqe : session.log()) {
                Check.equal("offset in the buffer of " + cqe, 0, cqe.extra0() % Memory.PAGE_SIZE);
                Check.that(cqe.res() <= Memory.PAGE_SIZE, cqe + " is longer than a buffer");
            }
        }
    }

    @Test
    @RunsOn(Scope.EVERY_PATH)
    @Rule("BUF-003")
    @DisplayName(
            "no buffer is delivered again while user space holds it; when all are held the receive ends with ENOMEM")
    void notWhileHeld() {
        for (int pages : new int[] {1, 3, 7, PAGES}) {
            try (Session session = receiving(pages)) {
                allDeliverable(session, pages);
            }
        }
    }

    @Test
    @RunsOn(Scope.EVERY_PATH)
    @Rule({"BUF-004", "BUF-005"})
    @DisplayName("buffers that went back by the refill ring and a flush are delivered again, and no byte is lost")
    void recovery() {
        try (Session session = receiving(PAGES)) {
            session.exhaust(PAGES, Errno.ENOMEM);
            allDeliverable(session, PAGES);
        }
    }

    @Test
    @RunsOn(Scope.EVERY_PATH)
    @Rule("BUF-005")
    @DisplayName("a flush consumes every entry of the refill ring, and an empty one is no error")
    void flushConsumes() {
        try (Session session = receiving(64)) {
            RefillRing refill = session.instance().refill();
            session.instance().flush().mustBe(0);
            Check.equal("head", 0, refill.head());
            session.transfer(1, 40 * Memory.PAGE_SIZE);
            int given = session.giveBack(Integer.MAX_VALUE);
            Check.equal("head before the flush", 0, refill.head());
            session.instance().flush().mustBe(0);
            Check.equal("head after the flush", given, refill.head());
        }
    }

    @Test
    @Rule("BUF-005")
    @DisplayName("one flush consumes all of a refill ring that is full, of whatever size")
    void flushConsumesFullRing() {
        for (int entries : new int[] {1, 2, 4, 32, 64}) {
            try (Session session = Session.open(Registration.nodev(entries, entries))) {
                RefillRing refill = session.instance().refill();
                session.startReceiving();
                session.exhaust(entries, Errno.ENOMEM);
                session.giveBack(entries);
                session.instance().flush().mustBe(0);
                Check.equal("head after a flush of " + entries + " entries", entries, refill.head());
            }
        }
    }

    @Test
    @Rule("BUF-006")
    @DisplayName("without a netdev the refill ring is consumed by flushes alone")
    void onlyFlushConsumes() {
        try (Session session = receiving(PAGES)) {
            session.transfer(1, 4 * Memory.PAGE_SIZE);
            int used = session.giveBack(Integer.MAX_VALUE);
            session.exhaust(PAGES - used, Errno.ENOMEM);
            Check.equal("head", 0, session.instance().refill().head());
        }
    }

    @Test
    @Rule("BUF-007")
    @DisplayName(
            "a flush stops at an entry that names no buffer: it is consumed, those behind it are left for the next")
    void invalidEntry() {
        // Of each but the first two a part would name a buffer, to who reads no more than that.
        record Entry(long off, long pad) {}
        int pages = 32;
        List<Entry> invalid = List.of(
                new Entry((long) pages * Memory.PAGE_SIZE, 0),
                new Entry(Zcrx.OFFSET_MASK, 0),
                new Entry(1L << 32, 0),
                new Entry(1L << 40, 0),
                new Entry(1L << Zcrx.AREA_SHIFT, 0),
                new Entry((1L << 8) << Zcrx.AREA_SHIFT, 0),
                new Entry((1L << 15) << Zcrx.AREA_SHIFT, 0),
                new Entry(0, 1),
                new Entry(0, 1 << 16),
                new Entry(0, 1L << 31));
        try (Session session = receiving(pages)) {
            // Every buffer is held, and two go back in each round: there are other rules for those that are not held.
            session.exhaust(pages, Errno.ENOMEM);
            RefillRing refill = session.instance().refill();
            for (Entry entry : invalid) {
                int start = refill.tail();
                session.giveBack(1);
                Struct written =
                        refill.entry(start + 1).clear().set("off", entry.off).set("__pad", entry.pad);
                refill.publish(start + 2);
                session.giveBack(1);
                session.instance().flush().mustBe(0);
                Check.equal("head after an invalid entry " + written, start + 2, refill.head());
                session.instance().flush().mustBe(0);
                Check.equal("head after the next flush", start + 3, refill.head());
            }
            allDeliverable(session, pages);
        }
    }

    @Test
    @Rule("BUF-029")
    @DisplayName("an offset of 2^32 buffers is taken for 0: the buffer there is given back")
    void offsetOfTooManyBuffers() {
        try (Session session = receiving(PAGES)) {
            session.exhaust(PAGES, Errno.ENOMEM);
            Cqe held = session.takeHeld().getFirst();
            RefillRing refill = session.instance().refill();
            long off = held.extra0() + ((long) Memory.PAGE_SIZE << 32);
            refill.push(off, held.res());
            session.instance().flush().mustBe(0);
            session.startReceiving();
            session.mustHaveEnded(Errno.ENOMEM);
            int delivered = session.dataCompletions() - PAGES;
            Evidence.show(
                    "BUF-029",
                    delivered == 0 ? Evidence.Side.DOCUMENT : Evidence.Side.KERNELS,
                    "all %d buffers of an area were held; after a refill entry with off 0x%x the next receive delivered %d"
                            .formatted(PAGES, off, delivered));
            Check.equal("buffers delivered then", 1, delivered);
        }
    }

    @Test
    @Rule({"BUF-015", "BUF-007"})
    @DisplayName("a flush stops at an entry that names no buffer wherever that is among many that are given back")
    void invalidEntryAmongMany() {
        int entries = 64;
        // The kernel takes 32 at a time.
        for (int invalid : new int[] {0, 31, 32, 62}) {
            try (Session session = Session.open(Registration.nodev(entries, entries))) {
                session.startReceiving();
                session.exhaust(entries, Errno.ENOMEM);
                RefillRing refill = session.instance().refill();
                session.giveBack(invalid);
                refill.push((long) entries * Memory.PAGE_SIZE, 0);
                session.giveBack(entries - 1 - invalid);
                session.instance().flush().mustBe(0);
                Check.equal("head after a flush with an invalid entry at " + invalid, invalid + 1, refill.head());
                session.instance().flush().mustBe(0);
                Check.equal("head after the next flush", entries, refill.head());
                allDeliverable(session, entries);
            }
        }
    }

    @Test
    @Full
    @Rule({"BUF-005", "BUF-010"})
    @DisplayName("what a flush has passed with the head it has read: the entry may be written anew at once")
    void headIsToldLast() {
        int entries = 64;
        try (Session session = Session.open(Registration.nodev(entries, entries));
                ExecutorService threads =
                        Executors.newThreadPerTaskExecutor(Thread.ofPlatform().factory())) {
            session.startReceiving();
            session.exhaust(entries, Errno.ENOMEM);
            RefillRing refill = session.instance().refill();
            for (int round = 0; round < 16; round++) {
                int start = refill.tail();
                session.giveBack(entries);
                var flushed = new AtomicBoolean();
                Future<?> writer = threads.submit(() -> {
                    int position = start;
                    while (!flushed.get()) {
                        for (; position < refill.head(); position++) {
                            refill.entry(position).clear().set("__pad", 1);
                        }
                    }
                });
                try {
                    session.instance().flush().mustBe(0);
                } finally {
                    flushed.set(true);
                    Concurrency.result(writer);
                }
                session.startReceiving();
                session.exhaust(entries, Errno.ENOMEM);
                Check.equal("buffers delivered after they went back", entries, session.held());
            }
        }
    }

    @Test
    @RunsOn(Scope.EVERY_PATH)
    @Rule("BUF-008")
    @DisplayName("a buffer that user space does not hold cannot be given back: twice is once")
    void notHeld() {
        try (Session session = receiving(PAGES)) {
            session.transfer(1, 2 * Memory.PAGE_SIZE);
            Instance instance = session.instance();
            List<Cqe> held = session.takeHeld();
            for (int round = 0; round < 3; round++) {
                for (int page = 0; page < PAGES; page++) {
                    instance.refill().push((long) page * Memory.PAGE_SIZE, Memory.PAGE_SIZE);
                }
                // Behind those that are not held, these are given back all the same.
                held.forEach(instance::giveBack);
                instance.flush().mustBe(0);
            }
            allDeliverable(session, PAGES);
        }
    }

    @Test
    @RunsOn(Scope.EVERY_PATH)
    @Rule("BUF-009")
    @DisplayName("the length of a refill entry and the offset inside its buffer do not matter")
    void lengthIgnored() {
        try (Session session = receiving(PAGES)) {
            session.exhaust(PAGES, Errno.ENOMEM);
            RefillRing refill = session.instance().refill();
            int length = -1;
            for (Cqe cqe : session.takeHeld()) {
                refill.push(cqe.extra0() + Memory.PAGE_SIZE - 1, length);
                length = 0;
            }
            session.instance().flush().mustBe(0);
            allDeliverable(session, PAGES);
        }
    }

    @Test
    @RunsOn(Scope.EVERY_PATH)
    @Rule("BUF-010")
    @DisplayName("head and tail of the refill ring wrap around at its size")
    void wrapsAround() {
        int entries = 4;
        try (Session session = Session.open(Paths.current().copying(entries, PAGES))) {
            session.startReceiving();
            for (int i = 0; i < 5 * entries; i++) {
                session.transfer(1, 3 * Memory.PAGE_SIZE);
                session.giveBackAll();
            }
            Check.equal(
                    "head",
                    session.dataCompletions(),
                    session.instance().refill().head());
            allDeliverable(session, PAGES);
        }
    }

    @Test
    @Full
    @Rule({"BUF-010", "BUF-005"})
    @DisplayName("the head of the largest refill ring counts on beyond 65536")
    void farHead() {
        // As in flushConsumesFullRing: none of the entries names a buffer that is held.
        try (Session session = Session.open(Registration.nodev(Zcrx.RQ_MAX_ENTRIES, PAGES))) {
            session.startReceiving();
            RefillRing refill = session.instance().refill();
            for (int round = 1; round <= 3; round++) {
                refill.publish(round * refill.size());
                session.instance().flush().mustBe(0);
                Check.equal("head after " + round + " rings full", (long) round * refill.size(), refill.head());
            }
            allDeliverable(session, PAGES);
        }
    }

    @Test
    @RunsOn(Scope.EVERY_PATH)
    @Rule("BUF-011")
    @DisplayName("a wild tail makes a flush take at most the ring's size, and gives away nothing that was not held")
    void wildTail() {
        try (Session session = receiving(PAGES)) {
            session.transfer(1, 2 * Memory.PAGE_SIZE);
            RefillRing refill = session.instance().refill();
            Check.equal("head", 0, refill.head());
            for (int i = 0; i < refill.size(); i++) {
                Struct entry = refill.entry(i).clear();
                entry.set("off", (long) (PAGES - 1) * Memory.PAGE_SIZE);
            }
            refill.publish(10 * refill.size());
            session.instance().flush().mustBe(0);
            Check.atLeast("entries that a flush consumed", 1, refill.head());
            Check.atMost("entries that a flush consumed", refill::size, refill::head);
            // Back to where the kernel is, as user space must.
            refill.publish(refill.head());
            allDeliverable(session, PAGES);
        }
    }

    @Test
    @RunsOn(Scope.EVERY_PATH)
    @Rule("BUF-012")
    @DisplayName("a receive with a limit delivers exactly that much and ends with 0")
    void limit() {
        int limit = 2 * Memory.PAGE_SIZE + 100;
        try (Session session = Session.open(Paths.current().copying())) {
            // What waits already counts as what comes.
            session.send(Memory.PAGE_SIZE);
            session.awaitArrival();
            session.startReceiving(limit);
            session.receive(Memory.PAGE_SIZE);
            session.send(4 * Memory.PAGE_SIZE);
            Check.equal("res of the end", 0, session.awaitTerminal().res());
            Check.equal("bytes delivered of what waited and what came", limit, session.received());
        }
        for (int before : new int[] {0, Memory.PAGE_SIZE}) {
            try (Session session = Session.open(Paths.current().copying())) {
                session.startReceiving(limit);
                if (before != 0) {
                    session.transfer(1, before);
                }
                session.send(4 * Memory.PAGE_SIZE);
                Cqe end = session.awaitTerminal();
                Check.equal("res of the end", 0, end.res());
                Check.equal("bytes delivered", limit, session.received());
                session.startReceiving();
                session.receive(before + 4 * Memory.PAGE_SIZE - limit);
            }
        }
        try (Session session = Session.open(Paths.current().copying())) {
            session.send(4 * Memory.PAGE_SIZE);
            session.tcp().finish();
            session.awaitArrival();
            receiveLimited(session, limit);
            session.startReceiving();
            session.receive(4 * Memory.PAGE_SIZE - limit);
        }
        int large = 1 << 17;
        try (Session session = Session.open(Paths.current().copying())) {
            session.send(large + Memory.PAGE_SIZE);
            receiveLimited(session, large);
        }
    }

    /** A receive of its own for just so many of the bytes that were sent. */
    static void receiveLimited(Session session, int bytes) {
        long goal = session.received() + bytes;
        session.startReceiving(bytes);
        Check.equal("res of the end", 0, session.awaitTerminal().res());
        Check.equal("bytes delivered", goal, session.received());
    }

    /** All of {@code bytes} that were sent, in receives of {@code piece} bytes each. */
    static void receiveInPieces(Session session, int bytes, int piece) {
        for (int left = bytes; left > 0; left -= piece) {
            receiveLimited(session, piece);
        }
    }

    @Test
    @RunsOn(Scope.NODEV)
    @Rule({"BUF-012", "BUF-028"})
    @DisplayName("a limit counts what it takes of many packets that wait at once")
    void limitOfManyPackets() {
        try (Session session = Session.open(roomForPackets())) {
            packetsArrive(session);
            receiveLimited(session, (PACKETS - 1) * PACKET + 100);
            session.giveBackAll();
            session.startReceiving();
            session.receive(session.tcp().sent() - session.received());
        }
    }

    @Test
    @RunsOn(Scope.NODEV)
    @Rule("BUF-028")
    @DisplayName("a receive that waited delivers all that has come meanwhile, though no packet follows")
    void manyPackets() {
        try (Session session = Session.open(roomForPackets())) {
            session.startReceiving();
            packetsArrive(session);
            session.receive(session.tcp().sent());
        }
    }

    /** Two of them are more pages than a packet can point to, so that the socket joins none. */
    private static final int PACKET = 9 * Memory.PAGE_SIZE;

    /** More than are taken at a time, which is 20. */
    private static final int PACKETS = 22;

    private static Registration roomForPackets() {
        int room = 4 * PACKETS * PACKET;
        return Registration.nodev(64, PACKETS * 12)
                .over(family -> TcpPair.loopback(family, NetNamespace.OWN, room, room));
    }

    private static void packetsArrive(Session session) {
        for (int i = 0; i < PACKETS; i++) {
            session.tcp().sendFile(PACKET);
        }
        session.awaitArrival();
    }

    @Test
    @RunsOn(Scope.EVERY_PATH)
    @Rule("BUF-013")
    @DisplayName("the end of the stream ends the receive with 0, after all the data")
    void endOfStream() {
        try (Session session = Session.open(Paths.current().copying())) {
            session.startReceiving(5 * Memory.PAGE_SIZE);
            session.transfer(1, 2 * Memory.PAGE_SIZE);
            session.tcp().finish();
            Check.equal(
                    "res of the end before a limit", 0, session.awaitTerminal().res());
        }
        for (boolean bothBeforeItLooks : new boolean[] {false, true}) {
            try (Session session = receiving(32)) {
                session.send(3 * Memory.PAGE_SIZE);
                session.tcp().finish();
                if (bothBeforeItLooks) {
                    session.awaitArrival();
                }
                Check.equal("res of the end", 0, session.awaitTerminal().res());
                Check.equal("bytes delivered", 3L * Memory.PAGE_SIZE, session.received());
            }
        }
    }

    @Test
    @Rule("BUF-013")
    @DisplayName("a socket that is shut down for reading ends the receive with 0 as well")
    void shutDownForReading() {
        try (Session session = receiving(PAGES)) {
            session.transfer(1, 2 * Memory.PAGE_SIZE);
            session.tcp().shutDownReceiver();
            Check.equal("res of the end", 0, session.awaitTerminal().res());
        }
    }

    @Test
    @RunsOn(Scope.NODEV)
    @Rule({"BUF-031", "BUF-001"})
    @DisplayName("completions that wait while their ring is given another size stay whole, and more can follow")
    void resizedRing() {
        int slots = 32;
        // No completion ring may be smaller than that of submissions.
        int fewest = 4;
        int few = (fewest + 1) * Memory.PAGE_SIZE;
        for (CqeFormat format : CqeFormat.values()) {
            try (Session session = Session.open(
                    format,
                    slots,
                    Registration.nodev(64, PAGES).events(1 << Zcrx.EVENT_COPY).stats())) {
                Ring ring = session.ring();
                session.startReceiving();
                for (int round = 0; round < 12; round++) {
                    session.send(few);
                    session.awaitArrival();
                    ring.runTaskWork();
                    Check.that(ring.ready() > fewest, "no completions are there though data waited when they were due");
                    ring.resize(fewest).mustBe(Errno.EOVERFLOW);
                    ring.resize(2 * slots).mustBe(0);
                    session.receive(few);
                    session.transfer(1, Memory.PAGE_SIZE);
                    session.giveBackAll();
                    session.settle();
                    // With none that waits: where a wide one of CQE_MIXED would have to wrap, it does not fit.
                    ring.resize(slots).mustBe(0);
                }
                Check.equal("number of events", 1, session.takeEvents().size());
                Check.equal("copy_bytes", session.received(), session.stats().bytes());
            }
        }
    }

    @Test
    @Rule({"BUF-013", "BUF-027"})
    @DisplayName("a stream that came to its end before the connection was reset ends the receive with 0")
    void resetBehindTheEnd() {
        try (Session session = Session.open(Registration.nodev())) {
            session.tcp().finish();
            session.tcp().resetSender();
            session.startReceiving();
            Check.equal("res of the end", 0, session.awaitTerminal().res());
        }
    }

    @Test
    @Rule({"BUF-013", "BUF-001"})
    @DisplayName("a socket that will send nothing goes on receiving")
    void halfClosed() {
        try (Session session = Session.open(Registration.nodev(64, PAGES))) {
            session.tcp().finishReceiver();
            // Nothing waits when it looks first.
            session.startReceiving();
            session.transfer(2, 2 * Memory.PAGE_SIZE);
            session.settle();
            Check.that(session.terminal() == null, "the receive ended with " + session.terminal());
        }
    }

    @Test
    @Rule("BUF-014")
    @DisplayName("hundreds of areas can be added: completions and refill entries tell each from the others")
    void manyAreas() {
        Check.needsAddArea();
        int areas = 260;
        int buffers = areas + 1;
        try (Memory more = Memory.anonymous((long) areas * Memory.PAGE_SIZE);
                Session session = Session.open(Registration.nodev(512, 1))) {
            for (int i = 0; i < areas; i++) {
                MemorySegment memory = more.segment().asSlice((long) i * Memory.PAGE_SIZE, Memory.PAGE_SIZE);
                Struct area = session.instance().areaArg(memory);
                session.instance().addArea(area, memory).mustBe(0);
                Check.equal("token", (i + 1L) << Zcrx.AREA_SHIFT, area.get("rq_area_token"));
            }
            for (int round = 0; round < 2; round++) {
                session.startReceiving();
                session.exhaust(buffers, Errno.ENOMEM);
                Check.equal("buffers delivered of all areas", buffers, session.held());
                session.giveBackAll();
            }
        }
    }

    @Test
    @RunsOn(Scope.EVERY_PATH)
    @Rule("BUF-014")
    @DisplayName("areas can be added: each has its own token, and its buffers are used when the first area is empty")
    void addedArea() {
        Check.needsAddArea();
        try (Memory more = Memory.anonymous(4L * Memory.PAGE_SIZE);
                Session session = receiving(2)) {
            Struct area = session.instance().areaArg(more.segment());
            session.instance().addArea(area, more.segment()).mustBe(0);
            Check.equal("token of the second area", 1L << Zcrx.AREA_SHIFT, area.get("rq_area_token"));
            session.exhaust(6, Errno.ENOMEM);
            Check.equal("buffers delivered from both areas", 6, session.dataCompletions());
            session.giveBackAll();
            session.startReceiving();
            session.receive(session.tcp().sent() - session.received());
        }
    }

    @Test
    @Rule({"BUF-014", "BUF-003"})
    @DisplayName("whatever area had the last buffer, a buffer of an earlier one that is free is found")
    void earlierArea() {
        Check.needsAddArea();
        int pages = 8;
        int piece = 1000;
        try (Memory more = Memory.anonymous((long) pages * Memory.PAGE_SIZE);
                Session session = receiving(pages)) {
            Instance instance = session.instance();
            instance.addArea(instance.areaArg(more.segment()), more.segment()).mustBe(0);
            // One by one, so that none is looked for again: a buffer each, or two where the sender's memory ends.
            session.transfer(pages + 1, piece);
            session.giveBack(pages);
            instance.flush().mustBe(0);
            session.transfer(pages + pages / 2, piece);
        }
    }

    @Test
    @Rule("BUF-014")
    @DisplayName(
            "areas that are added when all buffers are held end the want of them; each buffer goes back to its area")
    void addedWhenExhausted() {
        Check.needsAddArea();
        int areas = 4;
        int pages = 2;
        int buffers = areas * pages;
        int returned = buffers - pages;
        try (Memory more = Memory.anonymous((long) buffers * Memory.PAGE_SIZE);
                Session session = receiving(pages)) {
            session.exhaust(pages, Errno.ENOMEM);
            for (int i = 1; i < areas; i++) {
                MemorySegment memory =
                        more.segment().asSlice((long) i * pages * Memory.PAGE_SIZE, (long) pages * Memory.PAGE_SIZE);
                Struct area = session.instance().areaArg(memory);
                session.instance().addArea(area, memory).mustBe(0);
                Check.equal("token", (long) i << Zcrx.AREA_SHIFT, area.get("rq_area_token"));
                session.startReceiving();
                session.exhaust(pages, Errno.ENOMEM);
                // Nothing was given back: these are the buffers of the new area, and all of them.
                List<Cqe> latest = data(session);
                for (Cqe cqe : latest.subList(latest.size() - pages, latest.size())) {
                    Check.equal("area of " + cqe, i, cqe.extra0() >>> Zcrx.AREA_SHIFT);
                }
            }
            // The first area is held whole and stays so, whatever is given back to the others.
            List<Cqe> all = session.takeHeld();
            Check.equal("buffers held", buffers, all.size());
            all.stream().filter(cqe -> cqe.extra0() >>> Zcrx.AREA_SHIFT != 0).forEach(session.instance()::giveBack);
            session.instance().flush().mustBe(0);
            session.startReceiving();
            session.exhaust(returned, Errno.ENOMEM);
            List<Cqe> again = data(session);
            for (Cqe cqe : again.subList(buffers, again.size())) {
                Check.that(cqe.extra0() >>> Zcrx.AREA_SHIFT != 0, "a buffer that is held was delivered: " + cqe);
            }
            Check.equal("buffers delivered anew", returned, again.size() - buffers);
        }
    }

    private static List<Cqe> data(Session session) {
        return session.log().stream().filter(Cqe::more).toList();
    }

    @Test
    @Rule("BUF-026")
    @DisplayName("a receive names an instance, is multishot and sets nothing else: EINVAL; its socket is one of TCP")
    void requests() {
        try (Session session = Session.open(Registration.nodev(64, PAGES))) {
            Instance instance = session.instance();
            int tcp = session.tcp().receiver();
            Map<String, List<Long>> bent = Map.of(
                    "zcrx_ifq_idx", List.of(1L << 16),
                    "ioprio", List.of(0L),
                    "addr", List.of(8L, 1L << 32, 1L << 63),
                    "off", List.of(8L, 1L << 32, 1L << 63),
                    "addr3", List.of(8L, 1L << 32, 1L << 63),
                    "msg_flags",
                            LongStream.range(0, Integer.SIZE)
                                    .map(bit -> 1L << bit)
                                    .boxed()
                                    .toList());
            bent.forEach((field, values) -> values.forEach(value -> {
                Struct sqe = Instance.receive(session.ring(), instance.id(), tcp, 0, 1)
                        .set(field, value);
                ends(session.ring(), sqe, Errno.EINVAL);
            }));
            Struct missing = Instance.receive(session.ring(), instance.id() + 1, tcp, 0, 1);
            ends(session.ring(), missing, Errno.EINVAL);
            Struct unknown = Instance.receive(session.ring(), instance.id(), tcp, 0, 1);
            ends(session.ring(), unknown.set("ioprio", IoUring.RECV_MULTISHOT | 1 << 15), Errno.EINVAL);
            int datagrams = (int) Syscall.SOCKET.must(2, 2, 0);
            ends(
                    session.ring(),
                    Instance.receive(session.ring(), instance.id(), datagrams, 0, 1),
                    Errno.EPROTONOSUPPORT);
            Syscall.CLOSE.must(datagrams);
            ends(
                    session.ring(),
                    Instance.receive(
                            session.ring(), instance.id(), session.ring().fd(), 0, 1),
                    Errno.ENOTSOCK);
            session.startReceiving();
            session.transfer(1, 2 * Memory.PAGE_SIZE);
        }
    }

    @Test
    @Rule({"BUF-012", "BUF-026"})
    @DisplayName("a limit may have all of its 32 bits")
    void largestLimit() {
        try (Session session = Session.open(Registration.nodev())) {
            session.startReceiving(-1);
            session.transfer(2, 2 * Memory.PAGE_SIZE);
        }
    }

    @Test
    @Rule({"BUF-026", "BUF-001"})
    @DisplayName("the socket may be a registered file")
    void registeredFile() {
        try (Session session = Session.open(Registration.nodev());
                Memory files = Memory.anonymous(Memory.PAGE_SIZE)) {
            int socket = session.tcp().receiver();
            files.segment().set(ValueLayout.JAVA_INT, 0, socket);
            session.ring()
                    .register("FILES", IoUring.REGISTER_FILES, files.address(), 1, null)
                    .mustBe(0);
            session.startReceiving(
                    request -> request.set("flags", IoUring.SQE_FIXED_FILE).set("fd", 0));
            session.transfer(2, 2 * Memory.PAGE_SIZE);
        }
    }

    @Test
    @Rule({"BUF-028", "BUF-001"})
    @DisplayName("a receive that polls first delivers what waits already, and what comes")
    void pollsFirst() {
        try (Session session = Session.open(Registration.nodev())) {
            session.send(2 * Memory.PAGE_SIZE);
            session.awaitArrival();
            session.startReceiving(request -> request.set("ioprio", IoUring.RECV_MULTISHOT | IoUring.RECV_POLL_FIRST));
            session.receive(session.tcp().sent());
            session.transfer(2, 2 * Memory.PAGE_SIZE);
        }
    }

    @Test
    @Rule("BUF-027")
    @DisplayName("a reset of the connection ends the receive with ECONNRESET; without a connection it is ENOTCONN")
    void brokenConnection() {
        try (Session session = Session.open(Registration.nodev())) {
            session.startReceiving();
            session.transfer(1, PAGES * Memory.PAGE_SIZE);
            session.tcp().resetSender();
            session.mustHaveEnded(Errno.ECONNRESET);
        }
        try (Session session = Session.open(Registration.nodev())) {
            // Over loopback both are there before the receive starts.
            session.send(PAGES * Memory.PAGE_SIZE);
            session.awaitArrival();
            session.tcp().resetSender();
            session.startReceiving();
            session.receive(session.tcp().sent());
            session.mustHaveEnded(Errno.ECONNRESET);

            int unconnected = (int) Syscall.SOCKET.must(session.tcp().family().number(), 1, 0);
            try {
                for (int listening = 0; listening < 2; listening++) {
                    Struct sqe =
                            Instance.receive(session.ring(), session.instance().id(), unconnected, 0, 1);
                    ends(session.ring(), sqe, Errno.ENOTCONN);
                    Syscall.LISTEN.must(unconnected, 1);
                }
            } finally {
                Syscall.CLOSE.must(unconnected);
            }
        }
    }

    private static void ends(Ring ring, Struct sqe, Errno expected) {
        Struct shown = sqe.snapshot();
        ring.submit();
        List<Cqe> cqes = ring.drain();
        Check.that(
                cqes.size() == 1
                        && cqes.getFirst().res() == expected.result()
                        && !cqes.getFirst().more(),
                "a request " + shown + "\ncompleted with " + cqes + ", expected one with res -" + expected);
    }

    @Test
    @RunsOn(Scope.EVERY_PATH)
    @Rule("BUF-017")
    @DisplayName(
            "a buffer that user space holds stays as it is, and nothing is written behind what was delivered in it")
    void heldStaysAsItIs() {
        byte untouched = 0x5a;
        int pages = 16;
        var registration = Paths.current().copying(64, pages);
        registration.areaMemory().fill(untouched);
        try (Session session = Session.open(registration)) {
            session.startReceiving();
            session.transfer(1, 3 * Memory.PAGE_SIZE + 100);
            Kept kept = Kept.of(session);
            for (int i = 0; i < 8; i++) {
                session.transfer(1, 5 * Memory.PAGE_SIZE);
                session.giveBackAll();
            }
            kept.mustBeAsTheyWere();
            for (Cqe cqe : kept.completions()) {
                MemorySegment now = session.instance().data(cqe);
                MemorySegment area = registration.areaMemory();
                long from = now.address() - area.address() + now.byteSize();
                Check.bytes("the area, behind " + cqe, area, from, Memory.roundUp(from), untouched);
            }
        }
    }

    @Full
    @Property(tries = 100)
    @RunsOn(Scope.EVERY_PATH)
    @Rule("BUF-015")
    @Label("no buffer is ever lost: after any use, giving everything back makes every buffer deliverable")
    void noneLost(@ForAll @Size(min = 1, max = 10) List<@IntRange(min = 1, max = 12_000) Integer> sizes) {
        try (Session session = receiving(PAGES)) {
            for (int size : sizes) {
                if (session.tcp().sent() - session.received() > 2L * Memory.PAGE_SIZE) {
                    session.giveBackAll();
                }
                if (session.terminal() != null) {
                    session.startReceiving();
                }
                session.send(size);
                session.receiveAll();
            }
            session.giveBackAll();
            allDeliverable(session, PAGES);
        }
    }

    @Test
    @RunsOn(Scope.EVERY_PATH)
    @Rule({"BUF-015", "BUF-001"})
    @DisplayName("neither a buffer nor a byte is lost to a completion ring that was full")
    void noneLostToFullRing() {
        int slots = 4;
        try (Session session =
                Session.open(CqeFormat.CQE32, slots, Paths.current().copying(64, PAGES))) {
            // More rounds than there are buffers to lose. How such a receive ends is another rule's.
            for (int round = 0; round <= PAGES; round++) {
                // What comes piece by piece is reaped piece by piece, and fills no ring.
                session.send((slots + 2) * Memory.PAGE_SIZE);
                session.awaitArrival();
                session.receiveRest();
                session.giveBackAll();
            }
            Check.equal(
                    "receives that found no buffer, though there are more than were sent at a time",
                    List.of(),
                    session.log().stream()
                            .filter(cqe -> cqe.res() == Errno.ENOMEM.result())
                            .toList());
        }
    }

    @Test
    @Rule("BUF-018")
    @DisplayName("head and tail of the refill ring are 0 after registration, whatever was there")
    void emptyAtRegistration() {
        try (Ring ring = Ring.open(CqeFormat.CQE32)) {
            for (int id = 0; id < 2; id++) {
                try (var registration = Registration.nodev(64, PAGES)) {
                    registration.regionMemory().fill((byte) 0x5a);
                    try (Instance instance = Instance.register(ring, registration)) {
                        Check.equal("head", 0, instance.refill().head());
                        Check.equal("tail", 0, instance.refill().tail());
                    }
                }
            }
        }
    }

    @Test
    @Rule("BUF-016")
    @DisplayName("a region of the kernel's own is mapped at its offset, each instance's its own; the user's own is not")
    void kernelAllocatedRegion() {
        try (var first = Registration.nodev(64, 8);
                var second = Registration.nodev(64, 8);
                var third = Registration.nodev(64, 8);
                var own = Registration.nodev(64, 8);
                Ring ring = Ring.open(CqeFormat.CQE32)) {
            for (var registration : List.of(first, second, third)) {
                registration.kernelsRegion().submit(ring).mustBe(0);
            }
            own.submit(ring).mustBe(0);
            Check.equal(
                    "mmap_offset of memory of the user's own", 0, own.region().get("mmap_offset"));
            long perId = second.region().get("mmap_offset") - first.region().get("mmap_offset");
            try (Memory one = map(ring, first);
                    Memory other = map(ring, second);
                    Memory last = map(ring, third);
                    Memory arg = Memory.anonymous(Memory.PAGE_SIZE)) {
                long tail = second.reg().get("offsets.tail");
                long head = second.reg().get("offsets.head");
                // An entry that names no buffer: a flush consumes it and stops.
                other.segment()
                        .set(
                                ValueLayout.JAVA_INT,
                                second.reg().get("offsets.rqes")
                                        + Zcrx.RQE.field("__pad").offset(),
                                1);
                other.segment().set(ValueLayout.JAVA_INT, tail, 1);
                Struct flush = Struct.at(Zcrx.CTRL_FOR_FLUSH, arg.segment()).set("zcrx_id", 1);
                ring.register("ZCRX_CTRL", IoUring.REGISTER_ZCRX_CTRL, flush.address(), 0, flush)
                        .mustBe(0);
                Check.equal("head", 1, other.segment().get(ValueLayout.JAVA_INT, head));
                Check.equal("head of the first instance", 0, one.segment().get(ValueLayout.JAVA_INT, head));
                Check.equal("head of the third instance", 0, last.segment().get(ValueLayout.JAVA_INT, head));
                last.segment().set(ValueLayout.JAVA_INT, tail, 7);
                Check.equal("tail of the first instance", 0, one.segment().get(ValueLayout.JAVA_INT, tail));
                Check.equal("tail of the second instance", 1, other.segment().get(ValueLayout.JAVA_INT, tail));
            }
            for (long id = 3; id < 5; id++) {
                long offset = first.region().get("mmap_offset") + id * perId;
                Check.equal(
                        "mmap() of region " + id, Errno.EINVAL, Memory.tryShared(ring.fd(), Memory.PAGE_SIZE, offset));
            }
        }
    }

    @Test
    @Rule("BUF-016")
    @DisplayName("a large region of the kernel's own has each of its pages once, for the kernel as for the user")
    void largeKernelAllocatedRegion() {
        int entries = 32768;
        // An entry that names no buffer, in a page far behind.
        int invalid = 3000;
        try (var registration = Registration.nodev(entries, PAGES).kernelsRegion();
                Ring ring = Ring.open(CqeFormat.CQE32);
                Instance instance = Instance.register(ring, registration)) {
            Struct reg = registration.reg();
            try (Memory mapped = map(ring, registration)) {
                MemorySegment region = mapped.segment();
                Struct entry = Struct.at(
                        Zcrx.RQE, region.asSlice(reg.get("offsets.rqes") + invalid * Zcrx.RQE.size(), Zcrx.RQE.size()));
                entry.set("__pad", 1);
                region.set(ValueLayout.JAVA_INT, reg.get("offsets.tail"), entries);
                instance.flush().mustBe(0);
                Check.equal(
                        "head after an invalid entry at " + invalid,
                        invalid + 1,
                        region.get(ValueLayout.JAVA_INT, reg.get("offsets.head")));
                try {
                    eachPageOnce(region);
                } catch (InternalError e) {
                    throw new RuleViolation("not all of the region that was mapped is there: SIGBUS");
                }
            }
        }
    }

    private static void eachPageOnce(MemorySegment region) {
        long last = (long) Memory.PAGE_SIZE - Long.BYTES;
        for (long at = last; at < region.byteSize(); at += Memory.PAGE_SIZE) {
            region.set(ValueLayout.JAVA_LONG, at, at);
        }
        for (long at = last; at < region.byteSize(); at += Memory.PAGE_SIZE) {
            Check.equal("word at " + at + " of the region", at, region.get(ValueLayout.JAVA_LONG, at));
        }
    }

    @Test
    @RunsOn(Scope.NODEV)
    @Rule({"BUF-005", "OFF-010", "CNT-004"})
    @DisplayName("a region may lie anywhere in a huge page: entries are taken there, and statistics written")
    void regionInHugePage() {
        long pages = 8;
        byte untouched = 0x5a;
        long start = 5L * Memory.PAGE_SIZE;
        long end = start + pages * Memory.PAGE_SIZE;
        try (Memory huge = NetdevLimits.contiguous(1, (int) Memory.HUGE)) {
            huge.segment().fill(untouched);
            MemorySegment middle = huge.segment().asSlice(start, end - start);
            middle.fill((byte) 0);
            try (Session session =
                    Session.open(Registration.nodev(64, PAGES).region(middle).stats())) {
                session.startReceiving();
                session.transfer(2, 3 * Memory.PAGE_SIZE);
                int given = session.giveBack(Integer.MAX_VALUE);
                session.instance().flush().mustBe(0);
                Check.equal(
                        "head after a flush", given, session.instance().refill().head());
                Check.equal("copy_bytes", session.received(), session.stats().bytes());
            }
            Check.bytes("the huge page before the region", huge.segment(), 0, start, untouched);
            Check.bytes("the huge page behind the region", huge.segment(), end, Memory.HUGE, untouched);
        }
    }

    @Test
    @Rule({"BUF-014", "BUF-005", "CTL-012"})
    @DisplayName("what waits in the refill ring when an area is added is there for the next flush")
    void addedWhileEntriesWait() {
        Check.needsAddArea();
        try (Memory more = Memory.anonymous((long) PAGES * Memory.PAGE_SIZE);
                Session session = receiving(PAGES)) {
            session.exhaust(PAGES, Errno.ENOMEM);
            session.giveBack(Integer.MAX_VALUE);
            Struct area = session.instance().areaArg(more.segment());
            session.instance().addArea(area, more.segment()).mustBe(0);
            session.instance().flush().mustBe(0);
            allDeliverable(session, 2 * PAGES);
        }
    }

    /** The region that the kernel allocated for the instance, through a ring that has it under the same number. */
    static Memory map(Ring ring, Registration registration) {
        try {
            return Memory.shared(
                    ring.fd(),
                    registration.region().get("size"),
                    registration.region().get("mmap_offset"));
        } catch (SyscallException e) {
            throw new RuleViolation(e.getMessage() + ", expected the region");
        }
    }
}
