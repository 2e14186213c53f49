// SPDX-License-Identifier: MIT
package zcrx.reports.run;

import java.util.List;
import java.util.Set;

/**
 * A run among others that are reported together.
 *
 * @param label what tells it from the others: the kernel's release, with a number behind it where two are the same
 * @param run the run, or what its repeats say together
 * @param repeats in their order; none of what ran once
 */
public record Column(String label, Run run, List<Part> repeats) {
    public Column {
        repeats = List.copyOf(repeats);
    }

    /**
     * One of several runs.
     *
     * @param directory name of its own, below that of all
     */
    public record Part(String directory, Run run) {}

    public Column(String label, Run run) {
        this(label, run, List.of());
    }

    /** A run by itself. */
    public Column(Run run) {
        this(run.release(), run);
    }

    /** How each test came out in the repeats, in the order of the plan; none of what ran once. */
    public List<Repeats.Tally> tallies() {
        return Repeats.tallies(repeats);
    }

    /** The tests that came out differently. */
    public List<Repeats.Tally> flakes() {
        return tallies().stream().filter(Repeats.Tally::isFlake).toList();
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
