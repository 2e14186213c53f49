// SPDX-License-Identifier: MIT
package zcrx.reports.cli;

import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Consumer;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import zcrx.conformance.SuiteOptions;
import zcrx.conformance.results.ResultEvent;
import zcrx.conformance.results.ResultEvent.PlannedTest;
import zcrx.reports.MatrixDirectory;
import zcrx.reports.RunDirectory;
import zcrx.reports.format.AllureHtml;
import zcrx.reports.format.ComparisonReport;
import zcrx.reports.format.Ktap;
import zcrx.reports.run.Catalogue;
import zcrx.reports.run.Column;
import zcrx.reports.run.Comparisons;
import zcrx.reports.run.ExitCode;
import zcrx.reports.run.KnownBugs;
import zcrx.reports.run.Repeats;
import zcrx.reports.run.Run;
import zcrx.reports.run.RunRecorder;
import zcrx.reports.run.Setup;
import zcrx.reports.run.Shards;
import zcrx.reports.run.Verdict;
import zcrx.reports.terminal.MatrixScreen;
import zcrx.reports.terminal.RunScreen;
import zcrx.reports.terminal.Terminal;
import zcrx.vm.CannotTestException;
import zcrx.vm.Limits;
import zcrx.vm.Progress;
import zcrx.vm.SuiteHost;

/** One run, or several of them, on several kernels, in several guests or repeated, from the start to the report. */
final class Session {
    private final SuiteArguments arguments;
    private final SuiteOptions options;
    private final Limits limits;
    private final Terminal terminal;
    private final Stop stop;
    private final Catalogue catalogue;
    private final KnownBugs knownBugs;
    private final @Nullable List<Column> baseline;
    private final AllureHtml html = new AllureHtml(Main.home());

    /**
     * Throws what is wrong with time limits or directory before anything is started.
     *
     * @param stop closed by the caller, once what the runs need is gone
     */
    Session(SuiteArguments arguments, SuiteOptions options, Terminal terminal, Stop stop) {
        this.arguments = arguments;
        this.options = options;
        this.limits = arguments.limits();
        this.terminal = terminal;
        this.stop = stop;
        arguments.out().ifPresent(RunDirectory::check);
        arguments.checkFiles();
        try {
            catalogue = Catalogue.read(Main.home());
            knownBugs = KnownBugs.read(Main.home());
            Optional<Path> earlier = arguments.baseline();
            // Of earlier runs may be nothing left to read when this one has ended.
            baseline = earlier.isEmpty() ? null : MatrixDirectory.columnsIn(earlier.get(), knownBugs);
        } catch (IOException e) {
            throw CannotTestException.because(
                    e, "cannot read the rules or the baseline", "run through ./zcrx, with the directory of a run");
        }
    }

    ExitCode run(SuiteHost host, Setup setup) {
        return run(host, setup, (_, _) -> Map.of());
    }

    /** Tries the C programs of the first failures, and says by the ids of their tests what became of them. */
    @FunctionalInterface
    interface Reproduction {
        Map<String, String> of(Run run, Path directory);
    }

    ExitCode run(SuiteHost host, Setup setup, Reproduction reproduction) {
        RunDirectory directory = arguments
                .out()
                .map(RunDirectory::create)
                .orElseGet(() -> RunDirectory.createBelow(Main.outputs(), setup.started(), setup.kernel()));
        var screen = new RunScreen(terminal, setup, catalogue);
        Ktap ktap = Terminal.stdoutIsTerminal() ? null : new Ktap(stdout(), catalogue);
        stop.listen();
        screen.head();
        Run run = new RecordedRun(options, limits, knownBugs, stop)
                .on(host, setup, directory, ktap == null ? screen : both(screen, ktap));
        if (ktap != null) {
            ktap.end(run);
        }
        stop.exitCode(judged(alone(run)).exitCode());
        if (!stop.requested()) {
            run = reproduced(run, directory, reproduction);
        }
        screen.tail(run);
        ExitCode code = report(run, directory);
        stop.exitCode(code);
        return code;
    }

    private Run reproduced(Run run, RunDirectory directory, Reproduction reproduction) {
        Map<String, String> verdicts;
        stop.begin();
        try (Progress.Task _ = terminal.begin("trying the first failures as C programs")) {
            verdicts = reproduction.of(run, directory.path());
        } finally {
            stop.settle();
        }
        try {
            if (!verdicts.isEmpty()) {
                directory.reproduced(verdicts);
            }
        } catch (IOException e) {
            terminal.line("programs", "what became of them cannot be recorded: " + CannotTestException.reason(e));
        }
        return run.attaching(ResultEvent.Attachment.REPRODUCTION, verdicts);
    }

    private static RunRecorder.Listener both(RunScreen screen, Ktap ktap) {
        return new RunRecorder.Listener() {
            @Override
            public void hello(ResultEvent.Kernel kernel) {
                screen.hello(kernel);
            }

            @Override
            public void planned(int tests) {
                screen.planned(tests);
                ktap.planned(tests);
            }

            @Override
            public void started(PlannedTest test) {
                screen.started(test);
            }

            @Override
            public void finished(Run.Test test) {
                screen.finished(test);
                ktap.test(test);
            }
        };
    }

    /**
     * Several kernels, side by side, or shards of one, or repeats, one after the other.
     *
     * @param guests in the order of the report
     * @param room how many of them may run at the same time
     */
    ExitCode runAll(List<Guest> guests, int room) {
        Map<String, List<Guest>> byLabel =
                guests.stream().collect(Collectors.groupingBy(Guest::label, LinkedHashMap::new, Collectors.toList()));
        int kernels = byLabel.size();
        MatrixDirectory directory = MatrixDirectory.create(arguments
                .out()
                .map(RunDirectory::create)
                .orElseGet(() -> RunDirectory.createBelow(
                        Main.outputs(),
                        Instant.now(),
                        kernels == 1 ? guests.getFirst().label() : kernels + "-kernels")));
        int repeated = (int)
                guests.stream().filter(guest -> !guest.repetition().runsOnce()).count();
        OptionalInt count = count(guests);
        int shared = guests.size() - kernels;
        var screen = new MatrixScreen(
                terminal,
                catalogue,
                (count.isEmpty() ? "" : count.getAsInt() + " ")
                        + (repeated > 0 ? "repeats" : shared > 0 ? "guests" : "kernels"));
        Ktap ktap = Terminal.stdoutIsTerminal() ? null : new Ktap(stdout(), catalogue);
        if (ktap != null && count.isPresent()) {
            ktap.plan(count.getAsInt() + repeated - shared);
        }
        stop.listen();
        screen.head(
                byLabel.values().stream()
                        .map(same -> same.size() == 1
                                ? same.getFirst().setup()
                                : same.getFirst().setup().whole())
                        .toList(),
                room);
        List<Column> columns = new ArrayList<>();
        var each = new Each(directory, screen, ktap);
        // Platform threads, as a guest dies with the thread that started it.
        try (ExecutorService threads = Executors.newFixedThreadPool(
                room, Thread.ofPlatform().name("guest ", 1).factory())) {
            List<List<Future<Column>>> running = byLabel.values().stream()
                    .map(same -> same.stream()
                            .map(guest -> place(directory, guest, same.size() > 1))
                            .map(place -> threads.submit(() -> each.run(place)))
                            .toList())
                    .toList();
            for (List<Future<Column>> parts : running) {
                columns.add(each.together(parts.stream().map(Session::result).toList()));
            }
        }
        Verdict verdict = judged(columns);
        if (ktap != null) {
            ktap.end(columns);
        }
        screen.tail(columns);
        stop.exitCode(verdict.exitCode());
        if (!isReported(() -> directory.report(columns, catalogue, html), directory.path())) {
            each.complete.set(false);
        } else {
            terminal.line("report", shortest(directory.reportFile()));
            compare(columns);
        }
        ExitCode code = each.complete.get() ? verdict.exitCode() : incomplete(verdict);
        stop.exitCode(code);
        return code;
    }

    private static Place place(MatrixDirectory directory, Guest guest, boolean isShard) {
        Setup first = guest.setup(1);
        return new Place(
                guest,
                isShard
                        ? directory.addShard(guest.label(), first)
                        : directory.add(guest.label(), guest.repetition(), first),
                isShard);
    }

    /** How many runs there will be, if that is known. */
    private static OptionalInt count(List<Guest> guests) {
        int sum = 0;
        for (Guest guest : guests) {
            Integer times = guest.repetition().known();
            if (times == null) {
                return OptionalInt.empty();
            }
            sum += times;
        }
        return OptionalInt.of(sum);
    }

    /**
     * Where a guest's runs are kept.
     *
     * @param isShard whether other guests have the rest of its kernel's tests
     */
    private record Place(Guest guest, RunDirectory first, boolean isShard) {}

    /** Runs each of several guests, on a thread of its own. */
    private final class Each {
        private final MatrixDirectory directory;
        private final MatrixScreen screen;
        private final @Nullable Ktap ktap;
        /** Until a report could not be made whole. */
        private final AtomicBoolean complete = new AtomicBoolean(true);

        Each(MatrixDirectory directory, MatrixScreen screen, @Nullable Ktap ktap) {
            this.directory = directory;
            this.screen = screen;
            this.ktap = ktap;
        }

        Column run(Place place) {
            Guest guest = place.guest;
            if (place.isShard) {
                return new Column(guest.label(), once(guest, place.first, nameOf(place.first), 1));
            }
            if (guest.repetition().runsOnce()) {
                Run run = once(guest, place.first, guest.label(), 1);
                say(to -> to.subtests(guest.label(), run));
                return new Column(guest.label(), run);
            }
            var repeats = new Repeats(guest.repetition());
            RunDirectory own = place.first;
            while (true) {
                String name = nameOf(own);
                Run run = once(guest, own, name, repeats.done() + 1);
                say(to -> to.subtests(name, run));
                repeats.add(name, run);
                if (repeats.isOver() || stop.requested()) {
                    break;
                }
                own = directory.add(guest.label(), guest.repetition(), guest.setup(repeats.done() + 1));
            }
            Column column = repeats.column(guest.label());
            say(to -> to.end(column));
            return column;
        }

        private static String nameOf(RunDirectory directory) {
            return String.valueOf(directory.path().getFileName());
        }

        /** The column of a kernel, which may be in several parts. */
        Column together(List<Column> parts) {
            if (parts.size() == 1) {
                return parts.getFirst();
            }
            var column = new Column(
                    parts.getFirst().label(),
                    new Shards(parts.stream().map(Column::run).toList()).together());
            say(to -> to.end(column));
            return column;
        }

        private Run once(Guest guest, RunDirectory own, String name, int number) {
            Setup setup = guest.setup(number);
            Run run = new RecordedRun(options.seeded(setup.seed()).inShard(setup.shard()), limits, knownBugs, stop)
                    .on(guest.host(), setup, own, screen.begin(name));
            synchronized (this) {
                screen.ended(name, run);
            }
            if (!isReported(() -> own.report(run, catalogue, html), own.path())) {
                complete.set(false);
            }
            return run;
        }

        private synchronized void say(Consumer<Ktap> what) {
            if (ktap != null) {
                what.accept(ktap);
            }
        }
    }

    private static Column result(Future<Column> column) {
        try {
            return column.get();
        } catch (ExecutionException e) {
            throw e.getCause() instanceof RuntimeException cause
                    ? cause
                    : new IllegalStateException("a guest's run ended without a result", e);
        } catch (InterruptedException e) {
            throw new IllegalStateException("nobody interrupts the one who waits", e);
        }
    }

    /** Standard output as programs want it: results whatever the locale, and each line when it is known. */
    private static PrintStream stdout() {
        return new PrintStream(System.out, true, StandardCharsets.UTF_8);
    }

    private ExitCode report(Run run, RunDirectory directory) {
        if (isReported(() -> directory.report(run, catalogue, html), directory.path())) {
            terminal.line("report", shortest(directory.reportFile()));
            compare(alone(run));
            return judged(alone(run)).exitCode();
        }
        return incomplete(judged(alone(run)));
    }

    private static List<Column> alone(Run run) {
        return List.of(new Column(run));
    }

    /** By themselves, or by what is worse than in the baseline. Where nothing was tested, there is nothing to compare. */
    private Verdict judged(List<Column> columns) {
        Verdict verdict = Column.verdict(columns);
        return baseline == null || verdict == Verdict.SKIP
                ? verdict
                : Comparisons.of(baseline, columns).verdict();
    }

    private void compare(List<Column> columns) {
        if (baseline != null) {
            terminal.line("");
            ComparisonReport.text(Comparisons.of(baseline, columns)).lines().forEach(terminal::line);
        }
    }

    /** Something that a full disk may prevent. */
    private interface Report {
        void make() throws IOException;
    }

    private boolean isReported(Report report, Path directory) {
        try {
            report.make();
            return true;
        } catch (IOException e) {
            terminal.line(
                    Terminal.Colour.ODD,
                    Verdict.ERROR.name(),
                    "the report is not complete: " + CannotTestException.reason(e)
                            + "; make it again with ./zcrx report " + shortest(directory));
            return false;
        }
    }

    /** Without a whole report nothing passes. */
    private static ExitCode incomplete(Verdict verdict) {
        return verdict == Verdict.FAIL ? ExitCode.FAIL : ExitCode.CANNOT_TEST;
    }

    private static String shortest(Path path) {
        Path absolute = path.toAbsolutePath().normalize();
        Path here = Path.of("").toAbsolutePath();
        return (absolute.startsWith(here) ? here.relativize(absolute) : absolute).toString();
    }
}
