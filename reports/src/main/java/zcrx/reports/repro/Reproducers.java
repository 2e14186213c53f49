// SPDX-License-Identifier: MIT
package zcrx.reports.repro;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.SequencedMap;
import java.util.Set;
import java.util.function.Predicate;
import java.util.regex.Pattern;
import org.apache.commons.io.file.PathUtils;
import zcrx.conformance.results.ResultEvent;
import zcrx.reports.run.Run;
import zcrx.reports.run.Status;
import zcrx.reports.run.Text;
import zcrx.vm.BadRequestException;
import zcrx.vm.CannotTestException;
import zcrx.vm.program.ProgramGuest;
import zcrx.vm.program.ProgramGuest.Machine;
import zcrx.vm.program.ProgramGuest.Result;
import zcrx.vm.program.ProgramGuest.Session;

/** C programs that failing tests left, and what becomes of them on a kernel. */
public final class Reproducers {
    /** Below the directory of a run. */
    public static final String DIRECTORY = "reproducers";

    private static final Pattern DIRECTIVE =
            Pattern.compile("#include <[a-z/]+\\.h>|#define [A-Za-z0-9_]+( [A-Za-z0-9_]+)?");
    private static final Pattern FORBIDDEN = Pattern.compile("asm|[Pp]ragma|incbin|%:|\\?\\?|\\\\\n");

    private static final String NEEDS_NIC = "\n\tneed_nic();\n";

    private static final int LONGEST_LINE = 2000;

    private static final Duration TO_BOOT = Duration.ofMinutes(2);
    private static final Duration FOR_EACH = Duration.ofSeconds(70);

    /**
     * A program of a failed test.
     *
     * @param name unique among those that run together
     * @param source where the program is written to
     */
    public record Case(String name, Run.Test test, Path source) {
        /** In {@link #DIRECTORY} of the test's run. */
        public static Case of(String name, Run.Test test, Path run) {
            return new Case(name, test, run.resolve(DIRECTORY).resolve(test.id() + ".c"));
        }
    }

    private final SequencedMap<String, Path> binaries = new LinkedHashMap<>();
    /** Of these, those that receive on a device. */
    private final Set<String> needNic = new HashSet<>();

    private final Map<String, String> impossible = new HashMap<>();

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

    /** Why a test left no program; empty when it left one. */
    public static Optional<String> lack(Run.Test test) {
        String text = program(test).orElse(ResultEvent.Attachment.NOT_EXPORTABLE + "it left no program");
        return text.startsWith(ResultEvent.Attachment.NOT_EXPORTABLE)
                ? text.lines().findFirst()
                : Optional.empty();
    }

    /** Writes the programs that there are, and compiles them. */
    public Reproducers(List<Case> cases, Path temporary) {
        for (Case c : cases) {
            Optional<String> lack = lack(c.test);
            if (lack.isPresent()) {
                impossible.put(c.name, lack.get());
                continue;
            }
            try {
                String text = program(c.test).orElseThrow();
                Files.createDirectories(Objects.requireNonNull(c.source.getParent()));
                Files.writeString(c.source, text);
                check(text);
                if (text.contains(NEEDS_NIC)) {
                    needNic.add(c.name);
                }
                binaries.put(c.name, ProgramGuest.compile(c.source, temporary.resolve(c.name)));
            } catch (CannotTestException | IOException e) {
                impossible.put(c.name, notTried(e));
            }
        }
    }

    /** What a compiler or QEMU complains of may be words of a guest's. */
    private static String notTried(Exception e) {
        return "not tried: " + Text.oneLine(String.valueOf(e.getMessage()));
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

    /** Why a program can't be run; empty when it can. */
    public Optional<String> impossible(String name) {
        return Optional.ofNullable(impossible.get(name));
    }

    /** Runs all that there are in one guest, or two: those that receive on a device need a larger one. */
    public Session run(Machine machine) {
        Session plain = run(machine, false, name -> !needNic.contains(name));
        Session more = run(machine, true, needNic::contains);
        var results = new HashMap<>(plain.results());
        results.putAll(more.results());
        return new Session(results, more.end().isEmpty() ? plain.end() : more.end());
    }

    /** Runs one of them, in a guest of its own. */
    public Session run(String name, Machine machine) {
        return run(machine, needNic.contains(name), name::equals);
    }

    private Session run(Machine machine, boolean nic, Predicate<String> wanted) {
        SequencedMap<String, Path> programs = new LinkedHashMap<>(binaries);
        programs.keySet().removeIf(wanted.negate());
        return programs.isEmpty()
                ? new Session(Map.of(), "")
                : clean(ProgramGuest.run(programs, nic, TO_BOOT.plus(FOR_EACH.multipliedBy(programs.size())), machine));
    }

    /** What a guest says is shown on terminals and kept in reports. */
    static Session clean(Session session) {
        Map<String, Result> results = new HashMap<>();
        session.results().forEach((name, r) -> results.put(name, new Result(r.status(), line(r.said()))));
        return new Session(results, line(session.end()));
    }

    private static String line(String said) {
        return Text.oneLine(Text.clean(said, LONGEST_LINE));
    }

    /** In a sentence: whether the program shows the failure, too. */
    public String verdict(String name, Session session) {
        return impossible(name).orElseGet(() -> {
            Result result = session.results().get(name);
            return result == null
                    ? "not reproduced: the guest ended before the program did: " + session.end()
                    : words(result);
        });
    }

    private static String words(Result result) {
        if (result.killed()) {
            return "not reproduced: the program did not end within a minute";
        }
        if (result.shows()) {
            return "reproduced in C: " + result.said();
        }
        if (result.passes()) {
            return "not reproduced in C: " + result.said();
        }
        return "not reproduced: "
                + (result.skips() ? "" : "the program ended with " + result.status() + ", ")
                + result.said();
    }

    /** Runs the first few failures of a run, and says what became of each test's program. */
    public static Map<String, String> tryFirst(Run run, int most, Path directory, Machine machine) {
        List<Case> cases = failures(run).stream()
                .filter(t -> program(t).isPresent())
                .limit(most)
                .map(t -> Case.of(t.id(), t, directory))
                .toList();
        Map<String, String> verdicts = new LinkedHashMap<>();
        if (cases.isEmpty()) {
            return verdicts;
        }
        try {
            Path temporary = Files.createTempDirectory("zcrx-");
            try {
                var reproducers = new Reproducers(cases, temporary);
                Session session = reproducers.run(machine);
                cases.forEach(c -> verdicts.put(c.name, reproducers.verdict(c.name, session)));
            } finally {
                PathUtils.deleteDirectory(temporary);
            }
        } catch (IOException | CannotTestException | BadRequestException e) {
            // Such as a guest's memory that was enough for the suite alone.
            cases.forEach(c -> verdicts.putIfAbsent(c.name, notTried(e)));
        }
        return verdicts;
    }
}
