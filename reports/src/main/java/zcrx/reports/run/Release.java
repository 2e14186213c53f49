// SPDX-License-Identifier: MIT
package zcrx.reports.run;

import java.util.Comparator;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/** The numbers of a kernel's release. A release candidate counts as its release. */
record Release(int major, int minor, int patch) implements Comparable<Release> {
    private static final Pattern RELEASE = Pattern.compile("(\\d+)\\.(\\d+)(?:\\.(\\d+))?.*");

    private static final Comparator<Release> ORDER = Comparator.comparingInt(Release::major)
            .thenComparingInt(Release::minor)
            .thenComparingInt(Release::patch);

    /** Of a text as {@code uname -r} gives it; empty for one that has no such numbers. */
    static Optional<Release> parse(String text) {
        Matcher m = RELEASE.matcher(text);
        return m.matches()
                ? Optional.of(new Release(number(m.group(1)), number(m.group(2)), number(m.group(3))))
                : Optional.empty();
    }

    private static int number(@Nullable String digits) {
        return digits == null || digits.length() > 9 ? 0 : Integer.parseInt(digits);
    }

    @Override
    public int compareTo(Release other) {
        return ORDER.compare(this, other);
    }
}
