// SPDX-License-Identifier: MIT
package zcrx.reports.cli;

import java.util.concurrent.CountDownLatch;
import zcrx.reports.run.ExitCode;

/**
 * Turns the signals that end a program into an early end of the run: the running thread is interrupted, and the program
 * ends only once that thread has written its report. Further signals change nothing, as the Java runtime obeys only the
 * first.
 */
final class Stop implements AutoCloseable {
    private final Thread running = Thread.currentThread();
    private final CountDownLatch finished = new CountDownLatch(1);
    private final Thread hook = new Thread(this::stop, "stop");

    private boolean requested;
    private boolean settled;
    private volatile ExitCode exitCode = ExitCode.CANNOT_TEST;

    Stop() {
        Runtime.getRuntime().addShutdownHook(hook);
    }

    private void stop() {
        synchronized (this) {
            requested = true;
            if (!settled) {
                running.interrupt();
            }
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

    /** The run is over: what follows is its report, and not to be interrupted. */
    synchronized void settle() {
        settled = true;
        Thread.interrupted();
    }

    /** What the program ends with if it was told to end. */
    void exitCode(ExitCode code) {
        exitCode = code;
    }

    @Override
    public void close() {
        finished.countDown();
        if (!requested()) {
            try {
                Runtime.getRuntime().removeShutdownHook(hook);
            } catch (IllegalStateException e) {
                // A signal just came: the hook ends the program, with the same exit code.
            }
        }
    }
}
