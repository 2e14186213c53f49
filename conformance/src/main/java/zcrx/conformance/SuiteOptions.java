// SPDX-License-Identifier: MIT
package zcrx.conformance;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.Iterator;
import java.util.List;
import java.util.Locale;

/**
 * What to run. Travels as command-line words, because a guest gets it on its kernel's command line, behind {@code --}.
 *
 * @param profile how much
 * @param seed of every random choice
 * @param tests globs over test ids and requirement ids; empty for all of the profile
 */
public record SuiteOptions(Profile profile, long seed, List<String> tests) {

    /** How much to run. */
    public enum Profile {
        /** What gates a patch: every subject, in seconds. */
        GATE,
        /** Everything, with more rounds in each property. */
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
    }

    /** The words that {@link #parse} takes back. */
    public List<String> words() {
        var words = new ArrayList<>(List.of("--profile", profile.word(), "--seed", Long.toString(seed)));
        for (String test : tests) {
            words.add("--tests");
            words.add(test);
        }
        return words;
    }

    /** Throws {@link IllegalArgumentException} with one line for the user. */
    public static SuiteOptions parse(List<String> words) {
        Profile profile = Profile.GATE;
        long seed = 0;
        var tests = new ArrayList<String>();
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
                default -> throw new IllegalArgumentException("unknown option: " + option);
            }
        }
        return new SuiteOptions(profile, seed, tests);
    }
}
