// SPDX-License-Identifier: MIT
package zcrx.reports.format;

import com.fasterxml.jackson.annotation.JsonUnwrapped;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.PropertyNamingStrategies;
import tools.jackson.databind.SerializationFeature;
import tools.jackson.databind.json.JsonMapper;
import zcrx.reports.run.Comparison;
import zcrx.reports.run.Comparison.Change;
import zcrx.reports.run.Comparison.Kind;
import zcrx.reports.run.Comparison.Timing;
import zcrx.reports.run.Comparisons;
import zcrx.reports.run.Run;
import zcrx.reports.run.Status;
import zcrx.reports.run.Verdict;

/** What differs between two runs, for people, for programs and for a comment on a pull request. */
public final class ComparisonReport {
    private static final int MAX_TIMINGS = 10;

    private static final JsonMapper JSON = JsonMapper.builder()
            .propertyNamingStrategy(PropertyNamingStrategies.SNAKE_CASE)
            .disable(tools.jackson.databind.MapperFeature.SORT_PROPERTIES_ALPHABETICALLY)
            .enable(SerializationFeature.INDENT_OUTPUT)
            .build();

    private ComparisonReport() {}

    private record Json(
            String verdict,
            int exitCode,
            Side before,
            Side after,
            Map<String, List<Difference>> changes,
            List<Timing> timings) {}

    private record Side(String kernel, String verdict, List<String> reasons, long durationMs) {
        Side(Run run) {
            this(run.release(), run.verdict().word(), run.reasons(), run.durationMs());
        }
    }

    private record Difference(
            String id,
            List<String> rules,
            @Nullable String before,
            @Nullable String after,
            boolean regression,
            String reason) {
        Difference(Change c) {
            this(c.id(), c.rules(), word(c.before()), word(c.after()), c.isRegression(), c.reason());
        }

        private static @Nullable String word(@Nullable Status status) {
            return status == null ? null : status.word();
        }
    }

    /** Several kernels: what follows from all of them, and the comparison of each. */
    private record Together(String verdict, int exitCode, List<Labelled> kernels, List<String> vanished) {}

    private record Labelled(
            String label, boolean isNew, @JsonUnwrapped Json comparison) {}

    public static String json(Comparisons all) {
        if (isOne(all)) {
            return json(all.pairs().getFirst().comparison());
        }
        return JSON.writeValueAsString(new Together(
                        all.verdict().word(),
                        all.verdict().exitCode().number(),
                        all.pairs().stream()
                                .map(pair -> new Labelled(pair.label(), pair.isNew(), object(pair.comparison())))
                                .toList(),
                        all.vanished()))
                + "\n";
    }

    private static boolean isOne(Comparisons all) {
        return all.pairs().size() == 1 && all.vanished().isEmpty();
    }

    public static String text(Comparisons all) {
        if (isOne(all)) {
            return text(all.pairs().getFirst().comparison());
        }
        var text = new StringBuilder();
        for (Comparisons.Pair pair : all.pairs()) {
            text.append("kernel   ")
                    .append(pair.label())
                    .append(pair.isNew() ? ", new: compared with nothing\n" : "\n")
                    .append(text(pair.comparison()))
                    .append('\n');
        }
        all.vanished().forEach(label -> text.append("kernel   ").append(label).append(", only in the earlier runs\n"));
        return text.append(verdict(all)).append('\n').toString();
    }

    /** As GitHub and GitLab show it. */
    public static String markdown(Comparisons all) {
        if (isOne(all)) {
            return markdown(all.pairs().getFirst().comparison());
        }
        var text = new StringBuilder("## zcrx-conformance: " + verdict(all) + "\n");
        for (Comparisons.Pair pair : all.pairs()) {
            text.append("\nkernel ")
                    .append(code(pair.label()))
                    .append(pair.isNew() ? ", new: compared with nothing\n\n" : "\n\n")
                    .append(markdown(pair.comparison()));
        }
        all.vanished()
                .forEach(label -> text.append("\nkernel ").append(code(label)).append(", only in the earlier runs\n"));
        return text.toString();
    }

    private static String verdict(Comparisons all) {
        long worse = all.pairs().stream()
                .filter(pair -> pair.comparison().verdict() == Verdict.FAIL)
                .count();
        return switch (all.verdict()) {
            case FAIL -> "regressions on " + worse + " of " + all.pairs().size() + " kernels";
            case ERROR -> "no regression seen, but a later run is no ground for a judgement";
            case PASS, SKIP -> "no regression on " + all.pairs().size() + " kernels";
        };
    }

    private static String json(Comparison comparison) {
        return JSON.writeValueAsString(object(comparison)) + "\n";
    }

    private static Json object(Comparison comparison) {
        var changes = new LinkedHashMap<String, List<Difference>>();
        for (Kind kind : Kind.values()) {
            changes.put(
                    kind.word(),
                    comparison.changes(kind).stream().map(Difference::new).toList());
        }
        return new Json(
                comparison.verdict().word(),
                comparison.verdict().exitCode().number(),
                new Side(comparison.before()),
                new Side(comparison.after()),
                changes,
                comparison.timings());
    }

    private static String text(Comparison comparison) {
        var text = new StringBuilder();
        text.append("before   ").append(side(comparison.before())).append('\n');
        text.append("after    ").append(side(comparison.after())).append('\n');
        for (Change c : comparison.changes()) {
            text.append(String.format(Locale.ROOT, "%-8s ", c.kind().word().toUpperCase(Locale.ROOT)))
                    .append(c.id())
                    .append("  ")
                    .append(fromTo(c))
                    .append("  ")
                    .append(String.join(" ", c.rules()));
            if (!c.reason().isEmpty()) {
                text.append("\n         ").append(c.reason());
            }
            text.append('\n');
        }
        for (Timing t : timings(comparison)) {
            text.append("time     ").append(t.id()).append("  ").append(time(t)).append('\n');
        }
        for (String reason : comparison.after().reasons()) {
            text.append("run      ").append(reason).append('\n');
        }
        return text.append(verdict(comparison)).append('\n').toString();
    }

    private static String markdown(Comparison comparison) {
        var text = new StringBuilder();
        text.append("### zcrx-conformance: ").append(verdict(comparison)).append("\n\n");
        text.append("before: ").append(code(side(comparison.before()))).append("  \n");
        text.append("after: ").append(code(side(comparison.after()))).append("\n");
        if (!comparison.changes().isEmpty()) {
            text.append("\n| | test | before → after | rules | why |\n|---|---|---|---|---|\n");
        }
        for (Change c : comparison.changes()) {
            text.append("| ").append(c.kind().word());
            text.append(" | ").append(code(c.id()));
            text.append(" | ").append(fromTo(c));
            text.append(" | ").append(code(String.join(" ", c.rules())));
            text.append(" | ").append(code(c.reason())).append(" |\n");
        }
        List<Timing> timings = timings(comparison);
        if (!timings.isEmpty()) {
            text.append("\n| test | time |\n|---|---|\n");
            timings.forEach(t -> text.append("| ")
                    .append(code(t.id()))
                    .append(" | ")
                    .append(time(t))
                    .append(" |\n"));
        }
        List<String> reasons = comparison.after().reasons();
        if (!reasons.isEmpty()) {
            text.append('\n');
            reasons.forEach(reason -> text.append("- ").append(code(reason)).append('\n'));
        }
        return text.toString();
    }

    /** Text from a guest must not become markup, a link or a mention of somebody. */
    private static String code(String text) {
        return text.isEmpty() ? "" : "`" + text.replace('`', '\'').replace("|", "\\|") + "`";
    }

    private static String side(Run run) {
        return run.release() + ", " + run.verdict().word() + ", " + run.count(Status.PASS) + " of "
                + run.tests().size() + " passed";
    }

    private static String fromTo(Change c) {
        return words(c.before()) + " → " + words(c.after());
    }

    private static String words(@Nullable Status status) {
        return status == null ? "not there" : status.word().replace('_', ' ');
    }

    private static List<Timing> timings(Comparison comparison) {
        return comparison.timings().stream().limit(MAX_TIMINGS).toList();
    }

    private static String time(Timing t) {
        return t.beforeMs() + " ms → " + t.afterMs() + " ms";
    }

    private static String verdict(Comparison comparison) {
        long regressions =
                comparison.changes().stream().filter(Change::isRegression).count();
        return switch (comparison.verdict()) {
            case FAIL ->
                regressions == 0
                        ? "a regression: the run as a whole fails"
                        : regressions + (regressions == 1 ? " regression" : " regressions");
            case ERROR -> "no regression seen, but the later run is no ground for a judgement";
            case PASS, SKIP -> "no regression";
        };
    }
}
