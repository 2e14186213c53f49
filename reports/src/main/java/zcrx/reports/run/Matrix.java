// SPDX-License-Identifier: MIT
package zcrx.reports.run;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.EnumMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Collectors;

/**
 * What runs say about rules: a row for each rule of the catalogue, a column for each run.
 *
 * @param rows in the order of the catalogue, rules that only a test knows at the end
 */
public record Matrix(List<Column> columns, List<Row> rows) {
    public Matrix {
        columns = List.copyOf(columns);
        rows = List.copyOf(rows);
    }

    /** What is said about a rule. In the order of precedence: of several, the first is what is said of them all. */
    public enum Verdict {
        FAIL,
        /** A test of it went wrong, which says nothing about the kernel, and leaves open what it would have said. */
        BROKEN,
        /** Broken, as this release is known to. */
        XFAIL,
        /** A test that checks it did not run, for whatever reason. */
        NOT_RUN,
        PASS,
        /** Nothing here can show it: the kernel or the data path lacks what its tests need. */
        SKIP,
        /** Not a rule of this dialect or release. */
        NOT_APPLICABLE;

        /** As it is written in {@code summary.json}. */
        public String word() {
            return name().toLowerCase(Locale.ROOT);
        }

        private static Verdict of(Run.Test test) {
            return valueOf(test.status().name());
        }
    }

    /**
     * What all runs say about a rule.
     *
     * @param cells one for each column
     */
    public record Row(String id, Catalogue.Rule rule, List<Cell> cells) {
        public Row {
            cells = List.copyOf(cells);
        }
    }

    /**
     * What a run says about a rule.
     *
     * @param reason in one line; empty for a pass on every path
     * @param parts one for each data path on which it was to be tested; none where no test checks it
     */
    public record Cell(Verdict verdict, String reason, List<Part> parts) {
        public Cell {
            parts = List.copyOf(parts);
        }
    }

    /**
     * What a run says about a rule on one data path.
     *
     * @param reason in one line; empty for a pass
     * @param tests that check it, in the order of the plan
     */
    public record Part(String dataPath, Verdict verdict, String reason, List<Run.Test> tests) {
        public Part {
            tests = List.copyOf(tests);
        }
    }

    public static Matrix of(List<Column> columns, Catalogue catalogue) {
        var rules = new LinkedHashMap<>(catalogue.rules());
        for (Column column : columns) {
            for (Run.Test test : column.run().tests()) {
                test.planned().requirements().forEach(id -> rules.putIfAbsent(id, catalogue.get(id)));
            }
        }
        List<Map<String, List<Run.Test>>> tests =
                columns.stream().map(column -> byRule(column.run())).toList();
        var rows = new ArrayList<Row>();
        rules.forEach((id, rule) -> {
            var cells = new ArrayList<Cell>();
            for (int i = 0; i < columns.size(); i++) {
                cells.add(cell(columns.get(i).run(), rule, tests.get(i).getOrDefault(id, List.of())));
            }
            rows.add(new Row(id, rule, cells));
        });
        return new Matrix(columns, rows);
    }

    private static Map<String, List<Run.Test>> byRule(Run run) {
        var tests = new LinkedHashMap<String, List<Run.Test>>();
        for (Run.Test test : run.tests()) {
            for (String id : test.planned().requirements()) {
                tests.computeIfAbsent(id, _ -> new ArrayList<>()).add(test);
            }
        }
        return tests;
    }

    private static Cell cell(Run run, Catalogue.Rule rule, List<Run.Test> tests) {
        if (tests.isEmpty()) {
            return unseen(run, rule);
        }
        List<Part> parts = tests.stream()
                .collect(Collectors.groupingBy(
                        test -> test.planned().dataPath(), LinkedHashMap::new, Collectors.toList()))
                .entrySet()
                .stream()
                .map(path -> part(path.getKey(), path.getValue()))
                .toList();
        Verdict verdict =
                parts.stream().map(Part::verdict).min(Comparator.naturalOrder()).orElseThrow();
        Optional<String> foreign = foreign(run, rule);
        if (verdict == Verdict.SKIP && foreign.isPresent()) {
            return new Cell(Verdict.NOT_APPLICABLE, foreign.get(), parts);
        }
        String reason = parts.stream()
                .filter(part -> !part.reason.isEmpty())
                .map(part -> parts.size() == 1 ? part.reason : "on " + part.dataPath + ": " + part.reason)
                .distinct()
                .collect(Collectors.joining("; "));
        return new Cell(verdict, reason, parts);
    }

    private static Part part(String dataPath, List<Run.Test> tests) {
        Run.Test decides = tests.stream().min(Comparator.comparing(Verdict::of)).orElseThrow();
        Verdict verdict = Verdict.of(decides);
        String reason = verdict == Verdict.PASS ? "" : decides.id() + ": " + decides.brief();
        return new Part(dataPath, verdict, reason, tests);
    }

    /** No test of the plan checks it. */
    private static Cell unseen(Run run, Catalogue.Rule rule) {
        if (run.unsupported() != null) {
            return new Cell(Verdict.SKIP, run.unsupported(), List.of());
        }
        Optional<String> foreign = foreign(run, rule);
        if (foreign.isPresent()) {
            return new Cell(Verdict.NOT_APPLICABLE, foreign.get(), List.of());
        }
        String reason;
        if (run.tests().isEmpty()) {
            reason = run.errors().isEmpty()
                    ? "the run has no plan"
                    : run.errors().getFirst();
        } else if (!run.setup().tests().isEmpty()) {
            reason = "not checked by what was chosen, --tests "
                    + String.join(" --tests ", run.setup().tests());
        } else if (!run.setup().selection().isEmpty()) {
            reason = "not checked by " + run.setup().suite();
        } else {
            reason = "not checked by profile " + run.setup().profile();
        }
        return new Cell(Verdict.NOT_RUN, reason, List.of());
    }

    /** Why it is no rule of this kernel, if it is none. */
    private static Optional<String> foreign(Run run, Catalogue.Rule rule) {
        if (run.kernel() == null) {
            return Optional.empty();
        }
        String dialect = run.kernel().dialect();
        if (!rule.dialects().isEmpty() && !rule.dialects().contains(dialect)) {
            return Optional.of("no rule of dialect " + dialect);
        }
        if (rule.since() == null) {
            return Optional.empty();
        }
        Optional<Release> since = Release.parse(rule.since());
        return since.isPresent()
                        && Release.parse(run.release())
                                .filter(here -> here.compareTo(since.get()) < 0)
                                .isPresent()
                ? Optional.of("since " + rule.since())
                : Optional.empty();
    }

    /** How many rules have each verdict, in the order of the words; zeroes included. */
    public Map<Verdict, Integer> counts(int column) {
        var counts = new EnumMap<Verdict, Integer>(Verdict.class);
        Arrays.stream(Verdict.values()).forEach(verdict -> counts.put(verdict, 0));
        rows.forEach(row -> counts.merge(row.cells().get(column).verdict(), 1, Integer::sum));
        return counts;
    }
}
