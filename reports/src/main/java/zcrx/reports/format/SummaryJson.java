// SPDX-License-Identifier: MIT
package zcrx.reports.format;

import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.annotation.JsonProperty;
import com.fasterxml.jackson.annotation.JsonUnwrapped;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.PropertyNamingStrategies;
import tools.jackson.databind.SerializationFeature;
import tools.jackson.databind.json.JsonMapper;
import zcrx.reports.run.Catalogue;
import zcrx.reports.run.Column;
import zcrx.reports.run.Matrix;
import zcrx.reports.run.Repeats;
import zcrx.reports.run.Run;
import zcrx.reports.run.Splat;
import zcrx.reports.run.Status;
import zcrx.reports.run.Verdict;

/** One JSON object for programs. Its names are part of the interface: add, don't rename. */
public final class SummaryJson {
    private static final JsonMapper JSON = JsonMapper.builder()
            .propertyNamingStrategy(PropertyNamingStrategies.SNAKE_CASE)
            .disable(tools.jackson.databind.MapperFeature.SORT_PROPERTIES_ALPHABETICALLY)
            .enable(SerializationFeature.INDENT_OUTPUT)
            .build();

    private SummaryJson() {}

    private record Summary(
            String verdict,
            int exitCode,
            List<String> reasons,
            List<String> notes,
            Kernel kernel,
            Map<String, Integer> counts,
            long durationMs,
            List<Test> tests,
            List<KernelReport> splats,
            Map<String, Integer> ruleCounts,
            List<Rule> rules,
            List<Finding> findings,
            long seed,
            String profile,
            List<String> selection,
            String host,
            @Nullable String qemu,
            @Nullable String accelerator,
            String started,
            String version) {}

    private record Kernel(String release, @Nullable String dialect, List<String> features, String origin) {}

    private record Test(
            String id,
            String name,
            String subject,
            String dataPath,
            String status,
            long durationMs,
            List<String> requirements,
            String message,

            @JsonInclude(JsonInclude.Include.NON_NULL) @Nullable
            Map<String, Integer> repeats) {}

    /**
     * One of several runs of a kernel.
     *
     * @param directory name of its own, below that of this file
     */
    private record Repeat(String directory, String verdict, int exitCode, long seed, String started, long durationMs) {
        Repeat(Column.Part part) {
            this(
                    part.directory(),
                    part.run().verdict().word(),
                    part.run().verdict().exitCode().number(),
                    part.run().setup().seed(),
                    part.run().setup().started().toString(),
                    part.run().durationMs());
        }
    }

    /**
     * A row of the matrix.
     *
     * @param paths verdict by data path
     * @param tests ids of all that check it
     */
    private record Rule(
            String id,
            String rule,
            @JsonProperty("class") String kind,
            String source,
            String verdict,
            String reason,
            Map<String, String> paths,
            List<String> tests) {
        Rule(Matrix.Row row, Matrix.Cell cell) {
            this(
                    row.id(),
                    row.rule().rule(),
                    row.rule().kind(),
                    row.rule().source(),
                    cell.verdict().word(),
                    cell.reason(),
                    cell.parts().stream()
                            .collect(Collectors.toMap(
                                    Matrix.Part::dataPath,
                                    part -> part.verdict().word(),
                                    (a, _) -> a,
                                    TreeMap::new)),
                    cell.parts().stream()
                            .flatMap(part -> part.tests().stream())
                            .map(Run.Test::id)
                            .toList());
        }
    }

    /**
     * A rule on which documents and kernels disagree.
     *
     * @param evidence what tests of this run saw
     */
    private record Finding(
            String rule,
            @Nullable String document,
            @Nullable String header,
            String kernels,
            List<Evidence> evidence) {}

    /**
     * What this kernel did.
     *
     * @param side that it confirms: {@code document}, {@code header} or {@code kernels}
     */
    private record Evidence(String test, String side, String seen) {}

    private record KernelReport(
            String fingerprint,
            String kind,
            String title,
            String phase,
            @Nullable String test,
            List<String> frames,
            boolean ignored) {
        KernelReport(Splat s, boolean ignored) {
            this(s.fingerprint(), s.kind().word(), s.title(), s.phase().word(), s.test(), s.frames(), ignored);
        }
    }

    /** Several runs: what follows from all of them, and the summary of each. */
    private record Together(String verdict, int exitCode, List<Labelled> kernels) {}

    /**
     * @param repeats the runs that it is a summary of; none of what ran once
     * @param flakes tests that came out differently in these
     */
    private record Labelled(
            String label,
            @JsonInclude(JsonInclude.Include.NON_EMPTY) List<Repeat> repeats,
            @JsonInclude(JsonInclude.Include.NON_EMPTY) List<String> flakes,
            @JsonUnwrapped Summary summary) {
        Labelled(Column column, Catalogue catalogue) {
            this(
                    column.label(),
                    column.repeats().stream().map(Repeat::new).toList(),
                    column.flakes().stream().map(flake -> flake.planned().id()).toList(),
                    SummaryJson.summary(column, catalogue));
        }
    }

    public static String of(List<Column> columns, Catalogue catalogue) {
        Verdict verdict = Column.verdict(columns);
        return JSON.writeValueAsString(new Together(
                        verdict.word(),
                        verdict.exitCode().number(),
                        columns.stream().map(c -> new Labelled(c, catalogue)).toList()))
                + "\n";
    }

    public static String of(Run run, Catalogue catalogue) {
        return JSON.writeValueAsString(summary(new Column(run), catalogue)) + "\n";
    }

    private static Summary summary(Column column, Catalogue catalogue) {
        Run run = column.run();
        Matrix matrix = Matrix.of(List.of(column), catalogue);
        var repeats = new HashMap<String, Map<String, Integer>>();
        for (Repeats.Tally tally : column.tallies()) {
            var its = new LinkedHashMap<String, Integer>();
            tally.repeats().forEach((status, numbers) -> its.put(status.word(), numbers.size()));
            repeats.put(tally.planned().id(), its);
        }
        var ruleCounts = new LinkedHashMap<String, Integer>();
        matrix.counts(0).forEach((verdict, count) -> ruleCounts.put(verdict.word(), count));
        var counts = new LinkedHashMap<String, Integer>();
        for (Status status : Status.values()) {
            counts.put(status.word(), run.count(status));
        }
        var reasons = new ArrayList<>(run.reasons());
        if (run.unsupported() != null) {
            reasons.add(run.unsupported());
        }
        return new Summary(
                run.verdict().word(),
                run.verdict().exitCode().number(),
                reasons,
                run.notes(),
                run.kernel() == null
                        ? new Kernel(run.release(), null, List.of(), run.setup().origin())
                        : new Kernel(
                                run.release(),
                                run.kernel().dialect(),
                                run.kernel().features(),
                                run.setup().origin()),
                counts,
                run.durationMs(),
                run.tests().stream()
                        .map(t -> new Test(
                                t.id(),
                                t.planned().name(),
                                t.planned().subject(),
                                t.planned().dataPath(),
                                t.status().word(),
                                t.durationMs(),
                                t.planned().requirements(),
                                t.message(),
                                repeats.get(t.id())))
                        .toList(),
                run.splats().stream()
                        .map(s -> new KernelReport(s, run.setup().ignores(s)))
                        .toList(),
                ruleCounts,
                matrix.rows().stream()
                        .map(row -> new Rule(row, row.cells().getFirst()))
                        .toList(),
                findings(run, catalogue),
                run.setup().seed(),
                run.setup().profile(),
                run.setup().selection(),
                run.setup().host(),
                run.setup().qemu(),
                run.setup().accelerator(),
                run.setup().started().toString(),
                run.setup().version());
    }

    private static List<Finding> findings(Run run, Catalogue catalogue) {
        return catalogue.findings().entrySet().stream()
                .map(e -> new Finding(
                        e.getKey(),
                        e.getValue().document(),
                        e.getValue().header(),
                        e.getValue().kernels(),
                        run.evidence(e.getKey()).stream()
                                .map(seen -> new Evidence(seen.id(), seen.side(), seen.seen()))
                                .toList()))
                .toList();
    }
}
