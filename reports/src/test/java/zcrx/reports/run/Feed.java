// SPDX-License-Identifier: MIT
package zcrx.reports.run;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import zcrx.conformance.results.KernelLogMark;
import zcrx.conformance.results.ResultEvent;
import zcrx.conformance.results.ResultEvent.PlannedTest;
import zcrx.conformance.results.ResultWriter;
import zcrx.vm.Ending;
import zcrx.vm.SuiteHost;

/** Plays a suite and its kernel to a recorder, in the words of the real ones. */
public final class Feed {
    public static final Setup SETUP = new Setup(
            "1.0",
            Instant.parse("2026-11-22T10:41:00Z"),
            List.of("vm", "--kernel", "debian:7.3"),
            "gate",
            List.of(),
            List.of(),
            42,
            "7.3.4+deb13-amd64",
            "debian:7.3, trixie-backports 7.3.4-1~bpo13+1",
            "2 cpus, 2G",
            false,
            List.of(),
            List.of(),
            "qemu 7.2.22",
            "tcg");

    public static final KnownBugs KNOWN_BUGS = new KnownBugs(List.of());

    public static final ResultEvent.Kernel KERNEL =
            new ResultEvent.Kernel("7.3.4+deb13-amd64", "#1 SMP", "x86_64", "event", List.of("EVENT", "NODEV"), 4096);

    public static final PlannedTest FIRST = new PlannedTest(
            "Port.noBuffers", "posted selftest", "a starved receiver is told", List.of("EVT-001"), "none");
    public static final PlannedTest SECOND = new PlannedTest(
            "Arm.notFired",
            "fire-once and re-arm",
            "re-arming a type that has not fired gives EINVAL",
            List.of("ARM-003", "ARM-004"),
            "nodev");
    public static final PlannedTest THIRD =
            new PlannedTest("Counters.bytes", "counters", "every byte is counted", List.of("CNT-001"), "nodev");

    public static final Ending STOPPED = new Ending(Ending.Kind.STOPPED, "");

    private final SuiteHost.Observer observer;
    private final List<String> told;

    private Feed(SuiteHost.Observer observer, List<String> told) {
        this.observer = observer;
        this.told = told;
    }

    public Feed() {
        this(SETUP, KNOWN_BUGS);
    }

    /** To a recorder of its own that is set up like this. */
    public Feed(Setup setup, KnownBugs knownBugs) {
        this(setup, knownBugs, new ArrayList<>());
    }

    private Feed(Setup setup, KnownBugs knownBugs, List<String> told) {
        this(
                new RunRecorder(setup, knownBugs, new RunRecorder.Listener() {
                    @Override
                    public void finished(Run.Test test) {
                        told.add(test.id() + " " + test.status().word());
                    }
                }),
                told);
    }

    /** {@link #SETUP}, but for what is known beforehand. */
    public static Setup setup(boolean strict, List<String> ignoredSplats, List<Expectation> expected) {
        return new Setup(
                SETUP.version(),
                SETUP.started(),
                SETUP.command(),
                SETUP.profile(),
                SETUP.tests(),
                SETUP.selection(),
                SETUP.seed(),
                SETUP.kernel(),
                SETUP.origin(),
                SETUP.host(),
                strict,
                ignoredSplats,
                expected,
                SETUP.qemu(),
                SETUP.accelerator());
    }

    /** Of a shard, such as {@code 1/3}. */
    public static Setup shard(String word, String profile) {
        return new Setup(
                SETUP.version(),
                SETUP.started(),
                SETUP.command(),
                profile,
                SETUP.tests(),
                List.of("--shard", word, "--shuffle", "3"),
                SETUP.seed(),
                SETUP.kernel(),
                SETUP.origin(),
                SETUP.host(),
                SETUP.strict(),
                SETUP.ignoredSplats(),
                SETUP.expected(),
                SETUP.qemu(),
                SETUP.accelerator());
    }

    /** To somebody else than a recorder of its own; cannot be finished. */
    public static Feed to(SuiteHost.Observer observer) {
        return new Feed(observer, List.of());
    }

    /** Up to the plan of three tests. */
    public static Feed planned() {
        return new Feed().hello().plan(FIRST, SECOND, THIRD);
    }

    /** Three passed tests and a goodbye. */
    public static Feed passed() {
        return planned().pass(FIRST.id()).pass(SECOND.id()).pass(THIRD.id()).bye(3);
    }

    public Feed line(String line) {
        observer.result(line);
        return this;
    }

    public Feed event(ResultEvent event) {
        var line = new ByteArrayOutputStream();
        new ResultWriter(line).write(event);
        return line(line.toString(StandardCharsets.US_ASCII).strip());
    }

    public Feed hello() {
        return event(new ResultEvent.Hello(ResultEvent.PROTOCOL, KERNEL));
    }

    public Feed plan(PlannedTest... tests) {
        return event(new ResultEvent.Plan("gate", 42, List.of(tests)));
    }

    public Feed log(String line) {
        observer.kernelLog(line);
        return this;
    }

    public Feed mark(KernelLogMark.Kind kind, String id) {
        return log("[    3.000000] " + new KernelLogMark(kind, id).text());
    }

    public Feed start(String id) {
        return event(new ResultEvent.Start(id)).mark(KernelLogMark.Kind.START, id);
    }

    public Feed end(String id, ResultEvent.Status status, @Nullable String message) {
        return mark(KernelLogMark.Kind.END, id).event(new ResultEvent.End(id, status, 12, message, null));
    }

    public Feed pass(String id) {
        return start(id).end(id, ResultEvent.Status.PASS, null);
    }

    public Feed bye(int ended) {
        return event(new ResultEvent.Bye(ended)).event(new ResultEvent.Exit(0));
    }

    /** A recorded console, whose marks are of {@link #FIRST} and {@link #SECOND}. */
    public Feed console(String name) {
        try (InputStream in = Feed.class.getResourceAsStream("/zcrx/reports/consoles/" + name + ".log")) {
            if (in == null) {
                throw new IllegalArgumentException("no console " + name);
            }
            new String(in.readAllBytes(), StandardCharsets.ISO_8859_1).lines().forEach(this::log);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return this;
    }

    /** What the listener was told, as {@code ID STATUS}. */
    public List<String> told() {
        return told;
    }

    RunRecorder recorder() {
        return (RunRecorder) observer;
    }

    public Run finish(Ending.Kind how, String detail) {
        return recorder().finish(new Ending(how, detail), Duration.ofSeconds(9));
    }

    public Run finish() {
        return finish(Ending.Kind.STOPPED, "");
    }
}
