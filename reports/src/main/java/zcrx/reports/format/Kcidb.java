// SPDX-License-Identifier: MIT
package zcrx.reports.format;

import com.fasterxml.jackson.annotation.JsonInclude;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.PropertyNamingStrategies;
import tools.jackson.databind.SerializationFeature;
import tools.jackson.databind.json.JsonMapper;
import zcrx.reports.run.Catalogue;
import zcrx.reports.run.Column;
import zcrx.reports.run.Failure;
import zcrx.reports.run.Run;
import zcrx.reports.run.Setup;
import zcrx.reports.run.Status;

/**
 * What KernelCI's database takes: KCIDB's I/O schema, version 5.3. Ids are made from what was run and when, so that a
 * report that is made again replaces the one that was sent before.
 */
public final class Kcidb {
    private static final JsonMapper JSON = JsonMapper.builder()
            .propertyNamingStrategy(PropertyNamingStrategies.SNAKE_CASE)
            .disable(tools.jackson.databind.MapperFeature.SORT_PROPERTIES_ALPHABETICALLY)
            .changeDefaultPropertyInclusion(include -> include.withValueInclusion(JsonInclude.Include.NON_NULL))
            .enable(SerializationFeature.INDENT_OUTPUT)
            .build();

    private static final Pattern ORIGIN = Pattern.compile("[a-z0-9_]+");

    /** Root of the paths of our tests. */
    private static final String SUITE = "zcrx";

    private static final int LONGEST_EXCERPT = 16384;

    private final String origin;
    private final Catalogue catalogue;
    private final List<Checkout> checkouts = new ArrayList<>();
    private final List<Build> builds = new ArrayList<>();
    private final List<Test> tests = new ArrayList<>();

    private Kcidb(String origin, Catalogue catalogue) {
        this.origin = origin;
        this.catalogue = catalogue;
    }

    /** What a test came to. In the order of precedence: of several, the first is what is said of them all. */
    private enum Verdict {
        /** The tested code is faulty. */
        FAIL,
        /** The test went wrong. */
        ERROR,
        /** The test did not run because the harness failed. */
        MISS,
        PASS,
        /** Not applicable. */
        SKIP;

        static Verdict of(Status status) {
            return switch (status) {
                case FAIL -> FAIL;
                case BROKEN -> ERROR;
                case NOT_RUN -> MISS;
                case PASS -> PASS;
                // A failure that is expected fails no run, and is no pass either.
                case SKIP, XFAIL -> SKIP;
            };
        }

        static Verdict of(zcrx.reports.run.Verdict verdict) {
            return switch (verdict) {
                case FAIL -> FAIL;
                case ERROR -> MISS;
                case PASS -> PASS;
                case SKIP -> SKIP;
            };
        }
    }

    private record Version(int major, int minor) {}

    private record Report(Version version, List<Checkout> checkouts, List<Build> builds, List<Test> tests) {}

    private record Checkout(String id, String origin, String comment) {}

    private record Build(
            String id,
            String origin,
            String checkoutId,
            @Nullable String architecture,
            String comment) {}

    private record Environment(String comment, Map<String, Object> misc) {}

    private record Test(
            String id,
            String origin,
            String buildId,
            String path,
            String comment,
            Verdict status,
            @Nullable String startTime,
            double duration,
            @Nullable String logExcerpt,
            Environment environment,
            Map<String, Object> misc) {}

    /** Whether it can be the name of who submits. */
    public static boolean isOrigin(String name) {
        return ORIGIN.matcher(name).matches();
    }

    /** Whether it can be the id of somebody's object. */
    public static boolean isId(String id) {
        int colon = id.indexOf(':');
        return colon > 0 && isOrigin(id.substring(0, colon));
    }

    /**
     * The whole of a report.
     *
     * @param origin name of the CI system that submits
     * @param buildId of the only kernel, which is known there; null to say of each kernel what is known here
     */
    public static String of(List<Column> columns, String origin, @Nullable String buildId, Catalogue catalogue) {
        var kcidb = new Kcidb(origin, catalogue);
        for (Column column : columns) {
            kcidb.add(column.run(), buildId == null ? kcidb.build(column.run()) : buildId);
        }
        return JSON.writeValueAsString(new Report(new Version(5, 3), kcidb.checkouts, kcidb.builds, kcidb.tests))
                + "\n";
    }

    private String build(Run run) {
        String kernel = run.kernel() == null
                ? run.release()
                : run.release() + " " + run.kernel().version();
        String id = id("kernel " + kernel);
        if (builds.stream().noneMatch(build -> build.id.equals(id))) {
            checkouts.add(new Checkout(id, origin, "Linux " + run.release()));
            builds.add(new Build(
                    id,
                    origin,
                    id,
                    run.kernel() == null ? null : run.kernel().machine(),
                    kernel + ", " + run.setup().origin()));
        }
        return id;
    }

    private String id(String what) {
        return origin + ":" + SUITE + "-" + UUID.nameUUIDFromBytes(what.getBytes(StandardCharsets.UTF_8));
    }

    private void add(Run run, String buildId) {
        Setup setup = run.setup();
        String which = buildId + " " + setup.started() + " " + setup.seed();
        var environment = new Environment(
                Stream.of(setup.qemu(), setup.accelerator(), setup.host())
                        .filter(fact -> fact != null)
                        .collect(Collectors.joining(", ")),
                new LinkedHashMap<>(Facts.of(run)));
        List<String> reasons = run.reasons();
        tests.add(new Test(
                id(which),
                origin,
                buildId,
                SUITE,
                "the run as a whole",
                Verdict.of(run.verdict()),
                time(setup.started()),
                run.durationMs() / 1000.0,
                excerpt(reasons),
                environment,
                Map.of()));
        for (Run.Test test : run.tests()) {
            tests.add(new Test(
                    id(which + " " + test.id()),
                    origin,
                    buildId,
                    path(test.id()),
                    test.planned().name(),
                    Verdict.of(test.status()),
                    // Tests say how long they took, not when.
                    null,
                    test.durationMs() / 1000.0,
                    test.status() == Status.PASS ? null : excerpt(lines(test)),
                    environment,
                    misc(test)));
        }
    }

    private List<String> lines(Run.Test test) {
        return test.status() == Status.SKIP || test.status() == Status.NOT_RUN
                ? test.message().lines().toList()
                : Failure.of(test, catalogue).all();
    }

    private static Map<String, Object> misc(Run.Test test) {
        var misc = new LinkedHashMap<String, Object>();
        misc.put("status", test.status().word());
        misc.put("requirements", test.planned().requirements());
        misc.put("data_path", test.planned().dataPath());
        misc.put("seed", test.setup().seed());
        return misc;
    }

    /** What a data path is of an id is a node below that of the test. */
    private static String path(String id) {
        return SUITE + "." + id.replace('@', '.').replaceAll("[^A-Za-z0-9_.-]", "_");
    }

    private static String time(Instant instant) {
        return instant.truncatedTo(ChronoUnit.SECONDS).toString();
    }

    private static @Nullable String excerpt(List<String> lines) {
        String text = String.join("\n", lines);
        return text.isEmpty() ? null : text.length() > LONGEST_EXCERPT ? text.substring(0, LONGEST_EXCERPT) : text;
    }
}
