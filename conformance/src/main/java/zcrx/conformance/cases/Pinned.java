// SPDX-License-Identifier: MIT
package zcrx.conformance.cases;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;

/** Memory that the kernel holds in its place. */
final class Pinned {
    private Pinned() {}

    /** A ring's end is worked off later, by a kernel thread. */
    static void awaitNone() {
        Check.eventually("VmPin is not 0 kB though every ring is closed", () -> kib() == 0);
    }

    /** What this process is accounted for, in KiB. */
    static long kib() {
        return number("/proc/self/status", "VmPin:");
    }

    /**
     * Pages that were pinned for anybody in the system and not let go since. Inexact: the kernel's sums lag by some hundred
     * pages.
     */
    static long pagesOfAll() {
        return number("/proc/vmstat", "nr_foll_pin_acquired ") - number("/proc/vmstat", "nr_foll_pin_released ");
    }

    private static long number(String file, String label) {
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
