// SPDX-License-Identifier: MIT
package zcrx.reports.terminal;

import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.stream.Collectors;
import zcrx.conformance.results.ResultEvent;
import zcrx.conformance.results.ResultEvent.PlannedTest;
import zcrx.reports.run.Catalogue;
import zcrx.reports.run.Failure;
import zcrx.reports.run.Run;
import zcrx.reports.run.RunRecorder;
import zcrx.reports.run.Setup;
import zcrx.reports.run.Splat;
import zcrx.reports.run.Status;
import zcrx.reports.run.Verdict;

/** A run on the terminal: a head, a live line, then what failed, then the verdict. */
public final class RunScreen implements RunRecorder.Listener {
    private static final int BAR = 20;
    private static final int MAX_SHOWN = 20;
    private static final int LOG_LINES = 15;
    private static final String INDENT = "         ";

    private final Terminal terminal;
    private final Setup setup;
    private final Catalogue catalogue;
    private final long began = System.nanoTime();
    private final String full;
    private final String empty;

    private final Progress progress = new Progress();
    private volatile String at = "booting";

    public RunScreen(Terminal terminal, Setup setup, Catalogue catalogue) {
        this.terminal = terminal;
        this.setup = setup;
        this.catalogue = catalogue;
        boolean blocks = terminal.canShow("█░");
        full = blocks ? "█" : "#";
        empty = blocks ? "░" : ".";
    }

    /** Before the run. */
    public void head() {
        terminal.line("kernel", setup.kernel() + " (" + setup.origin() + ")");
        String vm = setup.qemu() == null ? "" : setup.qemu() + ", " + setup.accelerator() + ", ";
        terminal.line(setup.qemu() == null ? "host" : "vm", vm + setup.host());
        terminal.status(this::progress);
    }

    @Override
    public void hello(ResultEvent.Kernel kernel) {
        terminal.line(
                "uapi",
                "dialect " + kernel.dialect()
                        + (kernel.features().isEmpty() ? "" : ", " + String.join(" ", kernel.features())));
        at = "starting";
    }

    @Override
    public void planned(int tests) {
        progress.planned(tests);
        terminal.line("suite", setup.suite() + ", " + count(tests, "test") + ", seed " + setup.seed());
    }

    @Override
    public void started(PlannedTest test) {
        at = test.id();
    }

    @Override
    public void finished(Run.Test test) {
        progress.finished(test);
    }

    private String progress() {
        String time = seconds(Duration.ofNanos(System.nanoTime() - began));
        if (!progress.isPlanned()) {
            return at + " " + time;
        }
        int filled = progress.of(BAR);
        return full.repeat(filled) + empty.repeat(BAR - filled) + " " + progress + "  " + time + "  " + at;
    }

    /** After the run. */
    public void tail(Run run) {
        terminal.status(null);
        terminal.line("");
        findings(run);
        disagreements(run);
        verdictLine(terminal, run.verdict(), verdict(run));
    }

    /** All that has to be said about a run besides its verdict. */
    void findings(Run run) {
        List<Run.Test> bad = run.tests().stream()
                .filter(t -> t.status() == Status.FAIL || t.status() == Status.BROKEN)
                .toList();
        bad.stream().limit(MAX_SHOWN).forEach(test -> failure(run, test));
        if (bad.size() > MAX_SHOWN) {
            terminal.line("… and " + (bad.size() - MAX_SHOWN) + " more, see the report");
            terminal.line("");
        }
        if (!run.failures().isEmpty() || !run.errors().isEmpty()) {
            run.failures().forEach(f -> verdictLine(terminal, Verdict.FAIL, f));
            run.errors().forEach(e -> verdictLine(terminal, Verdict.ERROR, e));
            console(run);
            terminal.line("");
        }
        List<Splat> boot =
                run.splats().stream().filter(s -> s.phase() == Splat.Phase.BOOT).toList();
        if (!boot.isEmpty()) {
            terminal.line(
                    "boot",
                    count(boot.size(), "report") + " of the kernel before the suite, not under test: "
                            + boot.getFirst().title());
        }
        run.splats().stream()
                .filter(s -> s.phase() != Splat.Phase.BOOT && setup.ignores(s))
                .forEach(s -> terminal.line("ignored", s.title() + "  " + s.fingerprint()));
        run.notes().forEach(note -> terminal.line("note", note));
        run.tests().stream()
                .filter(t -> t.status() == Status.XFAIL
                        || (t.status() == Status.PASS && !t.message().isEmpty()))
                .forEach(t -> terminal.line(
                        Terminal.Colour.ODD,
                        t.status() == Status.XFAIL ? "XFAIL" : "XPASS",
                        t.id() + "  " + t.reason()));
    }

    private void failure(Run run, Run.Test test) {
        String what = test.id() + "  " + test.planned().name();
        if (test.status() == Status.FAIL) {
            verdictLine(terminal, Verdict.FAIL, what);
        } else {
            terminal.line(Terminal.Colour.ODD, test.status().name(), what);
        }
        Failure failure = Failure.of(test, catalogue);
        failure.lines().forEach(l -> terminal.line(INDENT + l));
        if (!failure.kernelLog().isEmpty()) {
            terminal.line(INDENT + "kernel log");
            failure.kernelLog().forEach(l -> terminal.line(INDENT + "  " + terminal.in(Terminal.Colour.FAINT, l)));
        }
        run.suspect(test).ifPresent(who -> terminal.line(INDENT + "suspect  " + who));
        test.attachment(ResultEvent.Attachment.REPRODUCTION).ifPresent(l -> terminal.line(INDENT + "in C     " + l));
        terminal.line("");
    }

    private void disagreements(Run run) {
        List<String> seen = catalogue.findings().keySet().stream()
                .filter(rule -> !run.evidence(rule).isEmpty())
                .toList();
        if (!seen.isEmpty()) {
            terminal.line(
                    "findings",
                    "documents and kernels disagree on " + count(seen.size(), "rule") + " seen here, see the report: "
                            + String.join(" ", seen));
        }
    }

    /** The end of the console is the best that there is to say about a guest that never got to a test. */
    private void console(Run run) {
        boolean nothingElse = run.tests().stream().allMatch(t -> t.status() == Status.NOT_RUN);
        if (nothingElse && run.unsupported() == null && !run.console().isEmpty()) {
            terminal.line(INDENT + "end of the console");
            List<String> lines = run.console();
            lines.subList(Math.max(0, lines.size() - LOG_LINES), lines.size())
                    .forEach(l -> terminal.line(INDENT + "  " + terminal.in(Terminal.Colour.FAINT, l)));
        }
    }

    static void verdictLine(Terminal terminal, Verdict verdict, String text) {
        terminal.line(
                switch (verdict) {
                    case PASS -> Terminal.Colour.GOOD;
                    case FAIL -> Terminal.Colour.BAD;
                    case SKIP, ERROR -> Terminal.Colour.ODD;
                },
                verdict.name(),
                text);
    }

    static String verdict(Run run) {
        return counts(run) + "   " + seconds(Duration.ofMillis(run.durationMs()));
    }

    /** How many tests came to what. */
    static String counts(Run run) {
        var parts = new ArrayList<String>();
        if (run.unsupported() != null) {
            parts.add("nothing was tested: " + run.unsupported());
        }
        add(parts, run.count(Status.PASS), "passed");
        add(parts, run.count(Status.FAIL), "failed");
        add(parts, run.count(Status.BROKEN), "broken");
        add(parts, run.count(Status.XFAIL), "failed as known");
        add(parts, run.count(Status.SKIP), "skipped" + skipReasons(run));
        add(parts, run.count(Status.NOT_RUN), "not run");
        if (parts.isEmpty()) {
            parts.add("nothing was tested");
        }
        return String.join(", ", parts);
    }

    private static void add(List<String> parts, int count, String what) {
        if (count > 0) {
            parts.add(count + " " + what);
        }
    }

    private static String skipReasons(Run run) {
        Map<String, Long> reasons = run.tests().stream()
                .filter(t -> t.status() == Status.SKIP)
                .collect(Collectors.groupingBy(Run.Test::reason, LinkedHashMap::new, Collectors.counting()));
        return reasons.entrySet().stream()
                .map(e -> (reasons.size() == 1 ? "" : e.getValue() + " ") + e.getKey())
                .collect(Collectors.joining("; ", " (", ")"));
    }

    static String count(int n, String what) {
        return n + " " + what + (n == 1 ? "" : "s");
    }

    static String seconds(Duration d) {
        return String.format(Locale.ROOT, "%.1f s", d.toMillis() / 1000.0);
    }
}
