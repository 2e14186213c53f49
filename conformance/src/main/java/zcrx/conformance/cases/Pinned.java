// SPDX-License-Identifier: MIT
package zcrx.conformance.cases;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import zcrx.conformance.Death;
import zcrx.fixtures.evidence.Expectation;
import zcrx.fixtures.evidence.Passed;
import zcrx.fixtures.sys.Await;
import zcrx.fixtures.zcrx.OwnProcess;

/** Memory that the kernel holds in its place. */
final class Pinned {
    /** What earlier tests have left for good. */
    private static long left;

    private Pinned() {}

    /**
     * What is pinned in kB once the rings of earlier tests have ended. That is nothing, or what a rule of theirs forbids:
     * the next test is not to be blamed for it.
     */
    static long settled() {
        Await.holds(() -> OwnProcess.pinnedKib() <= left);
        left = OwnProcess.pinnedKib();
        return left;
    }

    /** A ring's end is worked off later, by a kernel thread. */
    static void awaitBack(long before) {
        if (!Await.holds(() -> OwnProcess.pinnedKib() <= before)) {
            Check.equal(
                    "VmPin in kB, " + Await.PATIENCE.toSeconds() + " s after every ring was closed,",
                    before,
                    OwnProcess.pinnedKib());
        }
        Passed.note(() -> Expectation.equal(before, before));
    }

    /** Whether nobody else has a reason to pin anything. */
    static boolean isAlone() {
        return Boolean.getBoolean(Death.GUEST_PROPERTY);
    }

    /**
     * Pages that were pinned for anybody in the system and not let go since: up to some hundred pages wrong on a machine
     * with other work, and exact in a guest.
     */
    static long pagesOfAll() {
        if (isAlone()) {
            addUp();
        }
        return number("/proc/vmstat", "nr_foll_pin_acquired ") - number("/proc/vmstat", "nr_foll_pin_released ");
    }

    /** What each processor counts for itself. Disturbs them all, and waits for those that never rest. */
    private static void addUp() {
        try {
            var _ = Files.readAllBytes(Path.of("/proc/sys/vm/stat_refresh"));
        } catch (IOException e) {
            // That a sum is negative is an error, after all is added up; or the kernel has no such file.
        }
    }

    /** Accounting can end before the pins do, and others may pin meanwhile: less than half of so many pages is missing. */
    static void awaitPagesBack(long before, int pages) {
        Check.eventually(
                "nr_foll_pin_acquired - nr_foll_pin_released is not back where it was, " + before,
                () -> pagesOfAll() - before < pages / 2);
    }

    /** The sum of what stands behind this at the start of a line. */
    static long number(String file, String label) {
        try {
            return Files.readAllLines(Path.of(file)).stream()
                    .filter(line -> line.startsWith(label))
                    .mapToLong(line -> Long.parseLong(line.replaceAll("[^0-9]", "")))
                    .sum();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
