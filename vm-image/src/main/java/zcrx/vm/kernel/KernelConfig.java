// SPDX-License-Identifier: MIT
package zcrx.vm.kernel;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.zip.GZIPInputStream;

/**
 * How a kernel was configured.
 *
 * @param options that are set, by name; without those that are not
 * @param origin where this is from, for people
 */
public record KernelConfig(Map<String, String> options, String origin) {
    /** Below the project's root; for merge_config.sh, too. */
    private static final Path FRAGMENT = Path.of("vm-image", "zcrx.config");

    private static final Pattern SET = Pattern.compile("(CONFIG_\\w+)=(.*)");

    /** Begins the part of the fragment without which guests still run. */
    private static final String WANTED = "## Wanted";

    /** Begins the part of the fragment that only lets the others be set. */
    private static final String MEANS = "## Means";

    /** What stands around the configuration within an image; see the kernel's kernel/configs.c. */
    private static final byte[] START = "IKCFG_ST".getBytes(StandardCharsets.US_ASCII);

    private static final byte[] END = "IKCFG_ED".getBytes(StandardCharsets.US_ASCII);

    public KernelConfig {
        options = Map.copyOf(options);
    }

    /**
     * An option that a kernel should have.
     *
     * @param name such as {@code CONFIG_IO_URING}
     * @param needed whether the suite cannot run without it
     * @param purpose what it is for
     */
    public record Wish(String name, boolean needed, String purpose) {}

    static KernelConfig parse(String text, String origin) {
        var options = new HashMap<String, String>();
        text.lines().map(SET::matcher).filter(Matcher::matches).forEach(m -> options.put(m.group(1), m.group(2)));
        return new KernelConfig(options, origin);
    }

    /** That which CONFIG_IKCONFIG puts into an image. */
    static Optional<KernelConfig> inside(byte[] elf, String origin) throws IOException {
        int start = indexOf(elf, START, 0);
        int end = start < 0 ? -1 : indexOf(elf, END, start);
        if (end < 0) {
            return Optional.empty();
        }
        int from = start + START.length;
        try (InputStream unpacked = new GZIPInputStream(new ByteArrayInputStream(elf, from, end - from))) {
            return Optional.of(parse(new String(unpacked.readAllBytes(), StandardCharsets.US_ASCII), origin));
        }
    }

    private static int indexOf(byte[] in, byte[] what, int from) {
        for (int at = from; at + what.length <= in.length; at++) {
            if (in[at] == what[0] && Arrays.equals(in, at, at + what.length, what, 0, what.length)) {
                return at;
            }
        }
        return -1;
    }

    /** What the fragment asks for, in its order: each option's purpose is the comment above it. */
    public static List<Wish> wishes(Path projectRoot) throws IOException {
        var wishes = new ArrayList<Wish>();
        boolean needed = true;
        String purpose = "";
        for (String line : Files.readAllLines(projectRoot.resolve(FRAGMENT))) {
            Matcher set = SET.matcher(line);
            if (line.startsWith(MEANS)) {
                return wishes;
            } else if (line.startsWith(WANTED)) {
                needed = false;
            } else if (line.startsWith("# ")) {
                purpose = line.substring(2);
            } else if (set.matches()) {
                wishes.add(new Wish(set.group(1), needed, purpose));
            }
        }
        return wishes;
    }

    /** Those that this kernel doesn't have built in: a guest has no modules but the simulated NIC. */
    public List<Wish> lacks(List<Wish> wishes) {
        return wishes.stream()
                .filter(wish -> !"y".equals(options.get(wish.name())))
                .toList();
    }

    /** How an option is set, in words. */
    public String state(String option) {
        String value = options.get(option);
        return value == null ? "is not set" : "is " + value;
    }
}
