// SPDX-License-Identifier: MIT
package zcrx.conformance;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.Iterator;
import java.util.List;
import java.util.Locale;
import org.jspecify.annotations.Nullable;
import zcrx.fixtures.abi.Dialect;
import zcrx.fixtures.path.PathKind;

/**
 * What to run. Travels as command-line words, because a guest gets it on its kernel's command line, behind {@code --}.
 *
 * @param profile how much
 * @param seed of every random choice
 * @param tests globs over test ids and requirement ids; empty for all of the profile
 * @param paths to run it on, in this order
 * @param shard the part of it that runs here
 * @param shuffle seed of the order in which the examples of each path run; null for the order of the report
 * @param dialect of the UAPI that the user says the kernel speaks; null when it is to be found out
 * @param after id of the last test that was run before, when this is the rest of a run; empty for all
 */
public record SuiteOptions(
        Profile profile,
        long seed,
        List<String> tests,
        List<PathKind> paths,
        Shard shard,
        @Nullable Long shuffle,
        @Nullable Dialect dialect,
        String after) {
    /** What runs anywhere. */
    private static final List<PathKind> DEFAULT_PATHS = List.of(PathKind.NODEV);

    /** How much to run. */
    public enum Profile {
        /** What gates a patch: every subject, by examples. */
        GATE,
        /** Everything: also what is slow, and properties with random inputs. */
        FULL,
        /** Ways to kill a guest, for testing the runner. Never part of another profile. */
        DEATHS;

        /** As it is written on a command line. */
        public String word() {
            return name().toLowerCase(Locale.ROOT);
        }
    }

    public SuiteOptions {
        tests = List.copyOf(tests);
        paths = List.copyOf(paths);
    }

    /** Without a device. */
    public SuiteOptions(Profile profile, long seed, List<String> tests) {
        this(profile, seed, tests, DEFAULT_PATHS);
    }

    /** From the start. */
    public SuiteOptions(Profile profile, long seed, List<String> tests, List<PathKind> paths) {
        this(profile, seed, tests, paths, Shard.WHOLE, null, null, "");
    }

    /** With other random choices. */
    public SuiteOptions seeded(long other) {
        return new SuiteOptions(profile, other, tests, paths, shard, shuffle, dialect, after);
    }

    /** The part of it that is this one's. */
    public SuiteOptions inShard(Shard its) {
        return new SuiteOptions(profile, seed, tests, paths, its, shuffle, dialect, after);
    }

    /** What comes behind a test. */
    public SuiteOptions restAfter(String id) {
        return new SuiteOptions(profile, seed, tests, paths, shard, shuffle, dialect, id);
    }

    /** The words that choose a shard and an order; none where everything runs in the order of the report. */
    public List<String> selection() {
        var words = new ArrayList<String>();
        if (!shard.equals(Shard.WHOLE)) {
            words.addAll(List.of(Shard.OPTION, shard.word()));
        }
        if (shuffle != null) {
            words.addAll(List.of("--shuffle", Long.toString(shuffle)));
        }
        return words;
    }

    /** The words that {@link #parse} takes back. */
    public List<String> words() {
        var words = new ArrayList<>(List.of("--profile", profile.word(), "--seed", Long.toString(seed)));
        for (String test : tests) {
            words.add("--tests");
            words.add(test);
        }
        if (!paths.equals(DEFAULT_PATHS)) {
            for (PathKind path : paths) {
                words.add("--data-path");
                words.add(path.word());
            }
        }
        words.addAll(selection());
        if (dialect != null) {
            words.addAll(List.of("--dialect", dialect.word()));
        }
        if (!after.isEmpty()) {
            words.addAll(List.of("--after", after));
        }
        return words;
    }

    /** The data paths as a user writes them. */
    public List<String> pathWords() {
        return List.of(
                "--data-path", paths.stream().map(PathKind::word).collect(java.util.stream.Collectors.joining(",")));
    }

    /** Throws {@link IllegalArgumentException} with one line for the user. */
    public static SuiteOptions parse(List<String> words) {
        Profile profile = Profile.GATE;
        long seed = 0;
        var tests = new ArrayList<String>();
        var paths = new ArrayList<PathKind>();
        Shard shard = Shard.WHOLE;
        Long shuffle = null;
        Dialect dialect = null;
        String after = "";
        for (Iterator<String> i = words.iterator(); i.hasNext(); ) {
            String option = i.next();
            if (!i.hasNext()) {
                throw new IllegalArgumentException(option + " needs a value");
            }
            String value = i.next();
            switch (option) {
                case "--profile" ->
                    profile = Arrays.stream(Profile.values())
                            .filter(p -> p.word().equals(value))
                            .findFirst()
                            .orElseThrow(() -> new IllegalArgumentException("unknown profile: " + value));
                case "--seed" -> seed = Long.parseLong(value);
                case "--tests" -> tests.add(value);
                case Shard.OPTION -> shard = Shard.parse(value);
                case "--shuffle" -> shuffle = Long.valueOf(value);
                case "--dialect" ->
                    dialect = Dialect.of(value)
                            .orElseThrow(() -> new IllegalArgumentException("unknown dialect: " + value));
                case "--after" -> after = value;
                case "--data-path" ->
                    paths.add(PathKind.of(value)
                            .orElseThrow(() -> new IllegalArgumentException("unknown data path: " + value)));
                default -> throw new IllegalArgumentException("unknown option: " + option);
            }
        }
        return new SuiteOptions(
                profile, seed, tests, paths.isEmpty() ? DEFAULT_PATHS : paths, shard, shuffle, dialect, after);
    }
}
