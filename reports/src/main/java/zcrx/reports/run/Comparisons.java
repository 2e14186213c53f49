// SPDX-License-Identifier: MIT
package zcrx.reports.run;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.BiPredicate;
import org.jspecify.annotations.Nullable;

/**
 * What differs between two sets of runs, kernel by kernel.
 *
 * @param pairs in the order of the later set
 * @param vanished labels of the earlier set that have nothing to be compared with
 */
public record Comparisons(List<Pair> pairs, List<String> vanished) {
    public Comparisons {
        pairs = List.copyOf(pairs);
        vanished = List.copyOf(vanished);
    }

    /**
     * A kernel.
     *
     * @param label in the later set
     * @param isNew whether the earlier set lacks it, so that all of it is compared with nothing
     */
    public record Pair(String label, Comparison comparison, boolean isNew) {}

    /**
     * A column is compared with that of the same label; else with that of the same {@code --kernel}, as debian:7.3 is
     * another release next month; and where there is one on each side, these are compared whatever they are.
     */
    public static Comparisons of(List<Column> before, List<Column> after) {
        var left = new ArrayList<>(before);
        var found = new ArrayList<@Nullable Column>();
        after.forEach(column -> found.add(take(left, column, (a, b) -> a.label().equals(b.label()))));
        for (int i = 0; i < after.size(); i++) {
            if (found.get(i) == null) {
                found.set(i, take(left, after.get(i), Comparisons::isSameKernel));
            }
        }
        if (before.size() == 1 && after.size() == 1) {
            found.set(0, before.getFirst());
            left.clear();
        }
        var pairs = new ArrayList<Pair>();
        for (int i = 0; i < after.size(); i++) {
            Column now = after.get(i);
            Column then = found.get(i);
            pairs.add(new Pair(
                    now.label(),
                    Comparison.of(then == null ? now.run().nothing() : then.run(), now.run()),
                    then == null));
        }
        return new Comparisons(pairs, left.stream().map(Column::label).toList());
    }

    private static @Nullable Column take(List<Column> from, Column like, BiPredicate<Column, Column> by) {
        Optional<Column> same =
                from.stream().filter(column -> by.test(column, like)).findFirst();
        same.ifPresent(from::remove);
        return same.orElse(null);
    }

    private static boolean isSameKernel(Column a, Column b) {
        List<String> one = a.run().setup().command();
        int at = one.indexOf("--kernel");
        int other = b.run().setup().command().indexOf("--kernel");
        return at >= 0
                && other >= 0
                && one.get(at + 1).equals(b.run().setup().command().get(other + 1));
    }

    /** Of all of them: one regression fails them. A kernel that lacks the feature has none. */
    public Verdict verdict() {
        List<Verdict> verdicts =
                pairs.stream().map(pair -> pair.comparison.verdict()).toList();
        return verdicts.contains(Verdict.FAIL)
                ? Verdict.FAIL
                : verdicts.contains(Verdict.ERROR) ? Verdict.ERROR : Verdict.PASS;
    }
}
