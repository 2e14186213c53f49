// SPDX-License-Identifier: MIT
package zcrx.reports.repro;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import zcrx.conformance.results.ResultEvent;
import zcrx.reports.run.Run;
import zcrx.reports.run.Status;
import zcrx.vm.CannotTestException;
import zcrx.vm.program.ProgramGuest;
import zcrx.vm.program.ProgramGuest.Job;
import zcrx.vm.program.ProgramGuest.Result;
import zcrx.vm.qemu.QemuVm;

/** C programs that failing tests left, and what becomes of them on a kernel. */
public final class Reproducers {
    /** Below the directory of a run. */
    public static final String DIRECTORY = "reproducers";

    private static final Pattern DIRECTIVE =
            Pattern.compile("#include <[a-z/]+\\.h>|#define [A-Za-z0-9_]+( [A-Za-z0-9_]+)?");
    private static final Pattern FORBIDDEN = Pattern.compile("asm|[Pp]ragma|incbin|%:|\\?\\?|\\\\\n");

    private static final Duration FOR_EACH = Duration.ofSeconds(90);

    /**
     * A program of a failed test.
     *
     * @param name unique among those that run together
     * @param fault value of the kernel's parameter zcrx_fault to run it with; empty to leave that alone
     */
    public record Case(String name, Run.Test test, Path directory, Optional<Integer> fault) {}

    private final Map<String, Path> binaries = new LinkedHashMap<>();
    private final List<Job> jobs = new ArrayList<>();
    private final Map<String, String> impossible = new HashMap<>();
    private final Map<Job, Result> results = new HashMap<>();

    /** Tests that failed, in the order of the run. */
    public static List<Run.Test> failures(Run run) {
        return run.tests().stream()
                .filter(t -> t.status() == Status.FAIL || t.status() == Status.XFAIL)
                .toList();
    }

    /** The program of a test, or {@link ResultEvent.Attachment#NOT_EXPORTABLE} and the reason. */
    public static Optional<String> program(Run.Test test) {
        return test.attachment(ResultEvent.Attachment.PROGRAM);
    }

    /** Writes the programs into {@link #DIRECTORY} of their runs and compiles those that there are. */
    public Reproducers(List<Case> cases, Path temporary, boolean withoutFault) {
        for (Case c : cases) {
            String text = program(c.test).orElse(ResultEvent.Attachment.NOT_EXPORTABLE + "it left no program");
            if (text.startsWith(ResultEvent.Attachment.NOT_EXPORTABLE)) {
                impossible.put(c.name, text.lines().findFirst().orElse(text));
                continue;
            }
            try {
                Path directory = Files.createDirectories(c.directory.resolve(DIRECTORY));
                Path source = directory.resolve(c.test.id() + ".c");
                Files.writeString(source, text);
                check(text);
                binaries.put(c.name, ProgramGuest.compile(source, temporary.resolve(c.name)));
            } catch (CannotTestException | IOException e) {
                impossible.put(c.name, "not tried: " + e.getMessage());
                continue;
            }
            jobs.add(new Job(c.name, c.fault));
            if (withoutFault) {
                jobs.add(new Job(c.name, Optional.of(0)));
            }
        }
    }

    /** The guest under test wrote it: what could make a compiler read or do anything else than compile is refused. */
    static void check(String program) {
        boolean harmless = program.lines()
                        .filter(l -> l.contains("#"))
                        .allMatch(l -> DIRECTIVE.matcher(l).matches())
                && !FORBIDDEN.matcher(program).find();
        if (!harmless) {
            throw new CannotTestException(
                    "it is none of ours: it has directives or words that no exported program has");
        }
    }

    /** Runs them all in one guest. */
    public void run(Function<Path, QemuVm> vm) {
        if (!jobs.isEmpty()) {
            results.putAll(ProgramGuest.run(jobs, binaries, FOR_EACH.multipliedBy(jobs.size()), vm));
        }
    }

    /** What became of a program; null when it didn't get to run. */
    public @Nullable Result result(String name, Optional<Integer> fault) {
        return results.get(new Job(name, fault));
    }

    /** In a sentence: whether the program shows the failure, too. */
    public String verdict(String name, Optional<Integer> fault) {
        String why = impossible.get(name);
        return why != null ? why : words(result(name, fault));
    }

    private static String words(@Nullable Result result) {
        if (result == null) {
            return "not reproduced: the guest died before the program ended";
        }
        if (result.killed()) {
            return "not reproduced: the program did not end within a minute";
        }
        return switch (result.status()) {
            case 0 -> "not reproduced in C: " + result.said();
            case 1 -> "reproduced in C: " + result.said();
            case 4 -> "not reproduced: " + result.said();
            default -> "not reproduced: the program ended with " + result.status() + ", " + result.said();
        };
    }

    /** Runs the first few failures of a run, and says what became of each test's program. */
    public static Map<String, String> tryFirst(Run run, int most, Path directory, Function<Path, QemuVm> vm) {
        List<Case> cases = failures(run).stream()
                .filter(t -> program(t).isPresent())
                .limit(most)
                .map(t -> new Case(t.id(), t, directory, Optional.empty()))
                .toList();
        Map<String, String> verdicts = new LinkedHashMap<>();
        if (cases.isEmpty()) {
            return verdicts;
        }
        try {
            Path temporary = Files.createTempDirectory("zcrx-");
            try {
                var reproducers = new Reproducers(cases, temporary, false);
                reproducers.run(vm);
                cases.forEach(c -> verdicts.put(c.name, reproducers.verdict(c.name, c.fault)));
            } finally {
                delete(temporary);
            }
        } catch (IOException | CannotTestException e) {
            cases.forEach(c -> verdicts.putIfAbsent(c.name, "not tried: " + e.getMessage()));
        }
        return verdicts;
    }

    /** A directory of files. */
    public static void delete(Path directory) throws IOException {
        try (var files = Files.newDirectoryStream(directory)) {
            for (Path file : files) {
                Files.delete(file);
            }
        }
        Files.delete(directory);
    }
}
