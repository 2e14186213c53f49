// SPDX-License-Identifier: MIT
package zcrx.conformance;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.lang.annotation.Annotation;
import java.lang.reflect.Method;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import net.jqwik.engine.JqwikTestEngine;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.engine.JupiterTestEngine;
import org.junit.platform.engine.TestEngine;
import org.junit.platform.engine.discovery.DiscoverySelectors;
import org.junit.platform.engine.support.descriptor.MethodSource;
import org.junit.platform.launcher.TestIdentifier;
import org.junit.platform.launcher.TestPlan;
import org.junit.platform.launcher.core.LauncherDiscoveryRequestBuilder;
import zcrx.conformance.ListedTest.Kind;
import zcrx.conformance.RunsOn.Scope;
import zcrx.conformance.SuiteOptions.Profile;
import zcrx.conformance.cases.Cases;
import zcrx.fixtures.abi.Dialect;

/**
 * Every test there is, found once, by the build: finding them by their annotations costs an emulated guest more than
 * most of them cost it together.
 */
final class TestList {
    private static final String RESOURCE = "tests.list";
    /** Between the fields of a line; none of them holds one. */
    private static final String FIELD = "\t";

    private static final String LIST = ",";

    private static final List<String> CLASSES =
            Cases.ALL.stream().map(Class::getName).toList();

    private static final Set<Class<?>> KNOWN = Set.of(Test.class, DisplayName.class, Order.class);

    private TestList() {}

    /** Argument: the directory of compiled classes to write the list into. */
    public static void main(String[] args) throws IOException {
        var tests = new ArrayList<>(found(new JupiterTestEngine(), Kind.EXAMPLE));
        tests.addAll(found(new JqwikTestEngine(), Kind.PROPERTY));
        // A fault breaks many tests: the first to fail shall be the one whose rule the others build on.
        tests.sort(Comparator.comparing(ListedTest::kind)
                .thenComparingInt(test -> CLASSES.indexOf(test.className()))
                .thenComparing(
                        test -> test.rules().isEmpty() ? "" : test.rules().getFirst()));
        Cases.ALL.forEach(TestList::checkIsPlain);
        Path file = Path.of(args[0])
                .resolve(TestList.class.getPackageName().replace('.', '/'))
                .resolve(RESOURCE);
        Files.write(file, tests.stream().map(TestList::line).toList());
    }

    /** What {@link ExampleEngine} doesn't know must not be there. */
    private static void checkIsPlain(Class<?> cases) {
        for (Method method : cases.getDeclaredMethods()) {
            for (Annotation annotation : method.getAnnotations()) {
                Class<?> type = annotation.annotationType();
                if (type.getPackage().equals(Test.class.getPackage()) && !KNOWN.contains(type)) {
                    throw new IllegalStateException(method + ": examples know no @" + type.getSimpleName());
                }
            }
        }
    }

    private static List<ListedTest> found(TestEngine engine, Kind kind) {
        TestPlan plan = Suite.launcher(engine)
                .discover(LauncherDiscoveryRequestBuilder.request()
                        .selectors(Cases.ALL.stream()
                                .map(DiscoverySelectors::selectClass)
                                .toList())
                        .configurationParameter("jqwik.database", "")
                        .build());
        var tests = new ArrayList<ListedTest>();
        plan.accept(new TestPlan.Visitor() {
            @Override
            public void visit(TestIdentifier test) {
                if (test.isTest()) {
                    tests.add(listed(test, (MethodSource) test.getSource().orElseThrow(), kind));
                }
            }
        });
        return tests;
    }

    private static ListedTest listed(TestIdentifier test, MethodSource source, Kind kind) {
        Rule rule = source.getJavaMethod().getAnnotation(Rule.class);
        Subject subject = source.getJavaClass().getAnnotation(Subject.class);
        if (subject == null) {
            throw new IllegalStateException(source.getClassName() + " names no subject");
        }
        RunsOn ofMethod = source.getJavaMethod().getAnnotation(RunsOn.class);
        RunsOn ofClass = source.getJavaClass().getAnnotation(RunsOn.class);
        Scope scope = ofMethod != null ? ofMethod.value() : ofClass != null ? ofClass.value() : Scope.NODEV;
        HoldsIn holdsIn = source.getJavaMethod().getAnnotation(HoldsIn.class);
        return new ListedTest(
                source.getClassName(),
                source.getMethodName(),
                kind,
                profile(test, kind),
                scope,
                holdsIn == null ? Dialect.choices() : List.of(holdsIn.value()),
                subject.value(),
                test.getDisplayName(),
                rule == null ? List.of() : List.of(rule.value()));
    }

    /** The gate has no properties: what they need of the JVM costs a guest more than all other tests together. */
    private static Profile profile(TestIdentifier test, Kind kind) {
        if (hasTag(test, Death.TAG)) {
            return Profile.DEATHS;
        }
        return kind == Kind.PROPERTY || hasTag(test, Full.TAG) ? Profile.FULL : Profile.GATE;
    }

    private static boolean hasTag(TestIdentifier test, String tag) {
        return test.getTags().stream().anyMatch(t -> t.getName().equals(tag));
    }

    private static String line(ListedTest test) {
        return String.join(
                FIELD,
                test.className(),
                test.method(),
                test.kind().name(),
                test.profile().name(),
                test.scope().name(),
                test.dialects().stream().map(Dialect::name).collect(Collectors.joining(LIST)),
                test.subject(),
                test.sentence(),
                String.join(LIST, test.rules()));
    }

    /** In the order of the report. */
    static List<ListedTest> all() {
        try (InputStream in = Objects.requireNonNull(TestList.class.getResourceAsStream(RESOURCE), RESOURCE)) {
            var tests = new ArrayList<ListedTest>();
            for (String line : new String(in.readAllBytes(), StandardCharsets.UTF_8)
                    .lines()
                    .toList()) {
                String[] field = line.split(FIELD, -1);
                tests.add(new ListedTest(
                        field[0],
                        field[1],
                        Kind.valueOf(field[2]),
                        Profile.valueOf(field[3]),
                        Scope.valueOf(field[4]),
                        Stream.of(field[5].split(LIST, -1))
                                .map(Dialect::valueOf)
                                .toList(),
                        field[6],
                        field[7],
                        field[8].isEmpty() ? List.of() : List.of(field[8].split(LIST, -1))));
            }
            return tests;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
