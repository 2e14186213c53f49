// SPDX-License-Identifier: MIT
package zcrx.reports.run;

import java.util.Locale;

/** What is said about a kernel. In the order of precedence: the first that has a reason is the verdict. */
public enum Verdict {
    FAIL(ExitCode.FAIL),
    /** The run is no ground for a judgement. */
    ERROR(ExitCode.CANNOT_TEST),
    SKIP(ExitCode.SKIP),
    PASS(ExitCode.PASS);

    private final ExitCode exitCode;

    Verdict(ExitCode exitCode) {
        this.exitCode = exitCode;
    }

    public ExitCode exitCode() {
        return exitCode;
    }

    /** As it is written in {@code summary.json}. */
    public String word() {
        return name().toLowerCase(Locale.ROOT);
    }
}
