// SPDX-License-Identifier: MIT
package zcrx.conformance;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import zcrx.conformance.results.ResultEvent;
import zcrx.conformance.results.ResultWriter;
import zcrx.fixtures.sys.Await;
import zcrx.fixtures.sys.Syscall;

/**
 * Says every second whether tests do something, so that one that takes long can be told from one that is stuck. Where one
 * is stuck is written to the console, once: its Java stack, and in a guest what the kernel knows of its tasks.
 */
final class Pulse implements AutoCloseable {
    private static final Duration BEAT = Duration.ofSeconds(1);

    /** Longer than a test ever waits without a call. */
    private static final int STUCK = (int) Await.PATIENCE.multipliedBy(2).toSeconds();

    private static final Path SYSRQ = Path.of("/proc/sysrq-trigger");

    private final ResultWriter results;
    private final Thread thread = new Thread(this::beat, "pulse");

    Pulse(ResultWriter results) {
        this.results = results;
        thread.setDaemon(true);
        thread.start();
    }

    private void beat() {
        int still = 0;
        try {
            while (true) {
                Thread.sleep(BEAT);
                if (Syscall.anyMade()) {
                    still = 0;
                    results.write(new ResultEvent.Alive());
                } else if (++still == STUCK) {
                    tellWhere();
                }
            }
        } catch (InterruptedException e) {
            // No more tests.
            Thread.currentThread().interrupt();
        }
    }

    private static void tellWhere() {
        System.err.println("zcrx: no system call for " + STUCK + " s");
        Thread.getAllStackTraces().forEach((thread, stack) -> {
            if (thread != Thread.currentThread()
                    && Arrays.stream(stack).anyMatch(f -> f.getClassName().startsWith("zcrx."))) {
                System.err.println("zcrx: thread " + thread.getName());
                // Down to the test, without the engine that called it.
                Arrays.stream(stack)
                        .takeWhile(f -> !f.getClassName().startsWith("jdk.internal.reflect."))
                        .forEach(frame -> System.err.println("zcrx:   at " + frame));
            }
        });
        if (Boolean.getBoolean(Death.GUEST_PROPERTY)) {
            try {
                // Tasks that no signal reaches, then what each processor is at.
                Files.writeString(SYSRQ, "w");
                Files.writeString(SYSRQ, "l");
            } catch (IOException e) {
                System.err.println("zcrx: no word of the kernel's: " + e.getMessage());
            }
        }
    }

    @Override
    public void close() {
        thread.interrupt();
        try {
            thread.join();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
