// SPDX-License-Identifier: MIT
package zcrx.reports.format;

import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import zcrx.reports.run.Catalogue;
import zcrx.reports.run.Column;
import zcrx.reports.run.Failure;
import zcrx.reports.run.Run;
import zcrx.reports.run.Setup;
import zcrx.reports.run.Status;
import zcrx.reports.run.Verdict;

/**
 * KTAP version 1, as kunit.py and kselftest read it. A test that was not run has no line: a parser then misses it, as
 * it should after a crash, while a SKIP would look like an intended one.
 */
public final class Ktap {
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
            ktap.plan(run.tests().size() + (saysSomethingItself(run) ? 1 : 0));
        }
        run.tests().forEach(test -> ktap.test(test, run.setup()));
        ktap.end(run);
        return text.toString();
    }

    /** Several runs: each a test with subtests. */
    public static String of(List<Column> columns, Catalogue catalogue) {
        var text = new StringBuilder();
        var ktap = new Ktap(text, catalogue);
        ktap.plan(columns.size());
        columns.forEach(ktap::subtests);
        ktap.end(columns);
        return text.toString();
    }

    private static boolean saysSomethingItself(Run run) {
        return !run.failures().isEmpty() || !run.errors().isEmpty();
    }

    public void plan(int tests) {
        planned = true;
        line("1.." + tests);
    }

    /** Tests come in the order in which they ended. */
    public void test(Run.Test test, Setup setup) {
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
                diagnose(failure(test, setup));
                result(true, test.id(), " # XFAIL " + test.reason());
            }
            case FAIL -> {
                diagnose(failure(test, setup));
                result(false, test.id(), "");
            }
            case BROKEN -> {
                line("# broken: the test went wrong, which says nothing about the kernel");
                diagnose(failure(test, setup));
                result(false, test.id(), "");
            }
            case NOT_RUN -> throw new IllegalStateException("has no line");
        }
    }

    private Stream<String> failure(Run.Test test, Setup setup) {
        return Failure.of(test, setup, catalogue).all().stream();
    }

    /** A finished run as one test, with its own tests as subtests. */
    public void subtests(Column column) {
        Run run = column.run();
        List<String> lines = of(run, catalogue).lines().toList();
        line("  " + lines.getFirst());
        line("  # Subtest: " + column.label());
        lines.stream().skip(1).forEach(l -> line("  " + l));
        result(
                run.verdict() == Verdict.PASS || run.verdict() == Verdict.SKIP,
                column.label(),
                run.verdict() == Verdict.SKIP
                        ? " # SKIP " + (run.unsupported() == null ? "no test could run" : run.unsupported())
                        : "");
    }

    /** What remains to be said about several runs that have been written. */
    public void end(List<Column> columns) {
        line("# verdict: " + Column.verdict(columns).word() + ", " + columns.size() + " kernels");
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
        boolean says = saysSomethingItself(run);
        if (!planned) {
            if (says) {
                plan(1);
            } else {
                line("1..0 # SKIP " + (run.unsupported() == null ? "no tests" : run.unsupported()));
            }
        }
        if (says) {
            var reasons = new ArrayList<>(run.failures());
            reasons.addAll(run.errors());
            diagnose(reasons.stream());
            result(false, Run.RUN_ITSELF, "");
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
            out.append(line + "\n");
        } catch (java.io.IOException e) {
            throw new java.io.UncheckedIOException(e);
        }
    }
}
