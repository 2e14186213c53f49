// SPDX-License-Identifier: MIT
package zcrx.conformance.cases;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.List;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import zcrx.conformance.Full;
import zcrx.conformance.Paths;
import zcrx.conformance.Rule;
import zcrx.conformance.RunsOn;
import zcrx.conformance.RunsOn.Scope;
import zcrx.conformance.Subject;
import zcrx.fixtures.abi.Dialect;
import zcrx.fixtures.abi.Struct;
import zcrx.fixtures.abi.Zcrx;
import zcrx.fixtures.path.NetdevPath;
import zcrx.fixtures.ring.Cqe;
import zcrx.fixtures.ring.Ring.CqeFormat;
import zcrx.fixtures.sys.Errno;
import zcrx.fixtures.sys.Memory;
import zcrx.fixtures.traffic.TcpPair;
import zcrx.fixtures.zcrx.RefillRing;
import zcrx.fixtures.zcrx.Session;
import zcrx.fixtures.zcrx.Stats.Snapshot;

@Subject("zero-copy and its mix with copies")
@RunsOn(Scope.QUEUE)
class ZeroCopy {
    private static final int BOTH = Zcrx.EVENT_TYPE_MASK;
    private static final int PIECE = 5 * Memory.PAGE_SIZE + 123;

    /** Bytes that no network cuts in two. */
    private static final int ONE_PACKET = 1000;

    private static void nothingCopied(Session session) {
        session.settle();
        Check.equal("statistics of what was not copied", Snapshot.ZERO, session.stats());
        Check.equal("events", List.of(), session.takeEvents());
    }

    @Test
    @Rule({"NIC-001", "BUF-001"})
    @DisplayName("what a rule sends to the queue arrives whole, with no copy counted and no event")
    void uncopied() {
        NetdevPath path = Paths.netdev();
        for (TcpPair.Family family : path.families()) {
            try (Steered queue = Steered.open(
                    path,
                    Steered.registration(path, Steered.PLENTY).events(BOTH).stats(),
                    family)) {
                long before = path.isSimulated() ? queue.nic("iov_bytes") : 0;
                for (int i = 0; i < 12; i++) {
                    queue.session().transfer(1, PIECE);
                    queue.session().giveBackAll();
                }
                nothingCopied(queue.session());
                if (path.isSimulated()) {
                    long written = queue.nic("iov_bytes") - before;
                    Check.that(
                            written >= queue.session().received(),
                            "the device wrote " + written + " bytes to the area, delivered were "
                                    + queue.session().received());
                }
            }
        }
        try (Steered queue = Steered.open(
                path, Steered.registration(path, Steered.PLENTY).events(BOTH).stats(), CqeFormat.CQE_MIXED)) {
            queue.session().transfer(3, PIECE);
            nothingCopied(queue.session());
        }
    }

    @Test
    @Rule("NIC-002")
    @DisplayName("the page that the device wrote to is the page of the user's area")
    void samePage() {
        NetdevPath path = Paths.netdev();
        try (Steered queue = Steered.open(path, Steered.registration(path, Steered.PLENTY))) {
            Session session = queue.session();
            int compared = 0;
            for (int i = 0; i < 20; i++) {
                long before = queue.nic("iov_frags");
                session.transfer(1, ONE_PACKET);
                List<Cqe> data = session.takeHeld();
                // Sent again for being late, it would be in another buffer by now.
                if (queue.nic("iov_frags") - before == 1 && data.size() == 1) {
                    MemorySegment bytes = session.instance().data(data.getFirst());
                    long[] frames = Memory.frames(bytes.address(), bytes.byteSize());
                    long written = queue.nic("last_pfn");
                    Check.that(written != 0, "the device does not say which page it wrote to");
                    Check.equal("page frame of " + data.getFirst(), written, frames[0]);
                    compared++;
                }
            }
            Check.needs(compared > 0, "everything was sent twice: nothing can be said about pages");
        }
    }

    @Test
    @Rule({"NIC-001", "BUF-012"})
    @DisplayName(
            "small packets, of which drivers make chains: limits may end anywhere in one, and the next goes on there")
    void chains() {
        NetdevPath path = Paths.netdev();
        // Twice as many as one packet has room for, which is what makes a chain, and fewer than the queue has buffers.
        int segment = 600;
        int bytes = 36 * segment;
        var registration =
                Steered.registration(path, Steered.PLENTY).stats().over(family -> path.connect(family, segment));
        try (Session session = Session.open(registration);
                var _ = path.steer(session.tcp(), path.queue())) {
            for (int limit = bytes; limit > 100; limit /= 5) {
                session.send(bytes);
                session.awaitArrival();
                while (session.received() < session.tcp().sent()) {
                    Buffers.receiveLimited(
                            session, (int) Math.min(limit, session.tcp().sent() - session.received()));
                }
                session.giveBackAll();
            }
            nothingCopied(session);
        }
    }

    @Test
    @Rule("NIC-003")
    @DisplayName("nothing of the area is written but what is delivered")
    void nothingElse() {
        NetdevPath path = Paths.netdev();
        byte untouched = 0x5a;
        var registration = Steered.registration(path, Steered.SCARCE);
        registration.areaMemory().fill(untouched);
        try (Steered queue = Steered.open(path, registration)) {
            Session session = queue.session();
            long before = queue.nic("iov_bytes");
            for (int size : new int[] {1, 100, Memory.PAGE_SIZE - 1, Memory.PAGE_SIZE, PIECE}) {
                session.transfer(1, size);
            }
            Check.needs(
                    queue.nic("iov_bytes") - before == session.received(),
                    "some of it was sent twice: more buffers were written to than were delivered");
            var delivered = new BitSet();
            for (Cqe cqe : session.takeHeld()) {
                int start = (int) (cqe.extra0() & Zcrx.OFFSET_MASK);
                delivered.set(start, start + cqe.res());
            }
            MemorySegment area = registration.areaMemory();
            for (int i = delivered.nextClearBit(0); i < area.byteSize(); i = delivered.nextClearBit(i + 1)) {
                byte found = area.get(ValueLayout.JAVA_BYTE, i);
                if (found != untouched) {
                    Check.equal("byte " + i + " of the area, which no completion names", untouched, found);
                }
            }
        }
    }

    @Test
    @Rule({"NIC-004", "EVT-001"})
    @DisplayName(
            "when some packets miss the rule, COPY fires once and exactly these are counted; order and content are right")
    void mixed() {
        NetdevPath path = Paths.netdev();
        for (TcpPair.Family family : path.families()) {
            try (Steered queue = Steered.open(
                    path,
                    Steered.registration(path, Steered.PLENTY).events(BOTH).stats(),
                    family)) {
                Session session = queue.session();
                long copied = 0;
                long frags = path.isSimulated() ? elsewhere(path, "page_frags") : 0;
                long bytes = path.isSimulated() ? elsewhere(path, "page_bytes") : 0;
                for (int round = 0; round < 4; round++) {
                    session.transfer(2, PIECE);
                    Check.equal(
                            "copy_bytes after a piece by the rule",
                            copied,
                            session.stats().bytes());
                    queue.miss();
                    session.transfer(1, PIECE);
                    copied += PIECE;
                    Check.equal(
                            "copy_bytes after a piece that missed it",
                            copied,
                            session.stats().bytes());
                    queue.hit();
                    session.giveBackAll();
                }
                session.settle();
                // What was sent again was written more often than it was delivered, and says nothing.
                if (path.isSimulated() && elsewhere(path, "page_bytes") - bytes == copied) {
                    Check.equal(
                            "copy_count",
                            elsewhere(path, "page_frags") - frags,
                            session.stats().count());
                }
                Check.equal(
                        "types of the events",
                        List.of((int) Dialect.spoken().typeCode(Zcrx.EVENT_COPY)),
                        session.takeEvents().stream().map(Cqe::res).toList());
            }
        }
    }

    @Test
    @Rule("NIC-005")
    @DisplayName("copy_count is the number of fragments that the device put into pages of the kernel's own")
    void fragments() {
        NetdevPath path = Paths.netdev();
        try (Session session = Session.open(path.copying().stats())) {
            session.startReceiving();
            long frags = elsewhere(path, "page_frags");
            long bytes = elsewhere(path, "page_bytes");
            for (int i = 0; i < 6; i++) {
                session.transfer(1, PIECE);
                session.giveBackAll();
            }
            Check.needs(
                    elsewhere(path, "page_bytes") - bytes == session.received(),
                    "some of it was sent twice: more fragments were written than were delivered");
            Check.equal("copy_bytes", session.received(), session.stats().bytes());
            Check.equal(
                    "copy_count",
                    elsewhere(path, "page_frags") - frags,
                    session.stats().count());
        }
    }

    /** What the queues count that no rule is about. */
    private static long elsewhere(NetdevPath path, String statistic) {
        long sum = 0;
        for (int queue = 0; queue < path.otherQueue(); queue++) {
            sum += path.statistic(queue, statistic);
        }
        return sum;
    }

    @Test
    @Rule("NIC-006")
    @DisplayName("two queues with an instance each: each gets its own data")
    void twoQueues() {
        NetdevPath path = Paths.netdev();
        try (Steered queue = Steered.open(
                        path, Steered.registration(path, Steered.PLENTY).stats());
                Steered other = Steered.open(
                        path,
                        path.queued(path.otherQueue(), 256, Steered.PLENTY).stats())) {
            for (int i = 0; i < 4; i++) {
                queue.session().send(PIECE);
                other.session().transfer(2, PIECE);
                queue.session().receive(PIECE);
            }
            nothingCopied(queue.session());
            nothingCopied(other.session());
        }
    }

    @Test
    @Rule({"NIC-042", "NIC-006"})
    @DisplayName("a receive that names another instance than that of the queue where the data came in is EFAULT")
    void otherInstance() {
        NetdevPath path = Paths.netdev();
        try (Session session = Session.open(Steered.registration(path, Steered.PLENTY));
                Session other = session.beside(path.queued(path.otherQueue(), 256, Steered.PLENTY));
                var _ = path.steer(session.tcp(), path.queue())) {
            session.send(PIECE);
            session.awaitArrival();
            session.startReceiving(
                    request -> request.set("zcrx_ifq_idx", other.instance().id()));
            session.mustHaveEnded(Errno.EFAULT);
            session.startReceiving();
            session.receive(PIECE);
        }
    }

    @Test
    @Rule({"BUF-015", "NIC-032"})
    @DisplayName("a completion ring that was full keeps no buffer, nor what the queue was made of")
    void noneLostToFullRing() {
        int slots = 4;
        NetdevLife.leavesNothing(path -> {
            try (Session session = Session.open(CqeFormat.CQE32, slots, Steered.registration(path, Steered.PLENTY));
                    var _ = path.steer(session.tcp(), path.queue())) {
                for (int round = 0; round < 8; round++) {
                    session.send(3 * slots * Memory.PAGE_SIZE);
                    session.awaitArrival();
                    session.receiveRest();
                    session.giveBackAll();
                }
            }
        });
    }

    @Test
    @Rule("BUF-020")
    @DisplayName("a receive that met a full completion ring ends with ENOSPC, though no packet follows")
    void fullRing() {
        NetdevPath path = Paths.netdev();
        int slots = 4;
        try (Session session = Session.open(CqeFormat.CQE32, slots, Steered.registration(path, Steered.PLENTY));
                var _ = path.steer(session.tcp(), path.queue())) {
            session.send(3 * slots * Memory.PAGE_SIZE);
            session.awaitArrival();
            session.startReceiving();
            session.mustHaveEnded(Errno.ENOSPC);
        }
    }

    @Test
    @Rule({"BUF-023", "NIC-032"})
    @DisplayName("a ring that is closed gives all pieces of a buffer back, not one of them alone")
    void closedWithPieces() {
        NetdevLife.leavesNothing(path -> {
            try (Session session = Session.open(Steered.registration(path, Steered.PLENTY));
                    var _ = path.steer(session.tcp(), path.queue())) {
                // The more are more than a byte can count.
                for (int pieces : new int[] {4, 256}) {
                    session.send(Memory.PAGE_SIZE);
                    session.awaitArrival();
                    Buffers.receiveInPieces(session, Memory.PAGE_SIZE, Memory.PAGE_SIZE / pieces);
                }
            }
        });
    }

    @Test
    @Rule({"BUF-015", "NIC-032"})
    @DisplayName("copies go to buffers that the page pool gave up, which are none of its own any more")
    void copiesIntoWhatThePoolGaveUp() {
        NetdevLife.leavesNothing(path -> {
            int buffers = path.buffers(Steered.SCARCE + 4 * NetdevPath.RING);
            try (Steered queue = Steered.open(path, Steered.registration(path, buffers))) {
                Session session = queue.session();
                for (int round = 0; round < 3; round++) {
                    // Back at once they are more than it keeps.
                    session.transfer(3 * NetdevPath.RING, Memory.PAGE_SIZE);
                    session.giveBackAll();
                    queue.miss();
                    session.transfer(1, 8 * Memory.PAGE_SIZE);
                    session.giveBackAll();
                    queue.hit();
                }
            }
        });
    }

    @Test
    @Rule({"NIC-011", "BUF-015", "BUF-004"})
    @DisplayName("a buffer that was delivered in pieces is the queue's again when all of them went back")
    void inPieces() {
        NetdevPath path = Paths.netdev();
        // Some more than the queue and its page pool hold, so that few can get lost before it starves.
        int pages = path.buffers(3 * NetdevPath.RING);
        for (boolean flushed : new boolean[] {false, true}) {
            try (Session session =
                            Session.open(Steered.registration(path, pages).stats());
                    var _ = path.steer(session.tcp(), path.queue())) {
                for (int i = 0; i < pages + NetdevPath.RING; i++) {
                    session.send(Memory.PAGE_SIZE);
                    Buffers.receiveInPieces(session, Memory.PAGE_SIZE, Memory.PAGE_SIZE / 2);
                    if (flushed) {
                        session.giveBackAll();
                    } else {
                        session.giveBack(Integer.MAX_VALUE);
                    }
                }
                Check.equal("bytes delivered", session.tcp().sent(), session.received());
                nothingCopied(session);
            }
        }
    }

    @Test
    @Rule({"BUF-003", "BUF-008"})
    @DisplayName("a buffer of which user space holds pieces is not delivered again when one of them was given back")
    void onePieceBack() {
        NetdevPath path = Paths.netdev();
        try (Session session = Session.open(Steered.registration(path, Steered.SCARCE));
                var _ = path.steer(session.tcp(), path.queue())) {
            session.send(Memory.PAGE_SIZE);
            Buffers.receiveInPieces(session, Memory.PAGE_SIZE, Memory.PAGE_SIZE / 4);
            List<Cqe> pieces = session.takeHeld();
            Cqe last = pieces.getLast();
            session.instance().giveBack(pieces.getFirst());
            session.instance().flush().mustBe(0);
            int before = session.log().size();
            session.startReceiving();
            Steered.starve(path, path.queue(), session);
            for (Cqe cqe : session.log().subList(before, session.log().size())) {
                Check.that(
                        cqe.extra0() / Memory.PAGE_SIZE != last.extra0() / Memory.PAGE_SIZE,
                        cqe + " is in the buffer of " + last + ", which is held");
            }
        }
    }

    @Test
    @Full
    @Rule({"BUF-004", "BUF-015"})
    @DisplayName("buffers that hold copies are delivered again when they went back by the refill ring of a queue alone")
    void copiesGoBackByTheRing() {
        NetdevPath path = Paths.netdev();
        try (Steered queue =
                Steered.open(path, Steered.registration(path, Steered.PLENTY).stats())) {
            Session session = queue.session();
            // Each copied fragment takes a buffer.
            while (session.stats().count() <= Steered.PLENTY) {
                queue.miss();
                session.transfer(1, 8 * Memory.PAGE_SIZE);
                session.giveBack(Integer.MAX_VALUE);
                queue.hit();
                // Of at least as many buffers as make the queue's page pool look for others, in the ring first.
                session.transfer(1, 2 * NetdevPath.RING * Memory.PAGE_SIZE);
                session.giveBack(Integer.MAX_VALUE);
            }
        }
    }

    @Test
    @Rule({"NIC-018", "BUF-017"})
    @DisplayName("a queue passes over refill entries that name no buffer, or none that is held, and what is held stays")
    void invalidEntries() {
        NetdevPath path = Paths.netdev();
        int pages = Steered.PLENTY;
        // The queue takes buffers from the end of the area, and never comes as far as to these.
        int unused = 16;
        try (Steered queue = Steered.open(
                path, Steered.registration(path, pages).events(BOTH).stats())) {
            Session session = queue.session();
            RefillRing refill = session.instance().refill();
            session.transfer(1, 8 * Memory.PAGE_SIZE);
            Kept kept = Kept.of(session);
            List<Cqe> held = kept.completions();
            for (int round = 0; round < 64; round++) {
                refill.push((long) pages * Memory.PAGE_SIZE, 0);
                refill.push(Zcrx.OFFSET_MASK, 0);
                refill.push(1L << Zcrx.AREA_SHIFT, 0);
                refill.push(round % unused * (long) Memory.PAGE_SIZE, Memory.PAGE_SIZE);
                refill.entry(refill.tail())
                        .clear()
                        .set("off", held.get(round % held.size()).extra0())
                        .set("__pad", 1);
                refill.publish(refill.tail() + 1);
                session.transfer(1, 4 * Memory.PAGE_SIZE);
                session.giveBack(Integer.MAX_VALUE);
            }
            Check.that(refill.head() > 0, "the queue has taken nothing from its refill ring");
            for (Cqe cqe : session.log()) {
                Check.that(
                        (cqe.extra0() & Zcrx.OFFSET_MASK) >= (long) unused * Memory.PAGE_SIZE,
                        "a buffer was delivered that came into use by a refill entry alone: " + cqe);
            }
            kept.mustBeAsTheyWere();
            nothingCopied(queue.session());
        }
    }

    @Test
    @Rule("NIC-011")
    @DisplayName("a queue takes a refill entry that is the only one when it asks for buffers")
    void onlyEntry() {
        NetdevPath path = Paths.netdev();
        int piece = 8;
        try (Steered queue = Steered.open(path, Steered.registration(path, Steered.PLENTY))) {
            Session session = queue.session();
            for (int round = 1; round <= 2; round++) {
                session.transfer(1, piece * Memory.PAGE_SIZE);
                session.giveBack(1);
                // More than the queue and its page pool have.
                for (int used = 0; used <= 4 * NetdevPath.RING; used += piece) {
                    session.transfer(1, piece * Memory.PAGE_SIZE);
                }
                Check.equal("head", round, session.instance().refill().head());
            }
        }
    }

    @Test
    @Rule({"NIC-018", "NIC-011", "BUF-015"})
    @DisplayName("refill entries among others that name no buffer are taken by a queue, each of them")
    void amongInvalidEntries() {
        NetdevPath path = Paths.netdev();
        int piece = 4;
        int pages = path.buffers(3 * NetdevPath.RING);
        try (Steered queue =
                Steered.open(path, Steered.registration(path, pages).stats())) {
            Session session = queue.session();
            for (int given = 0; given <= pages; given += piece) {
                session.transfer(1, piece * Memory.PAGE_SIZE);
                while (session.giveBack(1) > 0) {
                    session.instance().refill().push((long) pages * Memory.PAGE_SIZE, 0);
                }
            }
            nothingCopied(session);
        }
    }

    @Test
    @Rule({"NIC-007", "BUF-014", "BUF-023"})
    @DisplayName("an area that is added while the queue starves ends that")
    void addedWhileStarved() {
        long pinned = Pinned.settled();
        NetdevPath path = Paths.netdev();
        Check.needsAddArea();
        try (Memory more = Memory.anonymous((long) Steered.PLENTY * Memory.PAGE_SIZE);
                Steered queue = Steered.open(
                        path,
                        Steered.registration(path, Steered.SCARCE).events(BOTH).stats())) {
            queue.starve();
            Struct area = queue.session().instance().areaArg(more.segment());
            queue.session().instance().addArea(area, more.segment()).mustBe(0);
            // Nothing was given back: what comes now is in the second area.
            Session session = queue.session();
            session.receive(session.tcp().sent() - session.received());
            Check.equal("statistics", Snapshot.ZERO, session.stats());
            var areas = new ArrayList<>(session.log().stream()
                    .filter(Cqe::more)
                    .map(c -> c.extra0() >>> Zcrx.AREA_SHIFT)
                    .distinct()
                    .toList());
            Check.equal("areas that data came in", List.of(0L, 1L), areas);
        }
        // Buffers of both were held.
        Pinned.awaitBack(pinned);
    }
}
