// SPDX-License-Identifier: MIT
package zcrx.conformance.cases;

import java.lang.foreign.MemorySegment;
import java.math.BigInteger;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.Combinators;
import net.jqwik.api.ForAll;
import net.jqwik.api.Label;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import net.jqwik.api.lifecycle.AddLifecycleHook;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import zcrx.conformance.Full;
import zcrx.conformance.HoldsIn;
import zcrx.conformance.Paths;
import zcrx.conformance.PropertySeed;
import zcrx.conformance.Rule;
import zcrx.conformance.RunsOn;
import zcrx.conformance.RunsOn.Scope;
import zcrx.conformance.Subject;
import zcrx.fixtures.abi.Dialect;
import zcrx.fixtures.abi.IoUring;
import zcrx.fixtures.abi.Zcrx;
import zcrx.fixtures.probe.KernelProbe;
import zcrx.fixtures.ring.Outcome;
import zcrx.fixtures.ring.Ring;
import zcrx.fixtures.ring.RuleViolation;
import zcrx.fixtures.sys.Errno;
import zcrx.fixtures.sys.Memory;
import zcrx.fixtures.zcrx.Instance;
import zcrx.fixtures.zcrx.Registration;
import zcrx.fixtures.zcrx.Session;

@Subject("stats_offset validation")
@AddLifecycleHook(PropertySeed.class)
class StatsOffset {
    private static final long ALIGNMENT = Zcrx.STATS.layout().byteAlignment();
    private static final long STATS_SIZE = KernelProbe.get().statsSize();

    private static long end() {
        return Registration.endOfEntries(Registration.DEFAULT_ENTRIES);
    }

    /** Registers with an offset and, if the kernel accepts, forgets the instance with its ring. */
    private static Outcome at(long offset) {
        try (var registration = Registration.nodev().stats(offset);
                Ring ring = Ring.open(Ring.CqeFormat.CQE32)) {
            return registration.submit(ring);
        }
    }

    private static long regionSize() {
        try (var registration = Registration.nodev()) {
            return registration.regionMemory().byteSize();
        }
    }

    @Test
    @Rule("OFF-001")
    @DisplayName("an offset that is not aligned is EINVAL")
    void misaligned() {
        for (long off = 1; off < ALIGNMENT; off++) {
            at(end() + off).mustBe(Errno.EINVAL);
        }
    }

    @Test
    @Rule("OFF-002")
    @DisplayName("an offset below the end of the entries is ERANGE")
    void belowTheEntriesEnd() {
        for (long offset : new long[] {0, ALIGNMENT, KernelProbe.get().refillEntriesOffset(), end() - ALIGNMENT}) {
            at(offset).mustBe(Errno.ERANGE);
        }
    }

    @Test
    @Rule("OFF-003")
    @DisplayName("the first offset behind the entries is accepted")
    void firstBehindTheEntries() {
        at(end()).mustBe(0);
        at(end() + ALIGNMENT).mustBe(0);
    }

    @Test
    @Rule("OFF-004")
    @DisplayName("statistics that end beyond the region are ERANGE")
    void beyondTheRegion() {
        for (long offset : new long[] {regionSize() - ALIGNMENT, regionSize(), regionSize() + Memory.PAGE_SIZE}) {
            at(offset).mustBe(Errno.ERANGE);
        }
        // Its low 32 bits alone would do.
        at((1L << 32) + regionSize() - STATS_SIZE).mustBe(Errno.ERANGE);
    }

    @Test
    @Rule("OFF-005")
    @DisplayName("statistics that end exactly with the region are accepted")
    void endOfTheRegion() {
        at(regionSize() - STATS_SIZE).mustBe(0);
    }

    @Test
    @Rule({"OFF-004", "OFF-005"})
    @DisplayName("in a region of the kernel's own, too, statistics may end with it and not beyond, whatever its size")
    void kernelAllocatedRegion() {
        for (long pages = 3; pages <= 7; pages++) {
            long size = pages * Memory.PAGE_SIZE;
            for (long offset : new long[] {size - STATS_SIZE, size - ALIGNMENT, size}) {
                try (var registration = Registration.nodev().stats(offset).kernelsRegion();
                        Ring ring = Ring.open(Ring.CqeFormat.CQE32)) {
                    registration.region().set("size", size);
                    registration.submit(ring).mustBe(offset + STATS_SIZE <= size ? 0 : Errno.ERANGE.result());
                }
            }
        }
    }

    @Test
    @Rule("OFF-006")
    @DisplayName("an offset whose end wraps around is ERANGE")
    void wrapsAround() {
        at(-ALIGNMENT).mustBe(Errno.ERANGE);
        at(-STATS_SIZE).mustBe(Errno.ERANGE);
        at(Long.MIN_VALUE).mustBe(Errno.ERANGE);
        at(Long.MAX_VALUE & -ALIGNMENT).mustBe(Errno.ERANGE);
    }

    @Test
    @Rule("OFF-007")
    @DisplayName("an offset that is neither aligned nor in range is EINVAL: alignment is looked at first")
    void alignmentFirst() {
        at(1).mustBe(Errno.EINVAL);
        at(end() - 1).mustBe(Errno.EINVAL);
        at(regionSize() + 1).mustBe(Errno.EINVAL);
        at(-1).mustBe(Errno.EINVAL);
    }

    @Test
    @HoldsIn({Dialect.EVENT, Dialect.NOTIF})
    @Rule("OFF-008")
    @DisplayName("an offset without the STATS flag is EINVAL")
    void withoutTheFlag() {
        try (var registration = Registration.nodev().events(1 << Zcrx.EVENT_COPY);
                Ring ring = Ring.open(Ring.CqeFormat.CQE32)) {
            registration.event().set("stats_offset", end());
            registration.submit(ring).mustBe(Errno.EINVAL);
            for (int bit = 0; bit < Long.SIZE; bit++) {
                registration.event().set("stats_offset", 1L << bit);
                registration.submit(ring).mustBe(Errno.EINVAL);
            }
        }
    }

    @Test
    @HoldsIn(Dialect.SEED)
    @Rule("OFF-013")
    @DisplayName("an offset without the STATS flag is accepted, and nothing is written there")
    void ignoredWithoutTheFlag() {
        var registration = Registration.nodev().events(1 << Zcrx.EVENT_COPY);
        registration.event().set("stats_offset", end());
        MemorySegment behind = registration.regionMemory().asSlice(end());
        behind.fill((byte) 0x5a);
        try (Session session = Session.open(registration)) {
            session.startReceiving();
            session.transfer(1, Memory.PAGE_SIZE);
            Check.bytes("what is behind the entries", behind, 0, behind.byteSize(), 0x5a);
        }
    }

    @Test
    @Rule("OFF-009")
    @DisplayName("a refused offset leaves nothing behind: the same ring registers rightly afterwards, as its first")
    void refusalLeavesNothing() {
        try (var registration = Registration.nodev().stats(end() - ALIGNMENT);
                Ring ring = Ring.open(Ring.CqeFormat.CQE32)) {
            for (int i = 0; i < 3; i++) {
                registration.submit(ring).mustBe(Errno.ERANGE);
            }
            registration.event().set("stats_offset", end());
            registration.submit(ring).mustBe(0);
            Check.equal("zcrx_id", 0, registration.reg().get("zcrx_id"));
        }
    }

    @Test
    @Rule({"OFF-009", "REG-032"})
    @DisplayName("of a registration that is refused for its offset the kernel keeps no page")
    void refusalKeepsNoPage() {
        int rounds = 16;
        int pages = 256;
        Pinned.settled();
        long before = Pinned.pagesOfAll();
        for (int i = 0; i < rounds; i++) {
            try (Memory region = Memory.anonymous((long) pages * Memory.PAGE_SIZE);
                    var registration =
                            Registration.nodev().region(region.segment()).stats(region.size());
                    Ring ring = Ring.open(Ring.CqeFormat.CQE32)) {
                registration.submit(ring).mustBe(Errno.ERANGE);
            }
        }
        Pinned.awaitPagesBack(before, rounds * pages);
    }

    @Test
    @RunsOn(Scope.EVERY_PATH)
    @Rule("OFF-010")
    @DisplayName("of what is behind the entries only the statistics are written, at registration and later")
    void nothingElse() {
        long entries = end();
        long statistics = entries + 128;
        long behind = statistics + STATS_SIZE;
        var registration =
                Paths.current().copying().events(Zcrx.EVENT_TYPE_MASK).stats(statistics);
        int piece = 2 * Memory.PAGE_SIZE;
        MemorySegment region = registration.regionMemory();
        region.fill((byte) 0x5a);
        try (Session session = Session.open(registration)) {
            Check.bytes("the region at registration", region, entries, statistics, 0x5a);
            Check.bytes("the region at registration", region, behind, region.byteSize(), 0x5a);
            session.startReceiving();
            session.transfer(2, piece);
            Check.equal("copy_bytes", 2L * piece, session.stats().bytes());
            Check.bytes("the region after copies", region, entries, statistics, 0x5a);
            Check.bytes("the region after copies", region, behind, region.byteSize(), 0x5a);
        }
    }

    @Test
    @Rule({"OFF-011", "REG-007"})
    @DisplayName("the end of the entries counts them after they were rounded up to a power of two, or clamped")
    void roundedUp() {
        int asked = 100;
        int rounded = 128;
        long roundedEnd = Registration.endOfEntries(rounded);
        for (long offset : new long[] {Registration.endOfEntries(asked), roundedEnd - ALIGNMENT}) {
            try (var registration = Registration.nodev(asked, 16).stats(offset);
                    Ring ring = Ring.open(Ring.CqeFormat.CQE32)) {
                registration.submit(ring).mustBe(Errno.ERANGE);
            }
        }
        try (var registration = Registration.nodev(asked, 16).stats(roundedEnd);
                Ring ring = Ring.open(Ring.CqeFormat.CQE32);
                Instance instance = Instance.register(ring, registration)) {
            Check.equal("rq_entries", rounded, instance.refill().size());
        }
        long clampedEnd = Registration.endOfEntries(Zcrx.RQ_MAX_ENTRIES);
        try (var registration = Registration.nodev(Zcrx.RQ_MAX_ENTRIES, 16).stats(clampedEnd);
                Ring ring = Ring.withFlags(Ring.REQUIRED_FLAGS | IoUring.SETUP_CQE32 | IoUring.SETUP_CLAMP)) {
            registration.reg().set("rq_entries", 2L * Zcrx.RQ_MAX_ENTRIES);
            registration.submit(ring).mustBe(0);
        }
    }

    @Test
    @Rule("OFF-003")
    @DisplayName("the end of the entries is accepted for rings of every size, and what is before it is not")
    void ringsOfEverySize() {
        for (int entries = 1; entries <= Zcrx.RQ_MAX_ENTRIES; entries *= 2) {
            long endOfEntries = Registration.endOfEntries(entries);
            try (var registration = Registration.nodev(entries, 1).stats(endOfEntries - ALIGNMENT);
                    Ring ring = Ring.open(Ring.CqeFormat.CQE32)) {
                registration.submit(ring).mustBe(Errno.ERANGE);
                registration.event().set("stats_offset", endOfEntries);
                registration.submit(ring).mustBe(0);
            }
        }
    }

    @Test
    @Rule("OFF-012")
    @DisplayName("statistics may lie before, across and behind the end of a page")
    void acrossPages() {
        try (Memory region = Memory.anonymous(3L * Memory.PAGE_SIZE)) {
            for (long offset = Memory.PAGE_SIZE - 4 * ALIGNMENT;
                    offset <= Memory.PAGE_SIZE + 2 * ALIGNMENT;
                    offset += ALIGNMENT) {
                try (var registration = Registration.nodev(16, 1)
                                .region(region.segment())
                                .stats(offset);
                        Ring ring = Ring.open(Ring.CqeFormat.CQE32)) {
                    registration.submit(ring).mustBe(0);
                }
            }
        }
    }

    @Test
    @Rule({"OFF-010", "OFF-012"})
    @DisplayName("statistics may lie in any huge page of a region, and are written there")
    void hugePages() {
        long offset = Memory.HUGE + 3L * Memory.PAGE_SIZE;
        // The kernel cannot take them for one piece.
        try (Memory region = Memory.apart();
                Session session = Session.open(
                        Registration.nodev().region(region.segment()).stats(offset))) {
            session.startReceiving();
            session.transfer(2, Memory.PAGE_SIZE);
            Check.equal("copy_bytes", 2L * Memory.PAGE_SIZE, session.stats().bytes());
        }
    }

    /**
     * Where statistics are asked for.
     *
     * @param entries of the refill ring, as asked for
     * @param pages size of the region
     * @param offset of the statistics
     */
    record Place(int entries, int pages, long offset) {}

    @Provide
    Arbitrary<Place> places() {
        return Combinators.combine(
                        Arbitraries.integers().between(1, 700),
                        Arbitraries.integers().between(1, 4))
                .flatAs((entries, pages) -> {
                    long end = Registration.endOfEntries(roundUp(entries));
                    long size = (long) pages * Memory.PAGE_SIZE;
                    Arbitrary<Long> near = Arbitraries.of(0L, end, size, size - STATS_SIZE, -STATS_SIZE)
                            .flatMap(
                                    edge -> Arbitraries.longs().between(-24, 24).map(d -> edge + d));
                    return Arbitraries.oneOf(near, near, Arbitraries.longs().between(0, size), Arbitraries.longs())
                            .map(offset -> new Place(entries, pages, offset));
                });
    }

    private static int roundUp(int entries) {
        return entries == 1 ? 1 : Integer.highestOneBit(entries - 1) * 2;
    }

    /** What must come of it, in numbers that don't wrap. */
    private static long model(Place place) {
        var offset = new BigInteger(Long.toUnsignedString(place.offset));
        var end = BigInteger.valueOf(Registration.endOfEntries(roundUp(place.entries)));
        var size = BigInteger.valueOf((long) place.pages * Memory.PAGE_SIZE);
        if (end.compareTo(size) > 0
                || !offset.mod(BigInteger.valueOf(ALIGNMENT)).equals(BigInteger.ZERO)) {
            return Errno.EINVAL.result();
        }
        boolean inside = offset.compareTo(end) >= 0
                && offset.add(BigInteger.valueOf(STATS_SIZE)).compareTo(size) <= 0;
        return inside ? 0 : Errno.ERANGE.result();
    }

    @Full
    @Property(tries = 400)
    @Rule("OFF-012")
    @Label("every offset is accepted or refused as the rule says")
    void everyOffset(@ForAll("places") Place place) {
        try (Memory region = Memory.anonymous((long) place.pages * Memory.PAGE_SIZE);
                var registration = Registration.nodev(place.entries, 4)
                        .region(region.segment())
                        .stats(place.offset);
                Ring ring = Ring.open(Ring.CqeFormat.CQE32)) {
            Outcome outcome = registration.submit(ring);
            if (outcome.result() != model(place)) {
                throw new RuleViolation(outcome + ", expected " + Errno.describe(model(place)));
            }
        }
    }
}
