// SPDX-License-Identifier: MIT
package zcrx.conformance.cases;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Stream;

/** The kernel's caches of small objects, as far as it shows them: {@code /proc/slabinfo}, for root. */
final class Slabs {
    private Slabs() {}

    /** How many objects of each cache are in use, by its name. Caches count in whole slabs. Empty where it isn't shown. */
    static Map<String, Long> inUse() {
        Path file = Path.of("/proc/slabinfo");
        var objects = new HashMap<String, Long>();
        if (Files.isReadable(file)) {
            try (Stream<String> lines = Files.lines(file)) {
                // Two lines of headings come first.
                lines.skip(2)
                        .map(line -> line.split(" +", 3))
                        .forEach(words -> objects.put(words[0], Long.parseLong(words[1])));
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        }
        return objects;
    }

    /**
     * How many objects more than before are in use, of the general caches that have at least {@code most} more. Of the
     * others some free late by design, such as those of address ranges.
     */
    static Map<String, Long> grown(Map<String, Long> before, long most) {
        var grown = new TreeMap<String, Long>();
        inUse().forEach((cache, objects) -> {
            long more = objects - before.getOrDefault(cache, 0L);
            if (more >= most && cache.startsWith("kmalloc")) {
                grown.put(cache, more);
            }
        });
        return grown;
    }
}
