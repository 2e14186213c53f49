// SPDX-License-Identifier: MIT
package zcrx.conformance.cases;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.locks.LockSupport;
import zcrx.fixtures.abi.Dialect;
import zcrx.fixtures.journal.Journal;
import zcrx.fixtures.journal.ProcessBegun;
import zcrx.fixtures.ring.RuleViolation;
import zcrx.fixtures.sys.Await;
import zcrx.fixtures.sys.Syscall;
import zcrx.fixtures.sys.UnavailableException;

/** Another process that runs a class of the suite, with the same JVM. Killed at the latest when this is closed. */
final class OtherProcess implements AutoCloseable {
    /** What a line begins with by which the process says that the kernel broke a rule. */
    private static final String VIOLATION = "violation: ";

    /** A JVM that starts in an emulated guest takes longer than anything that a kernel does. */
    private static final Duration SILENCE = Await.PATIENCE.multipliedBy(8);

    private static final long PAUSE_NANOS = 10_000_000;

    private final Process process;
    private final BufferedReader lines;

    private OtherProcess(Process process) {
        this.process = process;
        this.lines = process.inputReader();
    }

    /** Starts it; its first argument is the {@link Dialect}. */
    static OtherProcess start(Class<?> main, Object... args) {
        return start(List.of(), main, args);
    }

    /** Starts it as root of a user namespace of its own, which has every capability there and none outside. */
    static OtherProcess startInUserNamespace(Class<?> main) {
        if (!Files.exists(Path.of("/proc/self/ns/user"))) {
            throw new UnavailableException("the kernel has no user namespaces (CONFIG_USER_NS)");
        }
        return start(List.of("unshare", "-U", "-r"), main);
    }

    private static OtherProcess start(List<String> by, Class<?> main, Object... args) {
        var words = new ArrayList<>(by);
        words.addAll(jvm());
        words.add(main.getName());
        words.add(Dialect.spoken().word());
        for (Object arg : args) {
            words.add(arg.toString());
        }
        try {
            Journal.add(new ProcessBegun(main.getSimpleName()));
            return new OtherProcess(new ProcessBuilder(words)
                    .redirectError(ProcessBuilder.Redirect.INHERIT)
                    .start());
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** How this JVM was started, down to the main class: with other options its class archive would not fit. */
    private static List<String> jvm() {
        String main = System.getProperty("sun.java.command", "").split(" ", 2)[0];
        var words = new ArrayList<String>();
        try {
            for (String word : Files.readString(Path.of("/proc/self/cmdline")).split("\0", 0)) {
                if (word.startsWith("@")) {
                    words.addAll(Files.readAllLines(Path.of(word.substring(1))));
                } else {
                    words.add(word);
                }
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        words.set(0, Path.of(System.getProperty("java.home"), "bin", "java").toString());
        return words.subList(0, words.indexOf(main));
    }

    /** For the process: says what rule was broken to the one that waits. */
    static void telling(Runnable body) {
        try {
            body.run();
        } catch (RuleViolation e) {
            System.out.println(VIOLATION + String.valueOf(e.getMessage()).replace('\n', ' '));
            System.out.flush();
        }
    }

    /** What the process says next. That the test waits for it counts as life, so that it is not taken for stuck. */
    String line() {
        String line;
        long deadline = System.nanoTime() + SILENCE.toNanos();
        try {
            while (!lines.ready() && process.isAlive()) {
                if (System.nanoTime() - deadline > 0) {
                    throw new IllegalStateException("the other process said nothing for " + SILENCE.toSeconds() + " s");
                }
                Syscall.alive();
                LockSupport.parkNanos(PAUSE_NANOS);
            }
            line = lines.readLine();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        if (line == null) {
            throw new IllegalStateException("the other process ended; its last words are in the console's log");
        }
        if (line.startsWith(VIOLATION)) {
            throw new RuleViolation(line.substring(VIOLATION.length()));
        }
        return line;
    }

    /** Kills it as {@code kill -9} does, and waits until it is gone. */
    void kill() {
        process.destroyForcibly();
        try {
            process.waitFor();
        } catch (InterruptedException e) {
            throw new IllegalStateException(e);
        }
    }

    @Override
    public void close() {
        kill();
    }
}
