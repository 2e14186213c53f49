// SPDX-License-Identifier: MIT
package zcrx.conformance.cases;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/** The kernel's caches of small objects: {@code /proc/slabinfo}, for root. */
final class Slabs {
    private static final Path FILE = Path.of("/proc/slabinfo");
    private static final Path CACHES = Path.of("/sys/kernel/slab");

    private Slabs() {}

    /**
     * How many objects are in use of the cache of this name, and of those with it in front, by cache. Those in whole slabs
     * and on lists of a CPU count, freed or not, so caches are shrunk before: what others left there would hide as much of
     * what comes after. Skips the test where it isn't shown.
     */
    static Map<String, Long> inUse(String name) {
        Check.needs(Files.isReadable(FILE), "the kernel has no " + FILE + " (CONFIG_SLUB_DEBUG)");
        try {
            for (String cache : caches(name).keySet()) {
                Path shrink = CACHES.resolve(cache).resolve("shrink");
                if (Files.exists(shrink)) {
                    Files.writeString(shrink, "1");
                }
            }
            return caches(name);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static Map<String, Long> caches(String name) throws IOException {
        try (Stream<String> lines = Files.lines(FILE)) {
            // Two lines of headings come first.
            return lines.skip(2)
                    .map(line -> line.split(" +", 3))
                    .filter(words -> words[0].startsWith(name))
                    .collect(Collectors.toMap(words -> words[0], words -> Long.parseLong(words[1])));
        }
    }

    /** Of which caches so many objects more than before are in use, and how many. */
    static Map<String, Long> grown(String name, Map<String, Long> before, long least) {
        var now = new HashMap<>(inUse(name));
        now.replaceAll((cache, objects) -> objects - before.getOrDefault(cache, 0L));
        now.values().removeIf(more -> more < least);
        return now;
    }
}
