// SPDX-License-Identifier: MIT
package zcrx.conformance.cases;

import java.util.Map;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import zcrx.conformance.Full;
import zcrx.conformance.Rule;
import zcrx.conformance.Subject;
import zcrx.fixtures.abi.Struct;
import zcrx.fixtures.abi.Zcrx;
import zcrx.fixtures.probe.KernelProbe;
import zcrx.fixtures.ring.Outcome;
import zcrx.fixtures.ring.Ring;
import zcrx.fixtures.ring.Ring.CqeFormat;
import zcrx.fixtures.sys.Await;
import zcrx.fixtures.sys.Errno;
import zcrx.fixtures.sys.Memory;
import zcrx.fixtures.zcrx.Instance;
import zcrx.fixtures.zcrx.OwnProcess;
import zcrx.fixtures.zcrx.Registration;
import zcrx.fixtures.zcrx.Session;

@Subject("lifetimes")
class Lifetimes {
    @Test
    @Rule("BUF-023")
    @DisplayName("a ring that is closed with data under way and buffers held leaves a kernel on which a new one works")
    void closedInTheMiddle() {
        for (int round = 0; round < 6; round++) {
            try (Session session = Session.open(
                    Registration.nodev().events(Zcrx.EVENT_TYPE_MASK).stats())) {
                session.startReceiving();
                if (round % 3 > 0) {
                    session.transfer(1, 3 * Memory.PAGE_SIZE);
                }
                session.send(4 * Memory.PAGE_SIZE);
                if (round % 3 == 2) {
                    session.giveBack(1);
                }
                // Nothing is reaped, given back or ended.
            }
        }
        try (Session session = Session.open(Registration.nodev())) {
            session.startReceiving();
            session.transfer(3, 3 * Memory.PAGE_SIZE);
        }
    }

    @Test
    @Rule({"BUF-023", "EVT-017"})
    @DisplayName("a ring that is closed before an event of it was posted ends as any other")
    void closedBeforeTheEvent() {
        long pinned = Pinned.settled();
        for (int round = 0; round < 4; round++) {
            try (Session session = Session.open(Registration.nodev().events(1 << Zcrx.EVENT_COPY))) {
                // Submitting alone copies what is there; the event is posted to who enters for completions.
                session.send(2 * Memory.PAGE_SIZE);
                session.awaitArrival();
                session.submitOnly();
            }
        }
        Pinned.awaitBack(pinned);
    }

    @Test
    @Full
    @Rule("REG-032")
    @DisplayName("hundreds of instances that came and went leave nothing in the kernel's general caches")
    void slabs() {
        int rounds = 400;
        int areas = KernelProbe.get().canAddAreas() ? 8 : 0;
        // Of so few pages that all that the kernel keeps of them is small enough for a cache.
        try (var registration = Registration.nodev(64, 64);
                Memory more = Memory.anonymous(Memory.PAGE_SIZE)) {
            Runnable round = () -> {
                try (Ring ring = Ring.open(CqeFormat.CQE32);
                        Instance instance = Instance.register(ring, registration.again())) {
                    for (int i = 0; i < areas; i++) {
                        instance.addArea(instance.areaArg(more.segment()), more.segment())
                                .mustBe(0);
                    }
                }
            };
            round.run();
            Pinned.settled();
            Map<String, Long> before = Slabs.inUse("kmalloc");
            for (int i = 0; i < rounds; i++) {
                round.run();
            }
            // An object or more of each is kept in every round, or none: what caches keep for themselves is less.
            // Only of the general caches: of the others some free late by design, such as those of address ranges.
            nothingKept("kmalloc", before, rounds / 2, rounds + " instances");
        }
    }

    @Test
    @Full
    @Rule("EVT-017")
    @DisplayName("hundreds of events that were posted leave nothing of what the kernel takes to post them")
    void events() {
        int rounds = 400;
        try (Session session = Session.open(Registration.nodev().events(1 << Zcrx.EVENT_COPY))) {
            session.startReceiving();
            Map<String, Long> before = Slabs.inUse("io_kiocb");
            for (int i = 0; i < rounds; i++) {
                session.transfer(1, 2 * Memory.PAGE_SIZE);
                session.giveBackAll();
                session.settle();
                session.awaitEvent();
                session.arm(Zcrx.EVENT_COPY);
            }
            nothingKept("io_kiocb", before, rounds / 2, rounds + " events");
        }
    }

    private static void nothingKept(String caches, Map<String, Long> before, long least, String what) {
        Await.holds(() -> Slabs.grown(caches, before, least).isEmpty());
        Check.equal("caches with more objects after " + what, Map.of(), Slabs.grown(caches, before, least));
    }

    @Test
    @Full
    @Rule("REG-032")
    @DisplayName("regions that the kernel allocated are free again when their instances are gone")
    void regions() {
        // Larger than what it allocates in one piece.
        long size = 8L << 20;
        int rounds = 16;
        long all = rounds * size / 1024;
        // Others take memory and free it meanwhile. What an instance keeps is missing each time.
        boolean kept = true;
        for (int attempt = 0; kept && attempt < 3; attempt++) {
            Pinned.settled();
            long before = available();
            for (int i = 0; i < rounds; i++) {
                try (var registration = Registration.nodev(64, 8).kernelsRegion();
                        Ring ring = Ring.open(CqeFormat.CQE32)) {
                    registration.region().set("size", size);
                    Outcome outcome = registration.submit(ring);
                    // It allocates what is larger in bulk, all or nothing, which it can't in a memory cgroup.
                    Check.needs(
                            outcome.result() != Errno.ENOMEM.result(),
                            "the kernel does not find " + size + " bytes that are not in one piece: ENOMEM");
                    outcome.mustBe(0);
                }
            }
            Pinned.settled();
            kept = !Await.holds(() -> before - available() < all / 2);
        }
        Check.that(
                !kept, "three times more than half of " + all + " kB was missing after regions of that size were gone");
    }

    private static long available() {
        return Pinned.number("/proc/meminfo", "MemAvailable:");
    }

    @Test
    @Rule("REG-027")
    @DisplayName("the pages of an area are pinned while it is registered, and no longer")
    void pinnedPages() {
        int pages = 1024;
        // What has fired an event lets go of them as well.
        try (Session session = Session.open(Registration.nodev().events(1 << Zcrx.EVENT_COPY))) {
            session.startReceiving();
            session.transfer(1, 2 * Memory.PAGE_SIZE);
            session.settle();
            session.awaitEvent();
        }
        // Rings that earlier tests closed may still be on their way out, too.
        Pinned.awaitBack(0);
        long before = Pinned.pagesOfAll();
        try (var registration = Registration.nodev(64, pages);
                Memory more = Memory.anonymous((long) pages * Memory.PAGE_SIZE)) {
            try (Ring ring = Ring.open(CqeFormat.CQE32);
                    Instance instance = Instance.register(ring, registration)) {
                Check.atLeast("VmPin in kB", (long) pages * Memory.PAGE_SIZE / 1024, OwnProcess.pinnedKib());
                if (KernelProbe.get().canAddAreas()) {
                    Struct area = instance.areaArg(more.segment());
                    instance.addArea(area, more.segment()).mustBe(0);
                    Check.atLeast(
                            "VmPin in kB with an area more",
                            2L * pages * Memory.PAGE_SIZE / 1024,
                            OwnProcess.pinnedKib());
                }
            }
            Pinned.awaitBack(0);
            Pinned.awaitPagesBack(before, pages);
        }
    }
}
