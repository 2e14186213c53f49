// SPDX-License-Identifier: MIT
package zcrx.conformance.cases;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;

/** Memory of this process that the kernel holds in its place. */
final class Pinned {
    private Pinned() {}

    /** A ring's end is worked off later, by a kernel thread. */
    static void awaitNone() {
        Check.eventually("VmPin is not 0 kB though every ring is closed", () -> kib() == 0);
    }

    static long kib() {
        try {
            return Files.readAllLines(Path.of("/proc/self/status")).stream()
                    .filter(line -> line.startsWith("VmPin:"))
                    .mapToLong(line -> Long.parseLong(line.replaceAll("[^0-9]", "")))
                    .sum();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
