// SPDX-License-Identifier: MIT
package zcrx.reports.cli;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorCompletionService;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.function.Predicate;
import zcrx.reports.terminal.Terminal;

/** Tries faults, several at a time, and says how far it is. */
final class Trials {
    private Trials() {}

    /**
     * Does each trial once.
     *
     * @param taken is given each outcome as it comes, and ends all trials by false
     * @return the outcomes that were taken, in the order in which they came
     */
    static <T> List<T> of(int jobs, List<Callable<T>> trials, Terminal terminal, Predicate<T> taken) {
        List<T> outcomes = Collections.synchronizedList(new ArrayList<>());
        // Not virtual ones: a guest dies with the thread that started it.
        try (ExecutorService workers =
                Executors.newFixedThreadPool(jobs, Thread.ofPlatform().factory())) {
            var done = new ExecutorCompletionService<T>(workers);
            trials.forEach(done::submit);
            terminal.status(() -> outcomes.size() + "/" + trials.size() + " faults tried");
            try {
                for (int i = 0; i < trials.size(); i++) {
                    T outcome = done.take().get();
                    if (!taken.test(outcome)) {
                        break;
                    }
                    outcomes.add(outcome);
                }
            } finally {
                workers.shutdownNow();
            }
        } catch (ExecutionException e) {
            throw e.getCause() instanceof RuntimeException cause
                    ? cause
                    : new IllegalStateException("a trial ended without an outcome", e);
        } catch (InterruptedException e) {
            throw new IllegalStateException("nobody interrupts the one who waits", e);
        } finally {
            terminal.status(null);
        }
        return outcomes;
    }
}
