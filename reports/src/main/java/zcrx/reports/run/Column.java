// SPDX-License-Identifier: MIT
package zcrx.reports.run;

import java.util.List;
import java.util.Set;

/**
 * A run among others that are reported together.
 *
 * @param label what tells it from the others: the kernel's release, with a number behind it where two are the same
 */
public record Column(String label, Run run) {

    /** A run by itself. */
    public Column(Run run) {
        this(run.release(), run);
    }

    /**
     * A label for another run of the kernel {@code release}.
     *
     * @param taken labels of the others, to which it is added
     */
    public static String unique(String release, Set<String> taken) {
        String label = release;
        for (int i = 2; !taken.add(label); i++) {
            label = release + "-" + i;
        }
        return label;
    }

    /**
     * Of all of them: one failure fails them, and what could not be tested keeps them from a pass; kernels that lack the
     * feature count only when nothing else was tested.
     */
    public static Verdict verdict(List<Column> columns) {
        List<Verdict> verdicts =
                columns.stream().map(column -> column.run.verdict()).toList();
        if (verdicts.contains(Verdict.FAIL)) {
            return Verdict.FAIL;
        }
        if (verdicts.contains(Verdict.ERROR)) {
            return Verdict.ERROR;
        }
        return verdicts.contains(Verdict.PASS) ? Verdict.PASS : Verdict.SKIP;
    }
}
