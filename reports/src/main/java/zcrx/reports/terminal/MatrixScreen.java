// SPDX-License-Identifier: MIT
package zcrx.reports.terminal;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentSkipListMap;
import java.util.concurrent.atomic.AtomicInteger;
import zcrx.reports.run.Catalogue;
import zcrx.reports.run.Column;
import zcrx.reports.run.Run;
import zcrx.reports.run.RunRecorder;
import zcrx.reports.run.Setup;
import zcrx.reports.run.Status;
import zcrx.reports.run.Verdict;

/** Runs of several kernels on the terminal: one live line about all that go on, and what came of each when it ends. */
public final class MatrixScreen {
    private final Terminal terminal;
    private final Catalogue catalogue;
    private final int kernels;
    private final long began = System.nanoTime();
    private final AtomicInteger ended = new AtomicInteger();
    private final Map<String, Progress> running = new ConcurrentSkipListMap<>();

    public MatrixScreen(Terminal terminal, Catalogue catalogue, int kernels) {
        this.terminal = terminal;
        this.catalogue = catalogue;
        this.kernels = kernels;
    }

    /** How far one of them is. */
    private static final class Progress implements RunRecorder.Listener {
        private volatile int planned;
        private final AtomicInteger done = new AtomicInteger();
        private final AtomicInteger failed = new AtomicInteger();

        @Override
        public void planned(int tests) {
            planned = tests;
        }

        @Override
        public void finished(Run.Test test) {
            if (test.status() == Status.NOT_RUN) {
                return;
            }
            done.incrementAndGet();
            if (test.status() == Status.FAIL || test.status() == Status.BROKEN) {
                failed.incrementAndGet();
            }
        }

        @Override
        public String toString() {
            return planned == 0
                    ? "booting"
                    : done + "/" + planned + (failed.get() == 0 ? "" : ", " + failed + " failed");
        }
    }

    /**
     * Before the runs.
     *
     * @param room how many of them run at the same time
     */
    public void head(List<Setup> setups, int room) {
        setups.forEach(setup -> terminal.line("kernel", setup.kernel() + " (" + setup.origin() + ")"));
        setups.stream()
                .filter(setup -> setup.qemu() != null)
                .findFirst()
                .ifPresent(setup -> terminal.line(
                        "vm",
                        setup.qemu() + ", " + setup.accelerator() + ", " + setup.host() + "; " + room + " at a time"));
        terminal.line(
                "suite",
                setups.getFirst().suite() + ", seed " + setups.getFirst().seed());
        terminal.line("");
        terminal.status(this::progress);
    }

    /** One of the runs begins. */
    public RunRecorder.Listener begin(String label) {
        var progress = new Progress();
        running.put(label, progress);
        return progress;
    }

    private String progress() {
        var parts = new ArrayList<String>();
        parts.add(ended + "/" + kernels + " kernels " + time());
        running.forEach((label, progress) -> parts.add(label + " " + progress));
        return String.join("   ", parts);
    }

    private String time() {
        return RunScreen.seconds(Duration.ofNanos(System.nanoTime() - began));
    }

    /** One of the runs is over: what failed in it, and its verdict. */
    public void ended(Column column) {
        running.remove(column.label());
        ended.incrementAndGet();
        Run run = column.run();
        var screen = new RunScreen(terminal, run.setup(), catalogue);
        screen.findings(run);
        screen.verdictLine(run.verdict(), column.label() + "  " + RunScreen.verdict(run));
    }

    /** All are over. */
    public void tail(List<Column> columns) {
        terminal.status(null);
        terminal.line("");
        var parts = new ArrayList<String>();
        for (Verdict verdict : List.of(Verdict.PASS, Verdict.FAIL, Verdict.SKIP, Verdict.ERROR)) {
            long count =
                    columns.stream().filter(c -> c.run().verdict() == verdict).count();
            if (count > 0) {
                parts.add(count + " "
                        + switch (verdict) {
                            case PASS -> "passed";
                            case FAIL -> "failed";
                            case SKIP -> "skipped";
                            case ERROR -> "could not be tested";
                        });
            }
        }
        new RunScreen(terminal, columns.getFirst().run().setup(), catalogue)
                .verdictLine(
                        Column.verdict(columns), kernels + " kernels: " + String.join(", ", parts) + "   " + time());
    }
}
