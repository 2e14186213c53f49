// SPDX-License-Identifier: MIT
package zcrx.reports.run;

import java.time.Instant;
import java.time.LocalDate;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import zcrx.conformance.Shard;
import zcrx.conformance.SuiteOptions.Profile;
import zcrx.conformance.results.ResultEvent.PlannedTest;

/**
 * What is known before a run. The names are those of {@code run.json}.
 *
 * @param version of this project
 * @param started when the run began
 * @param command words of the command line that say where to run, such as {@code vm --kernel debian:7.3}
 * @param profile that was asked for
 * @param tests patterns that chose among its tests; empty for all of them
 * @param selection words of the command line that chose a shard and an order; empty for all in the order of the report
 * @param seed of every random choice
 * @param kernel release that is going to be tested, as far as it is known beforehand
 * @param origin where that kernel is from, in words
 * @param host what runs it, in words, such as {@code 2 cpus, 2G}
 * @param strict whether failures that are known count like any other
 * @param ignoredSplats fingerprints of kernel reports that fail nothing
 * @param expected failures that fail nothing until their day
 * @param qemu version of QEMU; null without one
 * @param accelerator what runs the guest's instructions; null without a guest
 */
public record Setup(
        String version,
        Instant started,
        List<String> command,
        String profile,
        List<String> tests,
        List<String> selection,
        long seed,
        String kernel,
        String origin,
        String host,
        boolean strict,
        List<String> ignoredSplats,
        List<Expectation> expected,
        @Nullable String qemu,
        @Nullable String accelerator) {

    public Setup {
        command = List.copyOf(command);
        tests = List.copyOf(tests);
        selection = List.copyOf(selection);
        ignoredSplats = List.copyOf(ignoredSplats);
        expected = List.copyOf(expected);
    }

    /** That this test fails, or was expected to until a day that is over. */
    Optional<Expectation> expects(PlannedTest test) {
        return expected.stream().filter(e -> e.isAbout(test)).max(Comparator.comparing(Expectation::expires));
    }

    boolean isOver(Expectation expectation) {
        return expectation.isOver(LocalDate.ofInstant(started, ZoneOffset.UTC));
    }

    /** Whether a report of the kernel is known and fails nothing. One that ended the guest is never. */
    public boolean ignores(Splat splat) {
        return splat.kind() != Splat.Kind.PANIC && ignoredSplats.contains(splat.fingerprint());
    }

    /** What was run, in words. */
    public String suite() {
        return selection.isEmpty() ? profile : profile + " " + String.join(" ", selection);
    }

    /** The part of the suite that was to be run; {@link Shard#WHOLE} for all of it. */
    public Shard shard() {
        int at = selection.indexOf(Shard.OPTION);
        return at < 0 ? Shard.WHOLE : Shard.parse(selection.get(at + 1));
    }

    /** The same, of the whole of which this is a shard. */
    public Setup whole() {
        int at = selection.indexOf(Shard.OPTION);
        if (at < 0) {
            return this;
        }
        var rest = new ArrayList<>(selection);
        rest.subList(at, at + 2).clear();
        return with(started, rest, seed);
    }

    /** The same, of a shard of it. */
    public Setup inShard(Shard shard) {
        var words = new ArrayList<>(List.of(Shard.OPTION, shard.word()));
        words.addAll(selection);
        return with(started, words, seed);
    }

    /** The same, for a run that begins only now, with a seed of its own. */
    public Setup startedNow(long itsSeed) {
        return with(Instant.now(), selection, itsSeed);
    }

    private Setup with(Instant itsStart, List<String> itsSelection, long itsSeed) {
        return new Setup(
                version,
                itsStart,
                command,
                profile,
                tests,
                itsSelection,
                itsSeed,
                kernel,
                origin,
                host,
                strict,
                ignoredSplats,
                expected,
                qemu,
                accelerator);
    }

    /** A command line that runs one test again as it was run. */
    public String replay(String id) {
        var words = new ArrayList<>(List.of("./zcrx"));
        words.addAll(command);
        if (profile.equals(Profile.DEATHS.word())) {
            // Its tests are part of no other, and those of all others can be asked for by name.
            words.addAll(List.of("--profile", profile));
        }
        words.addAll(List.of("--tests", id, "--seed", Long.toString(seed)));
        return String.join(" ", words.stream().map(Text::shellWord).toList());
    }
}
