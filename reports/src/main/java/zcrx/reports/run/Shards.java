// SPDX-License-Identifier: MIT
package zcrx.reports.run;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import zcrx.conformance.Shard;
import zcrx.conformance.results.ResultEvent;

/**
 * Runs of shards of one suite on one kernel, which ran on several machines and make one run.
 *
 * @param runs at least one
 */
public record Shards(List<Run> runs) {
    public Shards {
        runs = runs.stream().sorted(Comparator.comparingInt(Shards::number)).toList();
    }

    private static int number(Run run) {
        return run.setup().shard().number();
    }

    /** Whether a run is of another shard of the same suite on the same kernel. */
    public boolean lack(Run run) {
        Run other = runs.getFirst();
        Setup its = run.setup();
        Setup ours = other.setup();
        return its.shard().of() == ours.shard().of()
                && runs.stream().noneMatch(r -> number(r) == its.shard().number())
                && its.profile().equals(ours.profile())
                && its.tests().equals(ours.tests())
                && its.whole().selection().equals(ours.whole().selection())
                && run.release().equals(other.release())
                && runs.stream().allMatch(r -> isSameBuild(r, run))
                && ids(List.of(run)).noneMatch(ids(runs).collect(Collectors.toSet())::contains);
    }

    /** These and another. */
    public Shards and(Run run) {
        var more = new ArrayList<>(runs);
        more.add(run);
        return new Shards(more);
    }

    /** As far as both have said what they are: one may never have come up. */
    private static boolean isSameBuild(Run a, Run b) {
        ResultEvent.Kernel one = a.kernel();
        ResultEvent.Kernel other = b.kernel();
        return one == null || other == null || one.version().equals(other.version());
    }

    private static Stream<String> ids(List<Run> of) {
        return of.stream().flatMap(run -> run.tests().stream()).map(Run.Test::id);
    }

    /** What they say together. A shard that is missing keeps it from a pass. */
    public Run together() {
        Shard any = runs.getFirst().setup().shard();
        var failures = new ArrayList<String>();
        var errors = new ArrayList<String>();
        var notes = new ArrayList<String>();
        Set<Integer> missing =
                new TreeSet<>(IntStream.rangeClosed(1, any.of()).boxed().toList());
        for (Run run : runs) {
            String which = "shard " + run.setup().shard().word();
            run.failures().forEach(line -> failures.add(which + ": " + line));
            run.errors().forEach(line -> errors.add(which + ": " + line));
            notes.add(which + ": seed " + run.setup().seed() + ", on "
                    + run.setup().host());
            run.notes().forEach(line -> notes.add(which + ": " + line));
            missing.remove(run.setup().shard().number());
        }
        missing.forEach(number -> errors.add(
                "shard " + new Shard(number, any.of()).word() + " is missing: nobody knows about its tests"));
        Run worst = runs.stream().min(Comparator.comparing(Run::verdict)).orElseThrow();
        return new Run(
                runs.getFirst().setup().whole(),
                runs.stream()
                        .map(Run::kernel)
                        .filter(Objects::nonNull)
                        .findFirst()
                        .orElse(null),
                tests(),
                runs.stream().flatMap(run -> run.splats().stream()).toList(),
                failures,
                errors,
                notes,
                runs.stream().allMatch(run -> run.unsupported() != null) ? worst.unsupported() : null,
                worst.console(),
                runs.stream().mapToLong(Run::durationMs).sum());
    }

    /** In about the order of the plan, of whose neighbours each is in another shard. */
    private List<Run.Test> tests() {
        int most = runs.stream().mapToInt(run -> run.tests().size()).max().orElse(0);
        return IntStream.range(0, most)
                .boxed()
                .flatMap(i -> runs.stream()
                        .filter(run -> i < run.tests().size())
                        .map(run -> run.tests().get(i)))
                .toList();
    }
}
