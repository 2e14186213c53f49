// SPDX-License-Identifier: MIT
package zcrx.reports.format;

import java.util.List;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import zcrx.reports.run.Catalogue;
import zcrx.reports.run.Column;
import zcrx.reports.run.Failure;
import zcrx.reports.run.Run;
import zcrx.reports.run.Status;
import zcrx.reports.run.Verdict;

/**
 * KTAP version 1, as kunit.py and kselftest read it. The last test of a run is the run itself, as it may fail when no
 * test does. A test that was not run has no line: a parser then misses it, as it should after a crash, while a SKIP
 * would look like an intended one.
 */
public final class Ktap {
    /** Words of a kernel log at which kunit.py stops reading, even in a comment. */
    private static final Pattern END =
            Pattern.compile("(List of all partitions|Kernel panic - not syncing: VFS|reboot(?=: System halted)):");

    private final Appendable out;
    private final Catalogue catalogue;
    private int number;
    private boolean planned;

    /** Writes each line at once. */
    public Ktap(Appendable out, Catalogue catalogue) {
        this.out = out;
        this.catalogue = catalogue;
        line("KTAP version 1");
    }

    /** The whole of a finished run. */
    public static String of(Run run, Catalogue catalogue) {
        var text = new StringBuilder();
        var ktap = new Ktap(text, catalogue);
        if (!run.tests().isEmpty()) {
            ktap.planned(run.tests().size());
        }
        run.tests().forEach(ktap::test);
        ktap.end(run);
        return text.toString();
    }

    /** Several runs: each a test with subtests. */
    public static String of(List<Column> columns, Catalogue catalogue) {
        var text = new StringBuilder();
        var ktap = new Ktap(text, catalogue);
        ktap.plan(columns.stream().mapToInt(Ktap::lines).sum());
        for (Column column : columns) {
            column.repeats().forEach(part -> ktap.subtests(part.directory(), part.run()));
            ktap.end(column);
        }
        ktap.end(columns);
        return text.toString();
    }

    /** One for each repeat, and one for the column. */
    private static int lines(Column column) {
        return column.repeats().size() + 1;
    }

    /** Of a run: the tests that the suite is going to run. */
    public void planned(int tests) {
        plan(tests + 1);
    }

    /** Of several: how many lines there will be in all. */
    public void plan(int lines) {
        planned = true;
        line("1.." + lines);
    }

    /** Tests come in the order in which they ended. */
    public void test(Run.Test test) {
        if (test.status() == Status.NOT_RUN) {
            return;
        }
        if (!test.planned().requirements().isEmpty()) {
            line("# requirements: " + String.join(" ", test.planned().requirements()));
        }
        line("# duration_ms: " + test.durationMs());
        switch (test.status()) {
            case PASS -> result(true, test.id(), "");
            case SKIP -> result(true, test.id(), " # SKIP " + test.reason());
            case XFAIL -> {
                diagnose(failure(test));
                result(true, test.id(), " # XFAIL " + test.reason());
            }
            case FAIL -> {
                diagnose(failure(test));
                result(false, test.id(), "");
            }
            case BROKEN -> {
                line("# broken: the test went wrong, which says nothing about the kernel");
                diagnose(failure(test));
                result(false, test.id(), "");
            }
            case NOT_RUN -> throw new IllegalStateException("has no line");
        }
    }

    private Stream<String> failure(Run.Test test) {
        return Failure.of(test, catalogue).all().stream();
    }

    /** A finished run as one test, with its own tests as subtests. */
    public void subtests(String name, Run run) {
        List<String> lines = of(run, catalogue).lines().toList();
        line("  " + lines.getFirst());
        line("  # Subtest: " + name);
        lines.stream().skip(1).forEach(l -> line("  " + l));
        verdict(name, run);
    }

    private void verdict(String name, Run run) {
        result(
                run.verdict() == Verdict.PASS || run.verdict() == Verdict.SKIP,
                name,
                run.verdict() == Verdict.SKIP
                        ? " # SKIP " + (run.unsupported() == null ? "no test could run" : run.unsupported())
                        : "");
    }

    /** A column of which all repeats have been written, or nothing as it ran once. */
    public void end(Column column) {
        if (column.repeats().isEmpty()) {
            subtests(column.label(), column.run());
            return;
        }
        column.flakes().forEach(flake -> line("# flake: " + flake.planned().id() + " " + flake.words()));
        diagnose(column.run().reasons().stream());
        verdict(column.label(), column.run());
    }

    /** What remains to be said about several runs that have been written. */
    public void end(List<Column> columns) {
        line("# verdict: " + Column.verdict(columns).word() + ", " + columns.size()
                + (columns.size() == 1 ? " kernel" : " kernels"));
    }

    /** What remains to be said about a run whose tests have been written. */
    public void end(Run run) {
        List<String> notRun = run.tests().stream()
                .filter(t -> t.status() == Status.NOT_RUN)
                .map(Run.Test::id)
                .toList();
        if (!notRun.isEmpty()) {
            line("# not run: " + String.join(" ", notRun));
        }
        diagnose(run.notes().stream());
        List<String> reasons = run.reasons();
        if (!planned && reasons.isEmpty()) {
            line("1..0 # SKIP " + (run.unsupported() == null ? "no tests" : run.unsupported()));
        } else {
            if (!planned) {
                planned(0);
            }
            diagnose(reasons.stream());
            result(reasons.isEmpty() && notRun.isEmpty(), Run.RUN_ITSELF, "");
        }
        line("# verdict: " + run.verdict().word() + ", kernel " + run.release());
    }

    /** Indented, because parsers take some words right after the {@code #} for theirs. */
    private void diagnose(Stream<String> lines) {
        lines.flatMap(String::lines).forEach(l -> line("#   " + l));
    }

    private void result(boolean ok, String name, String directive) {
        number++;
        line((ok ? "ok " : "not ok ") + number + " " + name + directive);
    }

    private void line(String line) {
        try {
            out.append(END.matcher(line).replaceAll("$1 :")).append('\n');
        } catch (java.io.IOException e) {
            throw new java.io.UncheckedIOException(e);
        }
    }
}
