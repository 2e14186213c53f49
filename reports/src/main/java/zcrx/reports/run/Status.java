// SPDX-License-Identifier: MIT
package zcrx.reports.run;

import java.util.Locale;

/** How a test came out, after everything is known. */
public enum Status {
    PASS,
    /** The kernel broke a rule, reported a bug of its own, or died. */
    FAIL,
    /** The kernel broke a rule, as this release is known to; does not fail the run. */
    XFAIL,
    /** The kernel or the data path lacks what the test needs. */
    SKIP,
    /** The test went wrong; as it did not pass, it fails the run, but nothing is said about the kernel. */
    BROKEN,
    /** The run ended before it, or the user stopped the run during it. */
    NOT_RUN;

    /** As it is written in {@code summary.json}. */
    public String word() {
        return name().toLowerCase(Locale.ROOT);
    }
}
