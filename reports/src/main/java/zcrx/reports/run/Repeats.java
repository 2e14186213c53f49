// SPDX-License-Identifier: MIT
package zcrx.reports.run;

import java.util.ArrayList;
import java.util.EnumMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import zcrx.conformance.results.ResultEvent;
import zcrx.conformance.results.ResultEvent.PlannedTest;

/**
 * Runs of one suite on one kernel, one after the other, and what they say together: of each test the worst that it came
 * to. Keeps of each run only what it takes to list it, as there may be many.
 */
public final class Repeats {
    /** Worst first. What did not run in one of them says nothing beside the others. */
    private static final List<Status> SEVERITY =
            List.of(Status.FAIL, Status.BROKEN, Status.XFAIL, Status.PASS, Status.SKIP, Status.NOT_RUN);

    private final Repetition repetition;
    private final List<Column.Part> parts = new ArrayList<>();
    private final Map<String, Run.Test> worst = new LinkedHashMap<>();
    private final Map<String, Splat> splats = new LinkedHashMap<>();
    private final List<String> failures = new ArrayList<>();
    private final List<String> errors = new ArrayList<>();
    private final List<String> notes = new ArrayList<>();
    private ResultEvent.@Nullable Kernel kernel;
    private @Nullable Run worstRun;
    private boolean supported;
    private long durationMs;

    public Repeats(Repetition repetition) {
        this.repetition = repetition;
    }

    /**
     * How a test came out in each run.
     *
     * @param repeats numbers of the runs, from 1, by what it came to in them
     */
    public record Tally(PlannedTest planned, Map<Status, List<Integer>> repeats) {
        private static final int SHOWN = 10;

        /** Whether it came out differently. That it did not run because the run had ended is no outcome. */
        public boolean isFlake() {
            return repeats.keySet().stream()
                            .filter(status -> status != Status.NOT_RUN)
                            .count()
                    > 1;
        }

        public int count(Status status) {
            return repeats.getOrDefault(status, List.of()).size();
        }

        /** Such as {@code pass 48, fail 2 (repeats 7 19)}. */
        public String words() {
            return repeats.entrySet().stream()
                    .map(e -> e.getKey().word().replace('_', ' ') + " "
                            + e.getValue().size()
                            + (e.getKey() == Status.PASS || repeats.size() == 1
                                    ? ""
                                    : " (" + which(e.getValue()) + ")"))
                    .collect(Collectors.joining(", "));
        }

        private static String which(List<Integer> numbers) {
            return (numbers.size() == 1 ? "repeat " : "repeats ")
                    + numbers.stream().limit(SHOWN).map(String::valueOf).collect(Collectors.joining(" "))
                    + (numbers.size() > SHOWN ? " …" : "");
        }
    }

    /** The next run, and the name of its directory. */
    public void add(String directory, Run run) {
        parts.add(new Column.Part(directory, run.brief()));
        String which = "repeat " + parts.size() + ": ";
        run.failures().forEach(line -> failures.add(which + line));
        run.errors().forEach(line -> errors.add(which + line));
        run.notes().forEach(line -> notes.add(which + line));
        for (Run.Test test : run.tests()) {
            worst.merge(test.id(), test, (old, now) -> severity(now) < severity(old) ? now : old);
        }
        run.splats()
                .forEach(splat ->
                        splats.putIfAbsent(splat.phase() + " " + splat.test() + " " + splat.fingerprint(), splat));
        durationMs += run.durationMs();
        kernel = kernel == null ? run.kernel() : kernel;
        supported |= run.unsupported() == null;
        if (worstRun == null || run.verdict().compareTo(worstRun.verdict()) < 0) {
            worstRun = run;
        }
    }

    private static int severity(Run.Test test) {
        return SEVERITY.indexOf(test.status());
    }

    public int done() {
        return parts.size();
    }

    /** Whether all that were wanted have been run. */
    public boolean isOver() {
        return !parts.isEmpty()
                && repetition.isOver(parts.size(), parts.getLast().run().verdict());
    }

    /** What they say together. There is at least one. */
    public Column column(String label) {
        Run of = Objects.requireNonNull(worstRun);
        Map<String, Tally> tallies = tallies(parts).stream()
                .collect(Collectors.toMap(t -> t.planned().id(), t -> t));
        var allErrors = new ArrayList<>(errors);
        if (!isOver()) {
            allErrors.add(
                    repetition.times() == null
                            ? "stopped after " + parts.size() + " repeats, before one failed"
                            : parts.size() + " of " + repetition.times() + " repeats were run");
        }
        var together = new Run(
                parts.getFirst().run().setup(),
                kernel,
                worst.values().stream()
                        .map(test -> test.saying(where(tallies.get(test.id()))))
                        .toList(),
                List.copyOf(splats.values()),
                failures,
                allErrors,
                notes,
                supported ? null : of.unsupported(),
                of.console(),
                durationMs);
        return new Column(label, together, parts);
    }

    /** In which of them a test failed; empty for one that did not. */
    private String where(@Nullable Tally tally) {
        return tally == null || tally.count(Status.FAIL) + tally.count(Status.BROKEN) + tally.count(Status.XFAIL) == 0
                ? ""
                : String.format(Locale.ROOT, "of %d repeats: %s", parts.size(), tally.words());
    }

    /** Of all tests of some runs, in the order of the plan. */
    static List<Tally> tallies(List<Column.Part> parts) {
        var tallies = new LinkedHashMap<String, Tally>();
        for (int i = 0; i < parts.size(); i++) {
            for (Run.Test test : parts.get(i).run().tests()) {
                tallies.computeIfAbsent(test.id(), _ -> new Tally(test.planned(), new EnumMap<>(Status.class)))
                        .repeats
                        .computeIfAbsent(test.status(), _ -> new ArrayList<>())
                        .add(i + 1);
            }
        }
        return List.copyOf(tallies.values());
    }
}
