// SPDX-License-Identifier: MIT
package zcrx.reports.run;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.EnumSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * What differs between two runs.
 *
 * @param changes in the order of {@link Kind}, then of the plan
 * @param timings of tests that passed in both, largest difference first
 */
public record Comparison(Run before, Run after, List<Change> changes, List<Timing> timings) {
    /** What an emulated machine's clock may do by chance: less than this is no difference. */
    private static final long LEAST_MS = 500;

    private static final int LEAST_FACTOR = 2;

    /** It did not pass, whether or not that was expected. */
    private static final Set<Status> BAD = EnumSet.of(Status.FAIL, Status.BROKEN, Status.XFAIL);

    /** What fails a run. */
    private static final Set<Status> FATAL = EnumSet.of(Status.FAIL, Status.BROKEN);

    public Comparison {
        changes = List.copyOf(changes);
        timings = List.copyOf(timings);
    }

    /** How a test differs. */
    public enum Kind {
        /** It passed, or failed as expected, and fails now. */
        BROKE,
        /** It failed, expected or not, and passes now. */
        FIXED,
        /** It says something about the kernel, and did not before: it was not there, skipped or not run. */
        NEW,
        /** It said something about the kernel, and does not now. */
        VANISHED;

        public String word() {
            return name().toLowerCase(Locale.ROOT);
        }
    }

    /**
     * A test that differs.
     *
     * @param before null when the test was not in that run
     * @param after null when the test is not in that run
     * @param reason why it is as it is now, in one line; empty for a pass
     */
    public record Change(
            Kind kind,
            String id,
            List<String> rules,
            @Nullable Status before,
            @Nullable Status after,
            String reason) {
        public Change {
            rules = List.copyOf(rules);
        }

        /** It fails the later run, and would not have failed the earlier one. */
        public boolean isRegression() {
            return after != null && FATAL.contains(after) && (before == null || !FATAL.contains(before));
        }
    }

    /** A test that takes at least twice or at most half of the time. */
    public record Timing(String id, long beforeMs, long afterMs) {}

    public static Comparison of(Run before, Run after) {
        Map<String, Run.Test> earlier = byId(before);
        Map<String, Run.Test> later = byId(after);
        var ids = new LinkedHashMap<>(later);
        earlier.forEach(ids::putIfAbsent);
        var changes = new ArrayList<Change>();
        var timings = new ArrayList<Timing>();
        ids.forEach((id, either) -> {
            Run.Test from = earlier.get(id);
            Run.Test to = later.get(id);
            kind(from, to)
                    .ifPresent(kind -> changes.add(new Change(
                            kind,
                            id,
                            either.planned().requirements(),
                            from == null ? null : from.status(),
                            to == null ? null : to.status(),
                            to == null || to.status() == Status.PASS ? "" : to.brief())));
            if (from != null && to != null && hasMoved(from, to)) {
                timings.add(new Timing(id, from.durationMs(), to.durationMs()));
            }
        });
        changes.sort(Comparator.comparing(Change::kind));
        timings.sort(Comparator.comparingLong((Timing t) -> Math.abs(t.afterMs - t.beforeMs))
                .reversed());
        return new Comparison(before, after, changes, timings);
    }

    private static Map<String, Run.Test> byId(Run run) {
        var tests = new LinkedHashMap<String, Run.Test>();
        run.tests().forEach(test -> tests.put(test.id(), test));
        return tests;
    }

    private static Optional<Kind> kind(Run.@Nullable Test from, Run.@Nullable Test to) {
        boolean saidSomething = from != null && says(from);
        boolean saysSomething = to != null && says(to);
        if (!saidSomething || from == null) {
            return saysSomething ? Optional.of(Kind.NEW) : Optional.empty();
        }
        if (!saysSomething || to == null) {
            return Optional.of(Kind.VANISHED);
        }
        if (from.status() == Status.XFAIL && FATAL.contains(to.status())) {
            return Optional.of(Kind.BROKE);
        }
        boolean wasBad = BAD.contains(from.status());
        boolean isBad = BAD.contains(to.status());
        return wasBad == isBad ? Optional.empty() : Optional.of(isBad ? Kind.BROKE : Kind.FIXED);
    }

    private static boolean says(Run.Test test) {
        return test.status() != Status.SKIP && test.status() != Status.NOT_RUN;
    }

    private static boolean hasMoved(Run.Test from, Run.Test to) {
        long less = Math.min(from.durationMs(), to.durationMs());
        long more = Math.max(from.durationMs(), to.durationMs());
        return from.status() == Status.PASS
                && to.status() == Status.PASS
                && more - less >= LEAST_MS
                && more >= LEAST_FACTOR * less;
    }

    public List<Change> changes(Kind kind) {
        return changes.stream().filter(change -> change.kind == kind).toList();
    }

    /**
     * {@link Verdict#FAIL} when something fails that did not fail before; {@link Verdict#ERROR} when nothing of that was
     * seen, but the later run is no ground for a judgement.
     */
    public Verdict verdict() {
        boolean ofTheRun = !after.failures().isEmpty() && before.failures().isEmpty();
        if (ofTheRun || changes.stream().anyMatch(Change::isRegression)) {
            return Verdict.FAIL;
        }
        return after.verdict() == Verdict.ERROR ? Verdict.ERROR : Verdict.PASS;
    }
}
