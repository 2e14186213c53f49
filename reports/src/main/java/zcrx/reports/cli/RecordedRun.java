// SPDX-License-Identifier: MIT
package zcrx.reports.cli;

import java.io.IOException;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicBoolean;
import zcrx.conformance.SuiteOptions;
import zcrx.conformance.results.ResultEvent.PlannedTest;
import zcrx.reports.RunDirectory;
import zcrx.reports.run.KnownBugs;
import zcrx.reports.run.Run;
import zcrx.reports.run.RunRecorder;
import zcrx.reports.run.Setup;
import zcrx.vm.CannotTestException;
import zcrx.vm.Ending;
import zcrx.vm.Limits;
import zcrx.vm.SuiteHost;

/**
 * Has a suite run, records what comes, and judges it.
 *
 * @param limits for all of it; a fresh guest has what is left of the whole
 * @param stop ends it early
 */
record RecordedRun(SuiteOptions options, Limits limits, KnownBugs knownBugs, Stop stop) {

    /** Returns however it ends; throws only when nothing can be recorded. */
    Run on(SuiteHost host, Setup setup, RunDirectory directory, RunRecorder.Listener listener) {
        try (RunDirectory.Recording recording = directory.record(setup)) {
            var recorder = new RunRecorder(setup, knownBugs, listener);
            var files = new Files(recording, recorder);
            Run run = run(host, options, limits, recorder, files);
            Optional<String> diedAt = recorder.diedAt();
            Duration left = limits.whole().minusMillis(run.durationMs());
            if (diedAt.isEmpty()
                    || stop.requested()
                    || !left.isPositive()
                    || files.failed().get()) {
                return run;
            }
            // Once: a second death may have the same cause as the first.
            try {
                recording.nextGuest();
            } catch (IOException e) {
                // The death is there all the same; the report, which there is no room for either, says why.
                return run;
            }
            var again = new RunRecorder(setup, knownBugs, onlyTests(listener));
            Run rest =
                    run(host, options.restAfter(diedAt.get()), limits.within(left), again, new Files(recording, again));
            return run.continuedBy(rest, diedAt.get());
        } catch (IOException e) {
            throw CannotTestException.because(e, "cannot record the run", "give a directory with room, --out");
        }
    }

    private Run run(SuiteHost host, SuiteOptions what, Limits within, RunRecorder recorder, Files files) {
        long began = System.nanoTime();
        Ending ending = ending(host, what, within, files);
        var duration = Duration.ofNanos(System.nanoTime() - began);
        files.ended(ending, duration);
        return recorder.finish(ending, duration);
    }

    /** Of a fresh guest only its tests are news. */
    private static RunRecorder.Listener onlyTests(RunRecorder.Listener listener) {
        return new RunRecorder.Listener() {
            @Override
            public void started(PlannedTest test) {
                listener.started(test);
            }

            @Override
            public void finished(Run.Test test) {
                listener.finished(test);
            }
        };
    }

    private Ending ending(SuiteHost host, SuiteOptions what, Limits within, Files files) {
        Ending ending;
        stop.begin();
        try {
            ending = stop.requested() ? new Ending(Ending.Kind.INTERRUPTED, "") : host.run(what, within, files);
        } catch (CannotTestException e) {
            ending = new Ending(Ending.Kind.NOT_STARTED, String.valueOf(e.getMessage()));
        } finally {
            stop.settle();
        }
        if (stop.requested() && ending.kind() == Ending.Kind.KILLED) {
            // Whoever ends this program may end QEMU too, as systemd does: that is not a death under test.
            return new Ending(Ending.Kind.INTERRUPTED, ending.detail());
        }
        return ending;
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
                    recorder.couldNot("the run could not be recorded whole: " + CannotTestException.reason(e));
                }
            }
        }
    }
}
