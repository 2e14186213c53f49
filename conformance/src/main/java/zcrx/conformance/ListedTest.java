// SPDX-License-Identifier: MIT
package zcrx.conformance;

import java.nio.file.FileSystems;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import zcrx.conformance.RunsOn.Scope;
import zcrx.conformance.SuiteOptions.Profile;
import zcrx.conformance.results.ResultEvent.PlannedTest;
import zcrx.fixtures.abi.Dialect;
import zcrx.fixtures.path.PathKind;

/**
 * A test as the build found it, see {@link TestList}.
 *
 * @param className in full
 * @param method takes no arguments if it is an example
 * @param kind who runs it
 * @param profile the least one that it is part of
 * @param scope on which data paths it runs
 * @param dialects in which its rule holds
 * @param subject the area of the UAPI, as a heading
 * @param sentence what holds when it passes
 * @param rules that it checks, the one it is about first
 */
record ListedTest(
        String className,
        String method,
        Kind kind,
        Profile profile,
        Scope scope,
        List<Dialect> dialects,
        String subject,
        String sentence,
        List<String> rules) {

    /** Which engine of the JUnit Platform runs a test. */
    enum Kind {
        EXAMPLE,
        PROPERTY
    }

    ListedTest {
        dialects = List.copyOf(dialects);
        rules = List.copyOf(rules);
    }

    /** {@code Class.method}, and on which path if it is not the one that is always there. */
    static String id(String className, String method, PathKind path) {
        String id = className.substring(className.lastIndexOf('.') + 1) + "." + method;
        return path == PathKind.NODEV ? id : id + "@" + path.word();
    }

    String id(PathKind path) {
        return id(className, method, path);
    }

    PlannedTest planned(PathKind path) {
        return new PlannedTest(id(path), subject, sentence, rules, path.word());
    }

    /** Whether it runs on this path with these options. */
    boolean isWanted(SuiteOptions options, PathKind path) {
        boolean onPath = switch (scope) {
            case NODEV -> path == PathKind.NODEV;
            case NETDEVSIM -> path == PathKind.NETDEVSIM;
            case EVERY_PATH -> true;
            case QUEUE ->
                path.hasQueue()
                        || (path == options.paths().getFirst()
                                && options.paths().stream().noneMatch(PathKind::hasQueue));
        };
        boolean death = profile == Profile.DEATHS;
        if (!onPath || death != (options.profile() == Profile.DEATHS)) {
            return false;
        }
        // A test that is asked for by name runs even if it is too slow for the gate.
        return options.tests().isEmpty()
                ? death || profile.compareTo(options.profile()) <= 0
                : options.tests().stream().anyMatch(glob -> matches(glob, path));
    }

    /** Whether the glob fits the id, with or without its path, or a rule, in any case of letters. */
    private boolean matches(String glob, PathKind path) {
        return fits(glob, id(path))
                || fits(glob, id(PathKind.NODEV))
                || rules.stream().anyMatch(rule -> fits(glob, rule));
    }

    private static boolean fits(String glob, String name) {
        return FileSystems.getDefault()
                .getPathMatcher("glob:" + glob.toLowerCase(Locale.ROOT))
                .matches(Path.of(name.toLowerCase(Locale.ROOT)));
    }
}
