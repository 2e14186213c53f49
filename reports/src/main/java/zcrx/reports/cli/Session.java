// SPDX-License-Identifier: MIT
package zcrx.reports.cli;

import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.concurrent.atomic.AtomicBoolean;
import zcrx.conformance.SuiteOptions;
import zcrx.conformance.results.ResultEvent;
import zcrx.conformance.results.ResultEvent.PlannedTest;
import zcrx.reports.RunDirectory;
import zcrx.reports.format.AllureHtml;
import zcrx.reports.format.Ktap;
import zcrx.reports.run.Catalogue;
import zcrx.reports.run.ExitCode;
import zcrx.reports.run.KnownBugs;
import zcrx.reports.run.Run;
import zcrx.reports.run.RunRecorder;
import zcrx.reports.run.Setup;
import zcrx.reports.run.Verdict;
import zcrx.reports.terminal.RunScreen;
import zcrx.reports.terminal.Terminal;
import zcrx.vm.CannotTestException;
import zcrx.vm.Ending;
import zcrx.vm.SuiteHost;

/** One run from its start to its report. */
final class Session {
    private final SuiteArguments arguments;
    private final SuiteOptions options;
    private final Duration timeout;
    private final Terminal terminal;
    private final Catalogue catalogue;
    private final KnownBugs knownBugs;
    private final AllureHtml html = new AllureHtml(Main.home());

    /** Throws what is wrong with time limit or directory before anything is started. */
    Session(SuiteArguments arguments, SuiteOptions options, Terminal terminal) {
        this.arguments = arguments;
        this.options = options;
        this.timeout = arguments.timeout();
        this.terminal = terminal;
        arguments.out().ifPresent(RunDirectory::check);
        try {
            catalogue = Catalogue.read(Main.home());
            knownBugs = KnownBugs.read(Main.home());
        } catch (IOException e) {
            throw CannotTestException.because(e, "cannot read the catalogue of rules", "run through ./zcrx");
        }
    }

    ExitCode run(SuiteHost host, Setup setup) {
        RunDirectory directory = arguments
                .out()
                .map(RunDirectory::create)
                .orElseGet(() -> RunDirectory.createBelow(Main.home().resolve("reports/out"), setup));
        var screen = new RunScreen(terminal, setup, catalogue);
        try (var stop = new Stop()) {
            Run run;
            try (RunDirectory.Recording recording = directory.record(setup)) {
                screen.head();
                run = record(host, setup, recording, screen, stop);
            } catch (IOException e) {
                throw CannotTestException.because(e, "cannot record the run", "give a directory with room, --out");
            }
            screen.tail(run);
            stop.exitCode(run.verdict().exitCode());
            ExitCode code = report(run, directory);
            stop.exitCode(code);
            return code;
        }
    }

    private Run record(SuiteHost host, Setup setup, RunDirectory.Recording recording, RunScreen screen, Stop stop) {
        Ktap ktap = Terminal.stdoutIsTerminal() ? null : new Ktap(stdout());
        var recorder = new RunRecorder(setup, knownBugs, new RunRecorder.Listener() {
            @Override
            public void hello(ResultEvent.Kernel kernel) {
                screen.hello(kernel);
            }

            @Override
            public void planned(int tests) {
                screen.planned(tests);
                if (ktap != null) {
                    ktap.plan(tests);
                }
            }

            @Override
            public void started(PlannedTest test) {
                screen.started(test);
            }

            @Override
            public void finished(Run.Test test) {
                screen.finished(test);
                if (ktap != null) {
                    ktap.test(test);
                }
            }
        });
        var files = new Files(recording, recorder);
        long began = System.nanoTime();
        Ending ending;
        try {
            ending = host.run(options, timeout, files);
        } catch (CannotTestException e) {
            ending = new Ending(Ending.Kind.NOT_STARTED, String.valueOf(e.getMessage()));
        }
        stop.settle();
        if (stop.requested() && ending.kind() == Ending.Kind.KILLED) {
            // Whoever ends this program may end QEMU too, as systemd does: that is not a death under test.
            ending = new Ending(Ending.Kind.INTERRUPTED, ending.detail());
        }
        var duration = Duration.ofNanos(System.nanoTime() - began);
        files.ended(ending, duration);
        Run run = recorder.finish(ending, duration);
        if (ktap != null) {
            ktap.end(run);
        }
        return run;
    }

    /** Standard output as programs want it: results whatever the locale, and each line when it is known. */
    private static PrintStream stdout() {
        return new PrintStream(System.out, true, StandardCharsets.UTF_8);
    }

    private ExitCode report(Run run, RunDirectory directory) {
        String problem;
        try {
            directory.report(run, catalogue, html);
            terminal.line("report", shortest(directory.reportFile()));
            return run.verdict().exitCode();
        } catch (IOException e) {
            problem = RunDirectory.why(e);
        }
        terminal.line(
                Terminal.Colour.ODD,
                Verdict.ERROR.name(),
                "the report is not complete: " + problem + "; make it again with ./zcrx report "
                        + shortest(directory.path()));
        return run.verdict() == Verdict.FAIL ? ExitCode.FAIL : ExitCode.CANNOT_TEST;
    }

    private static String shortest(Path path) {
        Path absolute = path.toAbsolutePath().normalize();
        Path here = Path.of("").toAbsolutePath();
        return (absolute.startsWith(here) ? here.relativize(absolute) : absolute).toString();
    }

    /** Records each line, then has it judged. Of several lines that cannot be recorded only the first is said. */
    private record Files(RunDirectory.Recording recording, RunRecorder recorder, AtomicBoolean failed)
            implements SuiteHost.Observer {
        Files(RunDirectory.Recording recording, RunRecorder recorder) {
            this(recording, recorder, new AtomicBoolean());
        }

        private interface Write {
            void run() throws IOException;
        }

        @Override
        public void result(String line) {
            write(() -> recording.event(line));
            recorder.result(line);
        }

        @Override
        public void kernelLog(String line) {
            write(() -> recording.kernelLog(line));
            recorder.kernelLog(line);
        }

        void ended(Ending ending, Duration duration) {
            write(() -> recording.ended(ending, duration));
        }

        private void write(Write what) {
            if (failed.get()) {
                return;
            }
            try {
                what.run();
            } catch (IOException e) {
                if (failed.compareAndSet(false, true)) {
                    recorder.couldNot("the run could not be recorded whole: " + RunDirectory.why(e));
                }
            }
        }
    }
}
