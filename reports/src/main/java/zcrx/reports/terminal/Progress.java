// SPDX-License-Identifier: MIT
package zcrx.reports.terminal;

import java.util.concurrent.atomic.AtomicInteger;
import zcrx.reports.run.Run;
import zcrx.reports.run.RunRecorder;
import zcrx.reports.run.Status;

/** How far a run is. */
class Progress implements RunRecorder.Listener {
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

    boolean isPlanned() {
        return planned > 0;
    }

    /** How much of something that is {@code whole} long is done. */
    int of(int whole) {
        return (int) ((long) whole * done.get() / planned);
    }

    @Override
    public String toString() {
        return done + "/" + planned + (failed.get() == 0 ? "" : ", " + failed + " failed");
    }
}
