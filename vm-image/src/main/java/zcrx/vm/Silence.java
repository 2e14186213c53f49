// SPDX-License-Identifier: MIT
package zcrx.vm;

import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.concurrent.atomic.AtomicBoolean;

/**
 * How long a program has not said anything that it could have said. What does not count: the time before its first word,
 * time in which its threads were ready to run and had no processor, and time in which nobody looked, as when this program
 * was stopped too.
 */
public final class Silence {
    /** How often to look. */
    static final Duration LOOK = Duration.ofSeconds(1);

    private final long limit;
    private final AtomicBoolean broken = new AtomicBoolean();
    private boolean began;
    private long quiet;
    private long lastLook;
    private long lastWaited;

    /**
     * @param limit from which on it is too long
     */
    public Silence(Duration limit) {
        this.limit = limit.toNanos();
    }

    /** Something was said. May be called from any thread. */
    public void end() {
        broken.set(true);
    }

    /**
     * Whether it has lasted too long. To be called every {@link #LOOK}.
     *
     * @param now in nanoseconds since whenever
     * @param waited see {@link #waited}
     */
    boolean isTooLong(long now, long waited) {
        long passed = Math.min(now - lastLook, 2 * LOOK.toNanos()) - Math.max(0, waited - lastWaited);
        lastLook = now;
        lastWaited = waited;
        if (broken.getAndSet(false)) {
            began = true;
            quiet = 0;
        } else if (began) {
            // A wait is counted once it is over, by which time more may have to be taken back than came last.
            quiet = Math.max(0, quiet + passed);
        }
        return quiet >= limit;
    }

    /**
     * For how many nanoseconds the threads of a process were ready and had no processor, all together; 0 where the kernel
     * does not count that. Source: the kernel's Documentation/scheduler/sched-stats.rst.
     */
    static long waited(long pid) {
        long sum = 0;
        try (DirectoryStream<Path> threads = Files.newDirectoryStream(Path.of("/proc", Long.toString(pid), "task"))) {
            for (Path thread : threads) {
                sum += waited(thread.resolve("schedstat"));
            }
        } catch (IOException _) {
            // The process is gone.
        }
        return sum;
    }

    private static long waited(Path schedstat) {
        try {
            return Long.parseLong(Files.readString(schedstat).split(" ", -1)[1]);
        } catch (IOException _) {
            return 0;
        }
    }
}
