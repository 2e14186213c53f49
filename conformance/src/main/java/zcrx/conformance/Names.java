// SPDX-License-Identifier: MIT
package zcrx.conformance;

import java.lang.reflect.Method;
import java.nio.file.FileSystems;
import java.nio.file.Path;
import java.util.List;
import org.junit.platform.engine.support.descriptor.MethodSource;
import org.junit.platform.launcher.TestIdentifier;
import zcrx.conformance.results.ResultEvent.PlannedTest;

/** What a test is called: its id, its rules, its subject and its sentence. */
final class Names {
    private static final String DATA_PATH = "nodev";

    private Names() {}

    /** {@code Class.method}. */
    static String id(MethodSource method) {
        return method.getJavaClass().getSimpleName() + "." + method.getMethodName();
    }

    static List<String> rules(MethodSource source) {
        Method method = source.getJavaMethod();
        Rule rule = method.getAnnotation(Rule.class);
        return rule == null ? List.of() : List.of(rule.value());
    }

    static PlannedTest planned(TestIdentifier test, MethodSource method) {
        Subject subject = method.getJavaClass().getAnnotation(Subject.class);
        if (subject == null) {
            throw new IllegalStateException(method.getClassName() + " names no subject");
        }
        return new PlannedTest(id(method), subject.value(), test.getDisplayName(), rules(method), DATA_PATH);
    }

    /** Whether one of the globs fits the id or one of the rules, in any case of letters. */
    static boolean matches(List<String> globs, String id, List<String> rules) {
        return globs.stream().anyMatch(glob -> fits(glob, id) || rules.stream().anyMatch(rule -> fits(glob, rule)));
    }

    private static boolean fits(String glob, String name) {
        return FileSystems.getDefault()
                .getPathMatcher("glob:" + glob.toLowerCase(java.util.Locale.ROOT))
                .matches(Path.of(name.toLowerCase(java.util.Locale.ROOT)));
    }
}
