// SPDX-License-Identifier: MIT
package zcrx.reports.run;

import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Deque;
import java.util.EnumSet;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.function.Supplier;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import zcrx.conformance.results.KernelLogMark;
import zcrx.conformance.results.ResultEvent;
import zcrx.conformance.results.ResultEvent.PlannedTest;
import zcrx.vm.Ending;
import zcrx.vm.SuiteHost;

/**
 * Makes a {@link Run} of what a suite, its kernel and its host say. Believes nothing that contradicts itself: whatever
 * does not fit the protocol becomes one of the run's errors, which keep it from being a pass, and changes no test's
 * outcome. May be told things from several threads.
 */
public final class RunRecorder implements SuiteHost.Observer {
    /** It becomes the name of a file, too, which must not be in another directory. */
    private static final Pattern ID =
            Pattern.compile("(?=.{1," + PlannedTest.LONGEST_ID + "}$)[A-Za-z0-9_][\\x21-\\x7e&&[^#\"'<>&\\\\/]]*");

    /** What a guest may make this program keep. The files have the rest. */
    private static final int MAX_TESTS = 100_000;

    private static final int MAX_MESSAGE = 16 << 10;
    private static final int MAX_TEXT = 256 << 10;
    private static final int MAX_ATTACHMENTS = 20;
    private static final int MAX_RULES = 100;
    private static final int MAX_LOG_LINES = 1000;
    private static final int MAX_LOG_LINE = 2000;
    private static final int MAX_ERRORS = 20;
    private static final int MAX_SPLATS = 200;
    private static final int CONSOLE_LINES = 40;

    /** Ends of a guest that leave time for another. */
    private static final Set<Ending.Kind> DEATHS =
            EnumSet.of(Ending.Kind.STOPPED, Ending.Kind.KILLED, Ending.Kind.HUNG);

    /** Told of what happens, for people who wait. Called with the recorder locked: be quick. */
    public interface Listener {
        default void hello(ResultEvent.Kernel kernel) {}

        default void planned(int tests) {}

        default void started(PlannedTest test) {}

        /** The outcome of a test is known and will not change. */
        default void finished(Run.Test test) {}
    }

    /** A planned test and what became known of it. */
    private static final class Entry {
        PlannedTest planned;
        /** What the kernel log has between its marks. */
        final LogPart log;

        boolean started;
        boolean told;
        ResultEvent.@Nullable End end;
        final List<ResultEvent.Attachment> attachments = new ArrayList<>();
        final List<ResultEvent.Evidence> evidence = new ArrayList<>();

        Entry(PlannedTest planned, LogPart log) {
            this.planned = planned;
            this.log = log;
        }

        /** Whether the suite may say more of it. */
        boolean isOpen() {
            return started && end == null;
        }

        boolean isRunning() {
            return (started || log.begun) && end == null;
        }
    }

    /** The kernel log from one mark to the next. It may come before the plan that has the test. */
    private static final class LogPart {
        boolean begun;
        boolean ended;
        final List<String> lines = new ArrayList<>();
        final List<SplatParser.Open> splats = new ArrayList<>();
    }

    private final Setup setup;
    private final KnownBugs knownBugs;
    private final Listener listener;
    private final Map<String, Entry> tests = new LinkedHashMap<>();
    private final Map<String, LogPart> logParts = new HashMap<>();
    private final List<String> failures = new ArrayList<>();
    private final List<String> errors = new ArrayList<>();
    private final List<SplatParser.Open> splats = new ArrayList<>();
    private final Deque<String> console = new ArrayDeque<>();
    private final SplatParser splatParser = new SplatParser();

    private int resultLines;
    private @Nullable String badLine;
    private ResultEvent.@Nullable Hello hello;
    private ResultEvent.@Nullable Plan plan;
    private @Nullable String unsupported;
    private ResultEvent.@Nullable Bye bye;
    private @Nullable Integer exit;
    private int ends;

    /** The test that the kernel log is at; null before, between and after tests. */
    private @Nullable String logTest;
    /** The last test that the kernel log was at; null before the first. */
    private @Nullable String lastLogTest;

    private boolean logLost;
    private boolean diedUnderTest;

    /**
     * @param knownBugs failures that are expected
     */
    public RunRecorder(Setup setup, KnownBugs knownBugs, Listener listener) {
        this.setup = setup;
        this.knownBugs = knownBugs;
        this.listener = listener;
    }

    @Override
    public synchronized void result(String line) {
        resultLines++;
        if (badLine != null) {
            // It was not the last one, so it was not cut off by the guest's death.
            error(badLine);
            badLine = null;
        }
        try {
            event(ResultReader.read(line));
        } catch (ResultReader.BadLineException e) {
            badLine = badResult(Objects.requireNonNullElse(e.getMessage(), "") + ": " + Text.oneLine(abbreviate(line)));
        }
    }

    private String badResult(String why) {
        return "line " + resultLines + " of the result stream is no result: " + why;
    }

    private static String abbreviate(String line) {
        return line.length() <= 80 ? line : line.substring(0, 80) + "…";
    }

    private void event(ResultEvent event) {
        if (exit != null) {
            contradiction("a result after the end of the suite's process");
            return;
        }
        boolean talking = hello != null && bye == null;
        switch (event) {
            case ResultEvent.Hello e -> hello(e);
            case ResultEvent.Unsupported e -> {
                if (!talking || plan != null || unsupported != null) {
                    contradiction("\"unsupported\" where it cannot be");
                } else {
                    unsupported = Text.oneLine(Text.clean(e.reason(), MAX_MESSAGE));
                }
            }
            case ResultEvent.Plan e -> {
                if (!talking || plan != null || unsupported != null) {
                    contradiction("a plan where none can be");
                } else {
                    plan(e);
                }
            }
            case ResultEvent.Alive _ -> {
                if (!talking) {
                    contradiction("a sign of life where none can be");
                }
            }
            case ResultEvent.Start e -> known(e.id(), "start").ifPresent(this::start);
            case ResultEvent.Attachment e -> known(e.id(), "attachment").ifPresent(entry -> attach(entry, e));
            case ResultEvent.Evidence e -> known(e.id(), "evidence").ifPresent(entry -> evidence(entry, e));
            case ResultEvent.Broken e -> known(e.id(), "rule").ifPresent(entry -> broken(entry, e));
            case ResultEvent.End e -> known(e.id(), "end").ifPresent(entry -> end(entry, e));
            case ResultEvent.Bye e -> {
                if (!talking) {
                    contradiction("a goodbye where none can be");
                    return;
                }
                bye = e;
                if (e.ended() != ends) {
                    contradiction("the suite says that " + e.ended() + " tests ended, but reported " + ends);
                }
                running()
                        .forEach(entry ->
                                contradiction("the suite ended, but never said how " + entry.planned.id() + " did"));
            }
            case ResultEvent.Exit e -> exit = e.status();
        }
    }

    private void hello(ResultEvent.Hello e) {
        if (hello != null) {
            contradiction("the suite started twice");
            return;
        }
        ResultEvent.Kernel k = e.kernel();
        hello = new ResultEvent.Hello(
                e.protocol(),
                new ResultEvent.Kernel(
                        word(k.release()),
                        word(k.version()),
                        word(k.machine()),
                        word(k.dialect()),
                        k.features().stream().limit(100).map(RunRecorder::word).toList(),
                        k.pageSize()));
        if (e.protocol() != ResultEvent.PROTOCOL) {
            error("the suite speaks version " + e.protocol() + " of the result format, and this program "
                    + ResultEvent.PROTOCOL + ": build both from the same sources");
        }
        listener.hello(hello.kernel());
    }

    private static String word(String text) {
        return Text.oneLine(Text.clean(text, 200));
    }

    private void plan(ResultEvent.Plan e) {
        plan = e;
        if (!e.profile().equals(setup.profile()) || e.seed() != setup.seed()) {
            contradiction("the suite runs profile " + word(e.profile()) + " with seed " + e.seed()
                    + ", but was asked for " + setup.profile() + " with seed " + setup.seed());
        }
        for (PlannedTest t : e.tests()) {
            if (!ID.matcher(t.id()).matches() || tests.size() == MAX_TESTS) {
                contradiction("a plan with a test that cannot be: " + word(t.id()));
                return;
            }
            var clean = new PlannedTest(
                    t.id(),
                    word(t.subject()),
                    Text.oneLine(Text.clean(t.name(), 1000)),
                    t.requirements().stream()
                            .limit(MAX_RULES)
                            .map(RunRecorder::word)
                            .toList(),
                    word(t.dataPath()));
            if (tests.putIfAbsent(t.id(), new Entry(clean, logPart(t.id()))) != null) {
                contradiction("a plan with " + t.id() + " twice");
            }
        }
        listener.planned(tests.size());
    }

    private Optional<Entry> known(String id, String what) {
        Entry entry = tests.get(id);
        if (entry == null || bye != null) {
            contradiction("the " + what + " of " + word(id)
                    + (entry == null ? ", which is not in the plan" : " after the goodbye"));
            return Optional.empty();
        }
        return Optional.of(entry);
    }

    private void start(Entry entry) {
        String id = entry.planned.id();
        if (entry.started) {
            contradiction(id + " started twice");
            return;
        }
        for (Entry other : tests.values()) {
            if (other.isOpen()) {
                contradiction(id + " started while " + other.planned.id() + " was running");
            }
        }
        entry.started = true;
        listener.started(entry.planned);
    }

    private void attach(Entry entry, ResultEvent.Attachment e) {
        String name = word(e.name());
        if (!entry.isOpen()) {
            contradiction("an attachment of " + e.id() + ", which was not running");
        } else if (name.equals(ResultEvent.Attachment.REPRODUCTION)) {
            contradiction("an attachment that only the host can make");
        } else if (entry.attachments.size() < MAX_ATTACHMENTS) {
            entry.attachments.add(new ResultEvent.Attachment(e.id(), name, Text.clean(e.text(), MAX_TEXT)));
        }
    }

    private void evidence(Entry entry, ResultEvent.Evidence e) {
        if (!entry.isOpen()) {
            contradiction("evidence of " + e.id() + ", which was not running");
        } else if (entry.evidence.size() < MAX_ATTACHMENTS) {
            entry.evidence.add(new ResultEvent.Evidence(
                    e.id(), word(e.rule()), word(e.side()), Text.clean(e.seen(), MAX_MESSAGE)));
        }
    }

    private void broken(Entry entry, ResultEvent.Broken e) {
        List<String> rules = entry.planned.requirements();
        String rule = word(e.rule());
        if (!entry.isOpen()) {
            contradiction("a rule broken in " + e.id() + ", which was not running");
        } else if (!rules.contains(rule) && rules.size() < MAX_RULES) {
            entry.planned = entry.planned.alsoAbout(rule);
        }
    }

    private void end(Entry entry, ResultEvent.End e) {
        if (!entry.started) {
            contradiction("the end of " + e.id() + ", which had not started");
        } else if (entry.end != null) {
            contradiction("a second end of " + e.id());
        } else if (e.durationMs() < 0 || (e.message() == null && e.status() != ResultEvent.Status.PASS)) {
            contradiction("an end of " + e.id() + " with a negative duration or without a reason");
        } else {
            ends++;
            entry.end = e;
            tellIfFinal(entry);
        }
    }

    private void contradiction(String what) {
        error("line " + resultLines + " of the result stream contradicts the rest: " + what);
    }

    private void error(String line) {
        if (errors.size() < MAX_ERRORS) {
            errors.add(line);
        } else if (errors.size() == MAX_ERRORS) {
            errors.add("… and more like these");
        }
    }

    /** Something that the runner could not do, so that the run is no ground for a pass: one line. */
    public synchronized void couldNot(String line) {
        error(Text.oneLine(line));
    }

    @Override
    public synchronized void kernelLog(String raw) {
        String line = Text.clean(raw.endsWith("\r") ? raw.substring(0, raw.length() - 1) : raw, MAX_LOG_LINE);
        console.addLast(line);
        if (console.size() > CONSOLE_LINES) {
            console.removeFirst();
        }
        Optional<KernelLogMark> mark = KernelLogMark.find(line);
        if (mark.isPresent()) {
            mark(mark.get());
            return;
        }
        LogPart part = logTest == null ? null : logPart(logTest);
        if (part != null && part.lines.size() < MAX_LOG_LINES) {
            part.lines.add(line);
        }
        if (lastLogTest != null && line.contains("printk messages dropped")) {
            logLost = true;
        }
        Splat.Phase phase =
                logTest != null ? Splat.Phase.TEST : lastLogTest == null ? Splat.Phase.BOOT : Splat.Phase.BETWEEN;
        splatParser.line(line, phase, lastLogTest).ifPresent(splat -> {
            if (splats.size() < MAX_SPLATS) {
                splats.add(splat);
            }
            if (part != null && part.splats.size() < MAX_SPLATS) {
                part.splats.add(splat);
            }
        });
    }

    private LogPart logPart(String id) {
        return logParts.computeIfAbsent(id, _ -> new LogPart());
    }

    private void mark(KernelLogMark mark) {
        String id = mark.id();
        if (logParts.size() > MAX_TESTS) {
            logLost = true;
            return;
        }
        switch (mark.kind()) {
            case START -> {
                splatParser.close();
                logTest = id;
                lastLogTest = id;
                logPart(id).begun = true;
            }
            case END -> {
                if (!id.equals(logTest)) {
                    error("the kernel log has the end of " + word(id) + " without its start");
                    return;
                }
                logTest = null;
                logPart(id).ended = true;
                Entry entry = tests.get(id);
                if (entry != null) {
                    tellIfFinal(entry);
                }
            }
        }
    }

    /** The two streams race: only when both have passed a test's end, nothing more can happen to it. */
    private void tellIfFinal(Entry entry) {
        if (entry.end != null && entry.log.ended && !entry.told) {
            entry.told = true;
            listener.finished(outcome(entry));
        }
    }

    private Collection<Entry> running() {
        return tests.values().stream().filter(Entry::isRunning).toList();
    }

    /** All has been said. Ends what is still open, and judges. */
    public synchronized Run finish(Ending ending, Duration duration) {
        splatParser.close();
        boolean saidAll = bye != null || (unsupported != null && running().isEmpty());
        if (badLine != null && saidAll) {
            error(badLine);
        }
        if (saidAll) {
            judgeWholeRun(ending);
        }
        Map<Entry, Run.Test> ended = new LinkedHashMap<>();
        String death = saidAll ? null : death(ending);
        Collection<Entry> running = running();
        for (Entry entry : tests.values()) {
            Run.Test test = entry.end != null ? outcome(entry) : unended(entry, ending, death, running);
            ended.put(entry, test);
            if (!entry.told) {
                entry.told = true;
                listener.finished(test);
            }
        }
        if (death != null) {
            judgeEarlyEnd(ending, death, running);
        }
        for (SplatParser.Open open : splats) {
            Splat splat = open.close();
            if (open.phase == Splat.Phase.BETWEEN && !setup.ignores(splat)) {
                String line = "the kernel reported after " + splat.test() + ": " + splat.title();
                if (splat.blamesKernel()) {
                    failures.add(line);
                } else {
                    error(line);
                }
            }
        }
        return new Run(
                setup,
                hello == null ? null : hello.kernel(),
                List.copyOf(ended.values()),
                splats.stream().map(SplatParser.Open::close).toList(),
                failures,
                errors,
                List.of(),
                unsupported,
                List.copyOf(console),
                duration.toMillis());
    }

    /**
     * The last test that a guest reached before it died; empty when it did not die, or too early, or nothing is left.
     * Known once finished.
     */
    public synchronized Optional<String> diedAt() {
        List<Entry> reached = tests.values().stream()
                .filter(entry -> entry.started || entry.log.begun)
                .toList();
        return diedUnderTest
                        && !reached.isEmpty()
                        && reached.getLast() != List.copyOf(tests.values()).getLast()
                ? Optional.of(reached.getLast().planned.id())
                : Optional.empty();
    }

    private Run.Test outcome(Entry entry) {
        ResultEvent.End end = Objects.requireNonNull(entry.end);
        String message = end.message() == null
                ? ""
                : Text.clean(end.message(), MAX_MESSAGE).strip();
        Status status = switch (end.status()) {
            case PASS -> Status.PASS;
            case FAIL -> Status.FAIL;
            case SKIP -> Status.SKIP;
            case BROKEN -> Status.BROKEN;
        };
        List<SplatParser.Open> held = held(entry);
        if (!held.isEmpty()) {
            String splats = describe(held);
            // A test that failed by itself says more than the report that came with it.
            message = status == Status.FAIL ? message + "\n" + splats : join(splats, message);
            status = status == Status.FAIL || blameKernel(held) ? Status.FAIL : Status.BROKEN;
        } else if (setup.expects(entry.planned).isPresent()) {
            Expectation expected = setup.expects(entry.planned).get();
            boolean over = setup.isOver(expected);
            String until = (over ? "was expected to fail until " : "expected until ") + expected.expires() + ": "
                    + expected.reason();
            if (status == Status.FAIL) {
                status = over ? Status.FAIL : Status.XFAIL;
                message = over ? message + "\n" + until : join(until, message);
            } else if (status == Status.PASS) {
                message = "passed, though a failure of " + expected.what() + (over ? " " : " is ") + until;
            }
        } else if (hello != null && !setup.strict()) {
            KnownBugs.Bug bug = knownBugs
                    .find(hello.kernel().release(), entry.planned.requirements())
                    .orElse(null);
            if (bug != null && status == Status.FAIL) {
                status = Status.XFAIL;
                message = join("known bug: " + bug.symptom() + " (" + bug.reference() + ")", message);
            } else if (bug != null && status == Status.PASS) {
                message = "passed, though " + bug.rule() + " is known to fail here: " + bug.reference();
            }
        }
        return test(entry, status, end.durationMs(), message, end.details());
    }

    /** What the kernel reported during a test and is held against it. */
    private List<SplatParser.Open> held(Entry entry) {
        return entry.log.splats.stream()
                .filter(open -> !setup.ignores(open.close()))
                .toList();
    }

    private static boolean blameKernel(List<SplatParser.Open> splats) {
        return splats.stream().anyMatch(open -> open.close().blamesKernel());
    }

    private static String join(String first, String second) {
        return second.isEmpty() ? first : first + "\n" + second;
    }

    /** What the kernel reported during a test, a line and its frames for each. */
    private static String describe(List<SplatParser.Open> splats) {
        var text = new StringBuilder();
        for (SplatParser.Open open : splats.subList(0, Math.min(splats.size(), 5))) {
            Splat splat = open.close();
            text.append(text.isEmpty() ? "" : "\n").append("kernel: ").append(splat.title());
            if (!splat.frames().isEmpty()) {
                text.append("\n  in ").append(String.join(" < ", splat.frames()));
            }
            text.append("\n  fingerprint ").append(splat.fingerprint());
        }
        return text.toString();
    }

    private Run.Test test(Entry entry, Status status, long durationMs, String message, @Nullable String details) {
        return new Run.Test(
                setup,
                entry.planned,
                status,
                durationMs,
                message,
                details == null ? "" : Text.clean(details, MAX_TEXT).strip(),
                entry.attachments,
                entry.evidence,
                entry.log.lines,
                entry.log.splats.stream().map(SplatParser.Open::close).toList());
    }

    private Run.Test unended(Entry entry, Ending ending, @Nullable String death, Collection<Entry> running) {
        if (death == null) {
            return test(entry, Status.NOT_RUN, 0, "the suite ended without it", null);
        }
        if (!running.contains(entry)) {
            String during = running.stream()
                    .findFirst()
                    .map(r -> " in " + r.planned.id())
                    .orElse("");
            return test(entry, Status.NOT_RUN, 0, "the run ended before it" + during + ": " + death, null);
        }
        List<SplatParser.Open> held = held(entry);
        if (ending.kind() == Ending.Kind.INTERRUPTED && held.isEmpty()) {
            return test(entry, Status.NOT_RUN, 0, death, null);
        }
        boolean suiteGaveUp = held.isEmpty() ? exit != null && exit > 0 && exit < 128 : !blameKernel(held);
        String splats = describe(held);
        // A panic is both the death and what the kernel reported.
        String message = panic().isPresent() && !splats.isEmpty() ? splats : join(death, splats);
        return test(entry, suiteGaveUp ? Status.BROKEN : Status.FAIL, 0, message, null);
    }

    /** The suite said all that it had to say, so only the rest of the run can be wrong. */
    private void judgeWholeRun(Ending ending) {
        Supplier<String> detail = () -> ending.detail().isEmpty() ? "" : ": " + ending.detail();
        switch (ending.kind()) {
            case STOPPED -> {
                if (exit == null) {
                    // A kernel that died at that moment has said so; without that, nobody knows.
                    error("the suite had finished, but its process was never seen to end" + detail.get());
                }
            }
            case KILLED -> error("the guest was killed after the suite had finished" + detail.get());
            case TIMEOUT, HUNG -> {
                if (exit == null) {
                    failures.add("the suite had finished, but its process did not end before the time was up");
                } else {
                    error("the suite had finished, but the guest did not stop before the time was up");
                }
            }
            case INTERRUPTED -> error("stopped by the user");
            case NOT_STARTED -> error("results of a run that never started" + detail.get());
        }
        if (exit != null && exit >= 128) {
            failures.add("the suite had finished, but its process was " + killed(exit));
        } else if (exit != null && exit > 0) {
            error("the suite had finished, but its process ended with status " + exit);
        }
        List<String> unmarked = tests.values().stream()
                .filter(entry -> entry.end != null && !entry.log.ended)
                .map(entry -> entry.planned.id())
                .toList();
        if (!unmarked.isEmpty()) {
            error("the kernel log lacks the marks of " + unmarked.size() + " tests, such as " + unmarked.getFirst()
                    + ": what the kernel reported during them may be lost");
        } else if (logLost) {
            error("the kernel dropped lines of its log: what it reported meanwhile is lost");
        }
        if (unsupported == null && tests.isEmpty()) {
            error("the plan holds no test");
        } else if (unsupported == null && tests.values().stream().anyMatch(entry -> entry.end == null)) {
            error("the suite ended without running all of its plan");
        }
    }

    /** How the run came to an early end, in one line. */
    private String death(Ending ending) {
        Optional<String> panic = panic();
        String detail = Text.oneLine(ending.detail());
        String inWords = switch (ending.kind()) {
            case NOT_STARTED -> detail;
            case INTERRUPTED -> "stopped by the user";
            case TIMEOUT -> panic.orElse("no end within the time limit") + lastLine(panic.isEmpty());
            case HUNG -> panic.orElse("hung: " + detail);
            case KILLED -> panic.orElse(detail.isEmpty() ? "the guest was killed" : detail);
            case STOPPED ->
                panic.orElse(
                        exit == null
                                ? "the guest stopped before the suite had finished" + lastLine(true)
                                : exit >= 128
                                        ? "the suite's process was " + killed(exit)
                                        : "the suite's process ended early, with status " + exit);
        };
        return inWords.isEmpty() ? "the run ended early" : inWords;
    }

    /** The first panic; what it says is often no more than that the report before it was fatal. */
    private Optional<String> panic() {
        Splat before = null;
        for (SplatParser.Open open : splats) {
            Splat splat = open.close();
            if (splat.kind() == Splat.Kind.PANIC) {
                return Optional.of(
                        before == null
                                        || before.phase() != splat.phase()
                                        || !Objects.equals(before.test(), splat.test())
                                ? splat.title()
                                : before.title() + ", then " + splat.title());
            }
            before = splat;
        }
        return Optional.empty();
    }

    private String lastLine(boolean wanted) {
        return wanted && !console.isEmpty() ? "; the kernel log ends with: " + Text.oneLine(console.getLast()) : "";
    }

    private static String killed(int status) {
        int signal = status - 128;
        String name = switch (signal) {
            case 4 -> " (SIGILL)";
            case 6 -> " (SIGABRT)";
            case 7 -> " (SIGBUS)";
            case 9 -> " (SIGKILL)";
            case 11 -> " (SIGSEGV)";
            case 15 -> " (SIGTERM)";
            default -> "";
        };
        return "killed by signal " + signal + name;
    }

    private void judgeEarlyEnd(Ending ending, String death, Collection<Entry> running) {
        boolean underTest = lastLogTest != null || tests.values().stream().anyMatch(entry -> entry.started);
        diedUnderTest = underTest && DEATHS.contains(ending.kind());
        if (ending.kind() == Ending.Kind.INTERRUPTED || ending.kind() == Ending.Kind.NOT_STARTED) {
            error(death);
        } else if (!underTest) {
            error((hello == null ? "the suite was never reached: " : "no test was reached: ") + death);
        } else if (running.isEmpty()) {
            // Between two tests the kernel does what the last one left it to do; nobody else was there to kill it.
            failures.add("the run ended early" + (lastLogTest == null ? "" : " after " + lastLogTest) + ": " + death);
        }
    }
}
