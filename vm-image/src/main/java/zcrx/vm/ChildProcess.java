// SPDX-License-Identifier: MIT
package zcrx.vm;

import java.io.File;
import java.io.IOException;
import java.io.InputStream;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/** A program that runs the suite, and that must never outlive this process. */
public final class ChildProcess {
    /** The longest line of a console or of an error stream, in bytes. */
    private static final int LONGEST_LINE = 1 << 16;
    /** The longest line of results, in bytes. */
    private static final int LONGEST_RESULT = 1 << 20;
    /** Far more than a sane suite says in one stream; less than fills a disk. */
    private static final long MOST = 256L << 20;

    /** What a shell adds to the number of a signal. */
    private static final int SIGNALLED = 128;

    private static final Map<Integer, String> SIGNALS =
            Map.of(2, "SIGINT", 4, "SIGILL", 6, "SIGABRT", 7, "SIGBUS", 9, "SIGKILL", 11, "SIGSEGV", 15, "SIGTERM");

    private ChildProcess() {}

    /** For the results of a suite. */
    public static LineReader resultLines() {
        return new LineReader(LONGEST_RESULT, MOST);
    }

    /** For everything else. */
    public static LineReader logLines() {
        return new LineReader(LONGEST_LINE, MOST);
    }

    /**
     * How it ended.
     *
     * @param cut TIMEOUT, HUNG or INTERRUPTED if it was ended from here; null if it ended by itself
     * @param status its exit status as a shell gives it
     */
    public record Outcome(Ending.@Nullable Kind cut, int status) {

        /** The name of the signal that killed it; empty if none did. */
        public String signal() {
            int signal = status - SIGNALLED;
            return signal > 0 ? SIGNALS.getOrDefault(signal, "signal " + signal) : "";
        }
    }

    /**
     * Returns when the program is gone and all that it wrote has been read. Interrupting the thread kills the program, and
     * is left pending only when that ended by itself just then. Must not be called on a virtual thread: the kernel kills the program when the thread
     * that started it dies, which is how none is left behind when this process is killed.
     *
     * @param timeout for the whole
     * @param silence that ends it when it has lasted too long
     * @param stdout splits standard output into lines, which {@code out} gets
     * @param err gets the lines of standard error; the program is killed when it says true
     */
    public static Outcome run(
            List<String> command,
            Duration timeout,
            Silence silence,
            LineReader stdout,
            Consumer<String> out,
            Predicate<String> err)
            throws IOException {
        // In a session of its own, away from the terminal: Ctrl-C is for us, who then end it in order.
        var words = new ArrayList<>(List.of("setpriv", "--pdeathsig", "KILL", "--", "setsid"));
        words.addAll(command);
        Process process = new ProcessBuilder(words)
                .redirectInput(ProcessBuilder.Redirect.from(new File("/dev/null")))
                .start();
        var readers = List.of(
                reader("stdout", process.getInputStream(), stdout, out),
                reader("stderr", process.getErrorStream(), logLines(), line -> {
                    if (err.test(line)) {
                        kill(process);
                    }
                }));
        Ending.Kind cut = null;
        try {
            cut = await(process, timeout, silence);
        } catch (InterruptedException e) {
            cut = Ending.Kind.INTERRUPTED;
        }
        kill(process);
        uninterrupted(process::waitFor);
        readers.forEach(reader -> uninterrupted(reader::join));
        return new Outcome(cut, process.exitValue());
    }

    /** Null when it ended by itself. */
    private static Ending.@Nullable Kind await(Process process, Duration timeout, Silence silence)
            throws InterruptedException {
        long end = System.nanoTime() + timeout.toNanos();
        while (true) {
            long now = System.nanoTime();
            if (process.waitFor(Math.min(end - now, Silence.LOOK.toNanos()), TimeUnit.NANOSECONDS)) {
                return null;
            }
            now = System.nanoTime();
            if (now - end >= 0) {
                return Ending.Kind.TIMEOUT;
            }
            if (silence.isTooLong(now, Silence.waited(process.pid()))) {
                return Ending.Kind.HUNG;
            }
        }
    }

    /** Not by {@link Process#destroyForcibly}, which throws away what hasn't been read yet. */
    private static void kill(Process process) {
        process.toHandle().destroyForcibly();
    }

    private static Thread reader(String name, InputStream in, LineReader splitter, Consumer<String> lines) {
        return Thread.ofPlatform().name(name).start(() -> {
            try (in) {
                splitter.read(in, lines);
            } catch (IOException e) {
                lines.accept("[zcrx: " + name + ": " + e.getMessage() + "]");
            }
        });
    }

    /** A wait for what can't be long in coming. */
    @FunctionalInterface
    public interface Wait {
        void end() throws InterruptedException;
    }

    /** Waits even if the user is impatient: what is left behind is worse. */
    public static void uninterrupted(Wait wait) {
        boolean over = false;
        while (!over) {
            try {
                wait.end();
                over = true;
            } catch (InterruptedException e) {
                over = false;
            }
        }
    }
}
