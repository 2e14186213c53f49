// SPDX-License-Identifier: MIT
package zcrx.conformance;

import java.lang.reflect.Method;
import java.nio.file.FileSystems;
import java.nio.file.Path;
import java.util.List;
import org.junit.platform.engine.support.descriptor.MethodSource;
import org.junit.platform.launcher.TestIdentifier;
import zcrx.conformance.RunsOn.Scope;
import zcrx.conformance.results.ResultEvent.PlannedTest;
import zcrx.fixtures.path.PathKind;

/** What a test is called: its id, its rules, its subject and its sentence. */
final class Names {
    private Names() {}

    /** {@code Class.method}, and on which path if it is not the one that is always there. */
    static String id(MethodSource method, PathKind path) {
        String id = method.getJavaClass().getSimpleName() + "." + method.getMethodName();
        return path == PathKind.NODEV ? id : id + "@" + path.word();
    }

    static Scope scope(MethodSource source) {
        RunsOn method = source.getJavaMethod().getAnnotation(RunsOn.class);
        RunsOn all = source.getJavaClass().getAnnotation(RunsOn.class);
        return method != null ? method.value() : all != null ? all.value() : Scope.NODEV;
    }

    static List<String> rules(MethodSource source) {
        Method method = source.getJavaMethod();
        Rule rule = method.getAnnotation(Rule.class);
        return rule == null ? List.of() : List.of(rule.value());
    }

    static PlannedTest planned(TestIdentifier test, MethodSource method, PathKind path) {
        Subject subject = method.getJavaClass().getAnnotation(Subject.class);
        if (subject == null) {
            throw new IllegalStateException(method.getClassName() + " names no subject");
        }
        return new PlannedTest(id(method, path), subject.value(), test.getDisplayName(), rules(method), path.word());
    }

    /** Whether one of the globs fits the id, with or without its path, or a rule, in any case of letters. */
    static boolean matches(List<String> globs, MethodSource method, PathKind path) {
        return globs.stream()
                .anyMatch(glob -> fits(glob, id(method, path))
                        || fits(glob, id(method, PathKind.NODEV))
                        || rules(method).stream().anyMatch(rule -> fits(glob, rule)));
    }

    private static boolean fits(String glob, String name) {
        return FileSystems.getDefault()
                .getPathMatcher("glob:" + glob.toLowerCase(java.util.Locale.ROOT))
                .matches(Path.of(name.toLowerCase(java.util.Locale.ROOT)));
    }
}
