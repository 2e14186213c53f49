// SPDX-License-Identifier: MIT
package zcrx.conformance.cases;

import java.lang.foreign.MemorySegment;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Consumer;
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
import zcrx.fixtures.abi.Zcrx;
import zcrx.fixtures.net.NetNamespace;
import zcrx.fixtures.ring.Ring;
import zcrx.fixtures.ring.Ring.CqeFormat;
import zcrx.fixtures.ring.RuleViolation;
import zcrx.fixtures.sys.Errno;
import zcrx.fixtures.sys.Memory;
import zcrx.fixtures.traffic.TcpPair;
import zcrx.fixtures.zcrx.Exported;
import zcrx.fixtures.zcrx.Instance;
import zcrx.fixtures.zcrx.Registration;
import zcrx.fixtures.zcrx.Session;
import zcrx.fixtures.zcrx.Stats.Snapshot;

@Subject("counter accuracy")
@AddLifecycleHook(PropertySeed.class)
@RunsOn(Scope.EVERY_PATH)
class CopyCounters {
    /** Large enough that the kernel never moves it into the linear part of a packet, whose copy is not counted. */
    private static final int PIECE = 2 * Memory.PAGE_SIZE;

    private static final int BOTH = Zcrx.EVENT_TYPE_MASK;

    private static Session receiving(Registration registration) {
        Session session = Session.open(registration.stats());
        session.startReceiving();
        return session;
    }

    /** What holds whatever the packets look like. */
    private static void invariants(Session session, Snapshot before) {
        Snapshot counted = session.stats().minus(before);
        Check.atMost("copy_bytes", session::received, counted::bytes);
        Check.atMost("copy_count", session::dataCompletions, counted::count);
        Check.atLeast("copy_count of " + counted, counted.bytes() > 0 ? 1 : 0, counted.count());
        Check.atLeast("copy_bytes of " + counted, counted.count() > 0 ? 1 : 0, counted.bytes());
        if (counted.bytes() < session.received()) {
            Evidence.show(
                    "CNT-012",
                    Evidence.Side.KERNELS,
                    "%d bytes were received, all by copying, and %s".formatted(session.received(), counted));
        }
    }

    /** Gives what the next ones must not be below. */
    private static Snapshot notBelow(Snapshot earlier, Snapshot now) {
        Check.atLeast("copy_count after " + earlier, earlier::count, now::count);
        Check.atLeast("copy_bytes after " + earlier, earlier::bytes, now::bytes);
        return now;
    }

    @Test
    @Rule("CNT-001")
    @DisplayName("both counters are zero after registration, whatever was there")
    void zeroedAtRegistration() {
        for (int types : new int[] {BOTH, 0}) {
            try (var registration = Paths.current().copying().events(types).stats()) {
                MemorySegment region = registration.regionMemory();
                region.fill((byte) 0xff);
                try (Ring ring = Ring.open(CqeFormat.CQE32);
                        Instance instance = Instance.register(ring, registration)) {
                    Check.equal("statistics", Snapshot.ZERO, instance.stats().read());
                }
            }
        }
    }

    @Test
    @Rule("CNT-002")
    @DisplayName("copies are counted when no event was subscribed to")
    void withoutSubscription() {
        try (Session session = receiving(Paths.current().copying())) {
            session.transfer(3, PIECE);
            Check.equal("copy_bytes", 3L * PIECE, session.stats().bytes());
            invariants(session, Snapshot.ZERO);
        }
    }

    @Test
    @Rule("CNT-003")
    @DisplayName("copies are counted while the event is latched")
    void whileLatched() {
        try (Session session = receiving(Paths.current().copying().events(BOTH))) {
            session.transfer(1, PIECE);
            session.settle();
            session.awaitEvent();
            Snapshot latched = session.stats();
            session.transfer(2, PIECE);
            Check.equal(
                    "bytes counted while latched",
                    2L * PIECE,
                    session.stats().minus(latched).bytes());
            invariants(session, Snapshot.ZERO);
        }
    }

    @Test
    @Rule("CNT-004")
    @DisplayName("copy_bytes is exactly what was delivered, when all of it was in fragments")
    void exactBytes() {
        for (int piece : new int[] {PIECE, PIECE + 1, 5 * Memory.PAGE_SIZE - 1, 8 * Memory.PAGE_SIZE}) {
            try (Session session = receiving(Paths.current().copying())) {
                session.transfer(4, piece);
                Check.equal(
                        "copy_bytes after 4 pieces of " + piece,
                        4L * piece,
                        session.stats().bytes());
                invariants(session, Snapshot.ZERO);
            }
        }
    }

    @Test
    @RunsOn(Scope.NODEV)
    @Rule("CNT-004")
    @DisplayName("of many pieces none is forgotten")
    void manyPieces() {
        int pieces = 128;
        // Of more buffers than it takes: what a flush does to counters is another rule's.
        try (Session session = receiving(Registration.nodev(Registration.DEFAULT_ENTRIES, 4 * pieces))) {
            for (int i = 0; i < pieces; i++) {
                session.transfer(1, PIECE);
            }
            Check.equal(
                    "copy_bytes after " + pieces + " pieces of " + PIECE,
                    (long) pieces * PIECE,
                    session.stats().bytes());
            invariants(session, Snapshot.ZERO);
        }
    }

    @Test
    @RunsOn(Scope.NODEV)
    @Rule("CNT-005")
    @DisplayName("copy_count is one for each fragment, not for each completion")
    void fragmentOfManyPages() {
        // A thread of its own starts with fresh memory for fragments, so that all pages fall into one; more of them
        // than half the window of loopback would become two packets.
        int pages = 7;
        Check.inAnotherThread(() -> {
            try (Session session = receiving(Registration.nodev())) {
                session.transfer(1, pages * Memory.PAGE_SIZE);
                invariants(session, Snapshot.ZERO);
                int completions = session.dataCompletions();
                Check.equal("completions", pages, completions);
                long count = session.stats().count();
                String seen =
                        "one fragment of " + pages + " pages: " + completions + " completions, copy_count " + count;
                if (count == 1) {
                    Evidence.show("CNT-005", Evidence.Side.KERNELS, seen);
                } else if (count == completions) {
                    Evidence.show("CNT-005", Evidence.Side.HEADER, seen);
                }
                Check.equal("copy_count", 1, session.stats().count());
            }
        });
    }

    @Test
    @Rule("CNT-006")
    @DisplayName("the counters never go down, neither by a flush nor by arming")
    void neverDown() {
        try (Session session = receiving(Paths.current().copying().events(BOTH))) {
            Snapshot last = session.stats();
            for (int i = 0; i < 16; i++) {
                session.transfer(1, PIECE);
                last = notBelow(last, session.stats());
                session.giveBackAll();
                last = notBelow(last, session.stats());
                session.settle();
                if (i % 2 == 0) {
                    session.arm(Zcrx.EVENT_COPY);
                    last = notBelow(last, session.stats());
                }
            }
        }
    }

    @Test
    @Rule("CNT-007")
    @DisplayName("what is delivered before the buffers run out is counted, and the rest when it comes")
    void outOfBuffers() {
        int pages = 4;
        try (Session session = receiving(Paths.current().copying(64, pages))) {
            session.exhaust(pages, Errno.ENOMEM);
            Check.equal("completions", pages, session.dataCompletions());
            Check.equal("copy_bytes", session.received(), session.stats().bytes());
            session.receiveRest();
            Check.equal("copy_bytes", session.tcp().sent(), session.stats().bytes());
            invariants(session, Snapshot.ZERO);
        }
    }

    @Test
    @RunsOn(Scope.NODEV)
    @Rule("CNT-018")
    @DisplayName("a copy that finds no buffer is not counted")
    void copyOfNothing() {
        int pages = 4;
        try (Session session = receiving(Paths.current().copying(64, pages))) {
            session.exhaust(pages, Errno.ENOMEM);
            Snapshot before = session.stats();
            session.startReceiving();
            session.mustHaveEnded(Errno.ENOMEM);
            Check.equal("completions that bring data", pages, session.dataCompletions());
            Check.equal("statistics after a receive without any buffer", before, session.stats());
        }
    }

    @Test
    @Rule("CNT-008")
    @DisplayName("what is delivered before the completion ring is full is counted, and the rest when it comes")
    void fullCompletionRing() {
        int slots = 4;
        try (Session session =
                Session.open(CqeFormat.CQE32, slots, Paths.current().copying().stats())) {
            session.startReceiving();
            session.send(2 * slots * Memory.PAGE_SIZE);
            // What comes piece by piece is reaped piece by piece, and fills no ring.
            session.awaitArrival();
            session.receiveAll();
            Check.equal("copy_bytes", session.received(), session.stats().bytes());
            session.receiveRest();
            Check.equal("copy_bytes", session.tcp().sent(), session.stats().bytes());
            invariants(session, Snapshot.ZERO);
        }
    }

    @Test
    @Rule("CNT-009")
    @DisplayName("the kernel goes on from the values that user space has written")
    void userReset() {
        try (Session session = receiving(Paths.current().copying())) {
            session.transfer(1, PIECE);
            for (Snapshot preset : List.of(Snapshot.ZERO, new Snapshot(1000, 1), new Snapshot(7, 1L << 40))) {
                session.instance().stats().write(preset);
                session.transfer(1, PIECE);
                Check.equal(
                        "bytes counted from " + preset,
                        PIECE,
                        session.stats().minus(preset).bytes());
                Check.that(
                        session.stats().minus(preset).count() >= 1,
                        session.stats() + " after a copy, the user had written " + preset);
                session.giveBackAll();
            }
        }
    }

    @Test
    @Rule({"CNT-010", "CNT-005"})
    @DisplayName("both counters carry into each of their 64 bits, and wrap around")
    void everyBit() {
        try (Session session = receiving(Paths.current().copying())) {
            for (int bits = 1; bits <= Long.SIZE; bits++) {
                long full = -1L >>> (Long.SIZE - bits);
                var preset = new Snapshot(full, full);
                session.instance().stats().write(preset);
                int completions = session.dataCompletions();
                session.transfer(1, PIECE);
                session.giveBackAll();
                Snapshot counted = session.stats().minus(preset);
                Check.equal("copy_bytes past " + bits + " bits", PIECE, counted.bytes());
                Check.that(
                        counted.count() >= 1 && counted.count() <= session.dataCompletions() - completions,
                        "copy_count went up by " + counted.count() + " past " + bits + " bits");
            }
        }
    }

    @Test
    @Rule("CNT-011")
    @DisplayName("without the STATS flag nothing is written behind the entries")
    void withoutTheFlag() {
        var registration = Paths.current().copying().events(BOTH);
        MemorySegment behind =
                registration.regionMemory().asSlice(Registration.endOfEntries(Registration.DEFAULT_ENTRIES));
        behind.fill((byte) 0x5a);
        try (Session session = Session.open(registration)) {
            session.startReceiving();
            session.transfer(2, PIECE);
            Check.bytes("what is behind the entries", behind, 0, behind.byteSize(), 0x5a);
        }
    }

    @Full
    @Property(tries = 150)
    @Rule("CNT-012")
    @Label("copied bytes and fragments keep their invariants whatever is sent")
    void invariantsHold(@ForAll @Size(min = 1, max = 12) List<@IntRange(min = 1, max = 20_000) Integer> sizes) {
        try (Session session = receiving(Paths.current().copying())) {
            Snapshot last = session.stats();
            for (int size : sizes) {
                session.transfer(1, size);
                session.giveBackAll();
                invariants(session, Snapshot.ZERO);
                last = notBelow(last, session.stats());
            }
        }
    }

    @Test
    @Rule("CNT-013")
    @DisplayName("a reader beside the traffic never sees a counter go down")
    void readerBeside() {
        // Closed first, which waits for the thread: it must not read memory that is unmapped.
        try (Session session = receiving(Paths.current().copying());
                ExecutorService threads = Executors.newSingleThreadExecutor()) {
            // Both pass 2^32 on the way.
            session.instance().stats().write(new Snapshot((1L << 32) - 20, (1L << 32) - 20L * PIECE));
            var done = new AtomicBoolean();
            Future<Snapshot> reader = threads.submit(() -> {
                Snapshot last = Snapshot.ZERO;
                while (!done.get()) {
                    Snapshot now = session.stats();
                    if (now.count() < last.count() || now.bytes() < last.bytes()) {
                        throw new RuleViolation("a reader saw " + now + " after " + last);
                    }
                    last = now;
                }
                return last;
            });
            try {
                for (int i = 0; i < 30; i++) {
                    session.transfer(1, PIECE);
                    session.giveBackAll();
                }
            } finally {
                done.set(true);
            }
            Snapshot last = Concurrency.result(reader);
            Check.that(
                    last.bytes() <= session.stats().bytes(),
                    "a reader saw " + last + ", in the end it is " + session.stats());
        }
    }

    /** A way to send, by which fragments get shapes of their own. */
    @SuppressWarnings("ImmutableEnumChecker") // lambdas without state
    enum Shape {
        SMALL_PIECES(tcp -> {
            for (int i = 0; i < 10; i++) {
                tcp.sendMore(700);
            }
            tcp.send(700);
        }),
        FILE(tcp -> tcp.sendFile(PIECE + 11)),
        VECTOR(tcp -> tcp.sendVector(1, 100, Memory.PAGE_SIZE + 1, 3, 2 * Memory.PAGE_SIZE)),
        PIPE(tcp -> tcp.splice(3 * Memory.PAGE_SIZE + 7)),
        OWN_PAGES(tcp -> tcp.sendZeroCopy(4 * Memory.PAGE_SIZE + 5)),
        GATHERED(tcp -> {
            tcp.gather();
            for (int size = 1; size < 1000; size += 111) {
                tcp.send(size);
            }
        });

        private final Consumer<TcpPair> send;

        Shape(Consumer<TcpPair> send) {
            this.send = send;
        }
    }

    /** Sends in every shape there is; data and invariants must be right after each. */
    private static void everyShape(Session session) {
        for (int size : new int[] {1, 2, 100, 1000, Memory.PAGE_SIZE - 1, Memory.PAGE_SIZE, 60_000}) {
            session.transfer(1, size);
            session.giveBackAll();
            invariants(session, Snapshot.ZERO);
        }
        for (Shape shape : Shape.values()) {
            shape.send.accept(session.tcp());
            session.receiveAll();
            session.giveBackAll();
            invariants(session, Snapshot.ZERO);
            Check.equal("bytes delivered after " + shape, session.tcp().sent(), session.received());
        }
        Snapshot before = session.stats();
        session.transfer(1, PIECE);
        Check.equal(
                "bytes counted of a piece of " + PIECE,
                PIECE,
                session.stats().minus(before).bytes());
    }

    @Test
    @Rule("CNT-014")
    @DisplayName("whatever the shape of what is sent, the data is right and the counters keep their invariants")
    void shapes() {
        for (TcpPair.Family family : Paths.current().families()) {
            try (Session session = Session.open(Paths.current().copying().stats(), family)) {
                session.startReceiving();
                everyShape(session);
            }
        }
    }

    @Test
    @Full
    @RunsOn(Scope.NODEV)
    @Rule("CNT-014")
    @DisplayName(
            "the same without TCP's time stamps, selective acknowledgements, window scaling, and with small packets")
    void withoutOptions() {
        for (String option : List.of("tcp_timestamps", "tcp_sack", "tcp_window_scaling")) {
            try (NetNamespace namespace = NetNamespace.create()) {
                namespace.loopbackUp();
                namespace.sysctl("ipv4/" + option, 0);
                for (TcpPair.Family family : TcpPair.Family.values()) {
                    var registration =
                            Registration.nodev().stats().over(of -> TcpPair.loopback(of, namespace, SEND_BUFFER));
                    try (Session session = Session.open(registration, family)) {
                        session.startReceiving();
                        everyShape(session);
                    }
                }
            }
        }
    }

    @Test
    @Full
    @RunsOn(Scope.NODEV)
    @Rule({"CNT-014", "CNT-012"})
    @DisplayName("where the receiver has hardly any room, packets are merged: the data is right, the invariants hold")
    void smallReceiveBuffer() {
        for (TcpPair.Family family : TcpPair.Family.values()) {
            try (Session session = Session.open(hardlyAnyRoom(), family)) {
                for (int round = 0; round < 3; round++) {
                    sendSmallPieces(session);
                    if (round == 0) {
                        session.startReceiving();
                    }
                    session.receive(session.tcp().sent() - session.received());
                    session.giveBackAll();
                    invariants(session, Snapshot.ZERO);
                }
            }
        }
    }

    @Test
    @RunsOn(Scope.NODEV)
    @Rule({"CNT-014", "CNT-012", "BUF-012"})
    @DisplayName(
            "receives with limits that end anywhere within merged packets: each next one goes on there, and counts both or none")
    void cutMergedPackets() {
        try (Session session = Session.open(hardlyAnyRoom())) {
            for (int round = 0; round < 3; round++) {
                sendSmallPieces(session);
                for (int limit = 1; session.received() < session.tcp().sent(); limit = limit * 3 % 509) {
                    Snapshot before = session.stats();
                    Buffers.receiveLimited(
                            session, (int) Math.min(limit, session.tcp().sent() - session.received()));
                    session.giveBackAll();
                    Snapshot counted = session.stats().minus(before);
                    Check.that(
                            counted.bytes() == 0 == (counted.count() == 0),
                            "of a receive of at most " + limit + " bytes was counted " + counted);
                }
                invariants(session, Snapshot.ZERO);
            }
        }
    }

    private static Registration hardlyAnyRoom() {
        return Registration.nodev()
                .stats()
                .over(of -> TcpPair.loopback(of, NetNamespace.OWN, SEND_BUFFER, Memory.PAGE_SIZE));
    }

    /** More small packets than such a receiver has room for, before anyone receives: the kernel merges them. */
    private static void sendSmallPieces(Session session) {
        for (int i = 0; i < 100; i++) {
            session.send(1 + i * 7 % 90);
        }
    }

    /** The sender takes what the receiver has no room for. */
    private static final int SEND_BUFFER = 1 << 20;

    @Test
    @Rule({"CNT-017", "EVT-003"})
    @DisplayName(
            "several connections of one instance are each delivered whole, and counted together; they share a latch")
    void severalConnections() {
        try (Session session = receiving(Paths.current().copying().events(BOTH));
                Session second = session.another();
                Session third = session.another()) {
            second.startReceiving();
            third.startReceiving();
            List<Session> all = List.of(session, second, third);
            for (int round = 0; round < 3; round++) {
                all.forEach(one -> one.send(PIECE + 1));
                all.forEach(Session::receiveAll);
                all.forEach(Session::giveBackAll);
            }
            session.settle();
            long received = all.stream().mapToLong(Session::received).sum();
            Check.equal("copy_bytes", received, session.stats().bytes());
            Check.equal("number of events", 1, session.takeEvents().size());
        }
    }

    @Test
    @RunsOn(Scope.NODEV)
    @Rule("CNT-016")
    @DisplayName("two rings that share an instance and take turns lose no update")
    void twoRingsInTurns() {
        try (Ring other = Ring.open(CqeFormat.CQE32);
                Session session = receiving(Registration.nodev());
                Exported exported = Exported.of(session.instance());
                Session importer = session.importedBy(other, exported.importOn(other))) {
            importer.startReceiving();
            for (int i = 0; i < 4; i++) {
                session.transfer(1, PIECE);
                session.giveBackAll();
                importer.transfer(1, PIECE);
                importer.giveBackAll();
                Check.equal(
                        "copy_bytes",
                        session.received() + importer.received(),
                        session.stats().bytes());
            }
        }
    }

    @Test
    @Full
    @RunsOn(Scope.NODEV)
    @Rule({"CNT-016", "BUF-024"})
    @DisplayName("two rings that share an instance and copy at the same time may lose updates, and make none up")
    void twoRingsAtOnce() {
        int pieces = 200;
        try (Session session = receiving(Registration.nodev(64, 2 * pieces * PIECE / Memory.PAGE_SIZE));
                Exported exported = Exported.of(session.instance());
                ExecutorService threads = Executors.newSingleThreadExecutor()) {
            Future<Long> beside = threads.submit(() -> {
                // A ring belongs to the thread that makes it.
                try (Ring other = Ring.open(CqeFormat.CQE32);
                        Session importer = session.importedBy(other, exported.importOn(other))) {
                    importer.startReceiving();
                    importer.transfer(pieces, PIECE);
                    return importer.received();
                }
            });
            session.transfer(pieces, PIECE);
            long received = session.received() + Concurrency.result(beside);
            Snapshot counted = session.stats();
            Check.that(
                    counted.bytes() >= PIECE && counted.bytes() <= received && counted.count() >= 1,
                    counted + " after " + received + " bytes over two rings");
            if (counted.bytes() < received) {
                Evidence.show(
                        "CNT-016",
                        Evidence.Side.KERNELS,
                        "two rings received " + received + " bytes at the same time, and " + counted);
            }
        }
    }

    @Test
    @Rule("CNT-015")
    @DisplayName("instances count each for themselves")
    void instancesApart() {
        try (Session session = receiving(Paths.current().copying());
                Session other = session.beside(Registration.nodev(64, 16).stats())) {
            session.transfer(2, PIECE);
            Check.equal("statistics of the other instance", Snapshot.ZERO, other.stats());
            Check.equal("copy_bytes", 2L * PIECE, session.stats().bytes());
            other.startReceiving();
            other.transfer(1, PIECE);
            Check.equal("copy_bytes of the other instance", PIECE, other.stats().bytes());
            Check.equal("copy_bytes", 2L * PIECE, session.stats().bytes());
        }
    }
}
