// SPDX-License-Identifier: MIT
package zcrx.reports.cli;

import java.util.HashSet;
import java.util.Set;
import java.util.concurrent.CountDownLatch;
import zcrx.reports.run.ExitCode;

/**
 * Turns the signals that end a program into an early end of its runs: the threads that run are interrupted, and the
 * program ends only once this is closed, behind the reports and with nothing left to remove. Further signals change
 * nothing, as the Java runtime obeys only the first.
 */
final class Stop implements AutoCloseable {
    private final Set<Thread> running = new HashSet<>();
    private final CountDownLatch finished = new CountDownLatch(1);
    private final Thread hook = new Thread(this::stop, "stop");

    private boolean listening;
    private boolean requested;
    private volatile ExitCode exitCode = ExitCode.CANNOT_TEST;

    /** From now on. Before, a signal ends the program at once. */
    void listen() {
        Runtime.getRuntime().addShutdownHook(hook);
        listening = true;
    }

    private void stop() {
        synchronized (this) {
            requested = true;
            running.forEach(Thread::interrupt);
        }
        try {
            finished.await();
        } catch (InterruptedException e) {
            // Nobody interrupts a shutdown hook; if somebody did, the program should end.
        }
        // Without this the exit code would be that of the signal, which says nothing about the run.
        Runtime.getRuntime().halt(exitCode.number());
    }

    synchronized boolean requested() {
        return requested;
    }

    /** The calling thread is going to run something, and is to be interrupted, also by a signal that has come before. */
    synchronized void begin() {
        running.add(Thread.currentThread());
        if (requested) {
            Thread.currentThread().interrupt();
        }
    }

    /** The run of the calling thread is over: what follows is its report, and not to be interrupted. */
    synchronized void settle() {
        running.remove(Thread.currentThread());
        Thread.interrupted();
    }

    /** What the program ends with if it was told to end. */
    void exitCode(ExitCode code) {
        exitCode = code;
    }

    @Override
    public void close() {
        finished.countDown();
        if (listening && !requested()) {
            try {
                Runtime.getRuntime().removeShutdownHook(hook);
            } catch (IllegalStateException e) {
                // A signal just came: the hook ends the program, with the same exit code.
            }
        }
    }
}
