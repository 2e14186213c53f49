// SPDX-License-Identifier: MIT
package zcrx.vm.kernel;

import java.util.Collection;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import zcrx.vm.BadRequestException;

/**
 * A kernel of Debian's, as the user asks for it.
 *
 * @param number {@code 7.3}, {@code 7.2.9}, {@code 7.3~rc} or {@code 7.3~rc7}; empty for the latest, {@code ~rc} for the latest
 *     release candidate
 * @param flavour {@code -rt}, {@code -cloud}, or nothing
 */
record DebianSpec(String number, String flavour) {
    static final String PREFIX = "debian:";

    private static final Pattern FORM =
            Pattern.compile("(latest|rc|[0-9]+\\.[0-9]+(?:\\.[0-9]+)?)(-rc[0-9]*)?(-rt|-cloud)?");
    /** How Debian writes {@code -rc}; stands alone for the newest of all. */
    private static final String CANDIDATE = "~rc";

    private static final DebianVersion FIRST_WITH_EVENTS = new DebianVersion("7.2");
    static final String BACKPORTS = "trixie-backports";

    static DebianSpec parse(String spec) {
        Matcher m = FORM.matcher(spec.substring(PREFIX.length()));
        if (!m.matches() || (m.group(2) != null && !Character.isDigit(m.group(1).charAt(0)))) {
            throw new BadRequestException("unknown kernel " + spec
                    + ": give debian:latest, debian:7.3, debian:7.2.9, debian:rc or debian:7.3-rc7; -rt or -cloud may"
                    + " follow");
        }
        String number = switch (m.group(1)) {
            case "latest" -> "";
            case "rc" -> CANDIDATE;
            default -> m.group(1);
        };
        String candidate = m.group(2) == null ? "" : m.group(2).replace('-', '~');
        return new DebianSpec(number + candidate, m.group(3) == null ? "" : m.group(3));
    }

    /**
     * Where to look. The latest is what a Debian user would install; release candidates go to experimental; a series may
     * be anywhere.
     */
    List<String> suites() {
        if (number.contains(CANDIDATE)) {
            return List.of("experimental");
        }
        return number.isEmpty() ? List.of(BACKPORTS) : List.of("trixie", BACKPORTS, "sid", "experimental");
    }

    /** Whether it names one kernel, which time doesn't change. */
    boolean isExact() {
        return number.chars().filter(c -> c == '.').count() == 2 || number.matches(".*" + CANDIDATE + "[0-9]+");
    }

    /** The newest that fits; a release candidate only if it's asked for, or there is nothing else. */
    Optional<KernelPackage> choose(Collection<KernelPackage> packages) {
        return packages.stream()
                .filter(this::fits)
                .max(Comparator.comparing((KernelPackage p) -> !p.isReleaseCandidate())
                        .thenComparing(KernelPackage::version));
    }

    private boolean fits(KernelPackage p) {
        if (!p.flavour().equals(flavour)) {
            return false;
        }
        if (number.isEmpty()) {
            return p.suite().equals(BACKPORTS) && p.version().compareTo(FIRST_WITH_EVENTS) >= 0;
        }
        if (number.equals(CANDIDATE)) {
            return p.isReleaseCandidate();
        }
        String upstream = p.version().upstream();
        if (!upstream.startsWith(number)) {
            return false;
        }
        // 7.2 is 7.2, 7.2.9 and 7.2~rc3, but not 7.20; 7.3~rc is 7.3~rc7.
        return upstream.length() == number.length()
                || number.endsWith(CANDIDATE)
                || upstream.charAt(number.length()) == '.'
                || upstream.charAt(number.length()) == '~';
    }
}
