// SPDX-License-Identifier: MIT
package zcrx.conformance.cases;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;
import java.util.stream.Stream;

/** The kernel's caches of small objects: {@code /proc/slabinfo}, for root. */
final class Slabs {
    private static final Path FILE = Path.of("/proc/slabinfo");
    private static final Path CACHES = Path.of("/sys/kernel/slab");

    private Slabs() {}

    /** How many objects of each cache are in use, by its name. Caches count in whole slabs. Skips the test where it isn't shown. */
    static Map<String, Long> inUse() {
        Check.needs(Files.isReadable(FILE), "the kernel has no " + FILE + " (CONFIG_SLUB_DEBUG)");
        var objects = new HashMap<String, Long>();
        try (Stream<String> lines = Files.lines(FILE)) {
            // Two lines of headings come first.
            lines.skip(2)
                    .map(line -> line.split(" +", 3))
                    .forEach(words -> objects.put(words[0], Long.parseLong(words[1])));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return objects;
    }

    /** How many objects more than before are in use, of the caches of this name or with it in front that have so many more. */
    static Map<String, Long> grown(String name, Map<String, Long> before, long least) {
        Map<String, Long> now = inUse();
        now.keySet().removeIf(cache -> !cache.startsWith(name));
        now.replaceAll((cache, objects) -> objects - before.getOrDefault(cache, 0L));
        now.values().removeIf(more -> more < least);
        now.keySet().forEach(Slabs::shrink);
        return now;
    }

    /** Under KASAN objects that were freed count until this. */
    private static void shrink(String cache) {
        Path file = CACHES.resolve(cache).resolve("shrink");
        if (Files.exists(file)) {
            try {
                Files.writeString(file, "1");
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        }
    }
}
