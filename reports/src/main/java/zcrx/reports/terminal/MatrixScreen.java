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
import zcrx.reports.run.Repeats;
import zcrx.reports.run.Run;
import zcrx.reports.run.RunRecorder;
import zcrx.reports.run.Setup;
import zcrx.reports.run.Verdict;

/**
 * Several runs on the terminal, on several kernels, in several guests or repeated: one live line about all that go on,
 * and what came of each when it ends.
 */
public final class MatrixScreen {
    private final Terminal terminal;
    private final Catalogue catalogue;
    private final String runs;
    private final long began = System.nanoTime();
    private boolean live;
    private final AtomicInteger ended = new AtomicInteger();
    private final Map<String, Progress> running = new ConcurrentSkipListMap<>();

    /**
     * @param runs how many there will be, of what, such as {@code 4 kernels}, or {@code repeats} when nobody knows
     */
    public MatrixScreen(Terminal terminal, Catalogue catalogue, String runs) {
        this.terminal = terminal;
        this.catalogue = catalogue;
        this.runs = runs;
    }

    /**
     * Before the runs.
     *
     * @param room how many of them run at the same time
     */
    public void head(List<Setup> setups, int room) {
        live = true;
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
        parts.add(ended + (Character.isDigit(runs.charAt(0)) ? "/" : " ") + runs + " " + time());
        running.forEach((label, at) -> parts.add(label + " " + (at.isPlanned() ? at : "booting")));
        return String.join("   ", parts);
    }

    private String time() {
        return RunScreen.seconds(Duration.ofNanos(System.nanoTime() - began));
    }

    /** One of the runs is over: what failed in it, and its verdict. */
    public void ended(String label, Run run) {
        running.remove(label);
        ended.incrementAndGet();
        new RunScreen(terminal, run.setup(), catalogue).findings(run);
        RunScreen.verdictLine(terminal, run.verdict(), label + "  " + RunScreen.verdict(run));
    }

    /** All are over. */
    public void tail(List<Column> columns) {
        terminal.status(null);
        terminal.line("");
        for (Column column : columns) {
            if (!column.repeats().isEmpty()) {
                repeats(column, columns.size() > 1);
            }
        }
        RunScreen.verdictLine(
                terminal, Column.verdict(columns), all(columns) + "   " + (live ? time() : guests(columns)));
    }

    private static String all(List<Column> columns) {
        Column first = columns.getFirst();
        if (columns.size() > 1) {
            return RunScreen.count(columns.size(), "kernel") + ": "
                    + counts(columns.stream().map(Column::run).toList());
        }
        return first.repeats().isEmpty() ? RunScreen.counts(first.run()) : counts(first);
    }

    /** Of runs that were over before: what they took one by one, as nobody knows how many there were at a time. */
    private static String guests(List<Column> columns) {
        return RunScreen.seconds(Duration.ofMillis(columns.stream()
                        .mapToLong(column -> column.run().durationMs())
                        .sum()))
                + " in all runs";
    }

    /** What is to be said of repeats besides their verdict, and that, too, where it is not that of all. */
    private void repeats(Column column, boolean amongOthers) {
        for (Repeats.Tally flake : column.flakes()) {
            terminal.line(Terminal.Colour.ODD, "FLAKE", flake.planned().id() + "  " + flake.words());
        }
        if (!column.run().errors().isEmpty()) {
            RunScreen.verdictLine(terminal, Verdict.ERROR, column.run().errors().getLast());
        }
        if (amongOthers) {
            RunScreen.verdictLine(terminal, column.run().verdict(), column.label() + "  " + counts(column));
        }
    }

    private static String counts(Column repeated) {
        int flakes = repeated.flakes().size();
        return RunScreen.count(repeated.repeats().size(), "repeat") + ": "
                + counts(repeated.repeats().stream().map(Column.Part::run).toList())
                + (flakes == 0 ? "" : "; " + RunScreen.count(flakes, "flake"));
    }

    /** How many came to what. */
    private static String counts(List<Run> all) {
        var parts = new ArrayList<String>();
        for (Verdict verdict : List.of(Verdict.PASS, Verdict.FAIL, Verdict.SKIP, Verdict.ERROR)) {
            long count = all.stream().filter(run -> run.verdict() == verdict).count();
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
        return String.join(", ", parts);
    }
}
