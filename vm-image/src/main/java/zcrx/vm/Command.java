// SPDX-License-Identifier: MIT
package zcrx.vm;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.function.Predicate;

/** Runs a program of the host to its end. */
public final class Command {
    private static final int NOT_FOUND = 127;

    private Command() {}

    /**
     * How a program ended and what it said.
     *
     * @param status as a shell gives it; 127 when there is no such program
     * @param lines standard output and standard error, in the order in which they came
     */
    public record Result(int status, List<String> lines) {

        public boolean ok() {
            return status == 0;
        }

        /** What it complained about: the first line that begins with the given text, or else its last words. */
        public String complaint(String start) {
            return lines.stream()
                    .filter(l -> l.startsWith(start))
                    .map(l -> l.substring(start.length()))
                    .findFirst()
                    .or(() ->
                            lines.reversed().stream().filter(l -> !l.isBlank()).findFirst())
                    .orElse("exit status " + status)
                    .strip();
        }
    }

    /** Runs it as it is. */
    public static Result run(List<String> words) {
        return run(words, Map.of(), line -> false);
    }

    /**
     * Runs it with more environment variables.
     *
     * @param swallows gets each line as it comes; those for which it says true are left out of the result
     */
    public static Result run(List<String> words, Map<String, String> environment, Predicate<String> swallows) {
        // It must not outlive us, not even when we are killed with -9.
        var all = new ArrayList<>(List.of("setpriv", "--pdeathsig", "KILL", "--"));
        all.addAll(words);
        var builder = new ProcessBuilder(all).redirectErrorStream(true);
        builder.environment().put("LC_ALL", "C.UTF-8");
        builder.environment().putAll(environment);
        var lines = new ArrayList<String>();
        try {
            Process process = builder.start();
            try {
                process.getOutputStream().close();
                try (var reader = process.inputReader(StandardCharsets.UTF_8)) {
                    for (String line = reader.readLine(); line != null; line = reader.readLine()) {
                        if (!swallows.test(line)) {
                            lines.add(line);
                        }
                    }
                }
                return new Result(process.waitFor(), List.copyOf(lines));
            } finally {
                process.destroyForcibly();
            }
        } catch (IOException e) {
            return new Result(NOT_FOUND, List.of(words.getFirst() + ": " + e.getMessage()));
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new CannotTestException("interrupted while running " + words.getFirst(), e);
        }
    }
}
