// SPDX-License-Identifier: MIT
package zcrx.conformance.results;

import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * A line that the suite writes into the kernel log when a test starts and when it has ended, so that whatever the
 * kernel says in between belongs to that test, whichever way the log is read and however late it arrives.
 *
 * @param kind whether the test starts or has ended
 * @param id of the test
 */
public record KernelLogMark(Kind kind, String id) {
    private static final Pattern LINE = Pattern.compile("zcrx-test: (start|end) (\\S+)\\s*$");

    public enum Kind {
        START,
        END
    }

    /** The text that goes to {@code /dev/kmsg}, without a newline. */
    public String text() {
        return "zcrx-test: " + (kind == Kind.START ? "start " : "end ") + id;
    }

    /** Finds a mark in a line of a console or of {@code dmesg}. */
    public static Optional<KernelLogMark> find(String line) {
        Matcher m = LINE.matcher(line);
        return m.find()
                ? Optional.of(new KernelLogMark(m.group(1).equals("start") ? Kind.START : Kind.END, m.group(2)))
                : Optional.empty();
    }
}
