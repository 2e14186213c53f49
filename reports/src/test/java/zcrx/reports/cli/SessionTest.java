// SPDX-License-Identifier: MIT
package zcrx.reports.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.api.parallel.ResourceLock;
import org.junit.jupiter.api.parallel.Resources;
import picocli.CommandLine;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;
import zcrx.conformance.Shard;
import zcrx.conformance.SuiteOptions;
import zcrx.conformance.SuiteOptions.Profile;
import zcrx.conformance.results.ResultEvent;
import zcrx.reports.MatrixDirectory;
import zcrx.reports.RunDirectory;
import zcrx.reports.run.ExitCode;
import zcrx.reports.run.Feed;
import zcrx.reports.run.Repetition;
import zcrx.reports.run.Run;
import zcrx.reports.run.Setup;
import zcrx.reports.terminal.Terminal;
import zcrx.vm.CannotTestException;
import zcrx.vm.Ending;
import zcrx.vm.Limits;
import zcrx.vm.SuiteHost;

@ResourceLock(Resources.SYSTEM_OUT)
@ResourceLock(Resources.SYSTEM_ERR)
class SessionTest {
    /** Fails its only test. */
    private static final SuiteHost FAILING = (options, limits, observer) -> {
        Feed.to(observer)
                .hello()
                .plan(Feed.FIRST)
                .start(Feed.FIRST.id())
                .end(Feed.FIRST.id(), ResultEvent.Status.FAIL, "because")
                .bye(1);
        return Feed.STOPPED;
    };

    @TempDir
    private Path temp;

    private Path out = Path.of("");
    private final ByteArrayOutputStream screen = new ByteArrayOutputStream();
    private final ByteArrayOutputStream results = new ByteArrayOutputStream();

    private final PrintStream stdout = System.out;
    private final PrintStream stderr = System.err;

    @BeforeEach
    void chooseDirectory() {
        out = temp.resolve("run");
        // Results go to standard output when it is no terminal.
        System.setOut(new PrintStream(results, true, StandardCharsets.UTF_8));
        System.setErr(System.out);
    }

    @AfterEach
    void restoreStreams() {
        System.setOut(stdout);
        System.setErr(stderr);
    }

    private ExitCode run(SuiteHost host, String... options) {
        return run(Feed.SETUP, host, options);
    }

    private ExitCode run(Setup setup, SuiteHost host, String... options) {
        return run(setup, host, (_, _) -> Map.of(), options);
    }

    private ExitCode run(Setup setup, SuiteHost host, Session.Reproduction reproduction, String... options) {
        var words = new ArrayList<>(List.of("--out", out.toString()));
        words.addAll(List.of(options));
        var arguments = CommandLine.populateSpec(SuiteArguments.class, words.toArray(String[]::new));
        try (var stop = new Stop();
                var terminal = new Terminal(new PrintStream(screen, true, StandardCharsets.UTF_8), false, false, 80)) {
            return new Session(arguments, new SuiteOptions(Profile.GATE, 42, List.of()), terminal, stop)
                    .run(host, setup, reproduction);
        }
    }

    private JsonNode summary() throws IOException {
        return JsonMapper.shared().readTree(Files.readString(out.resolve("summary.json")));
    }

    @Test
    void everythingIsWritten() throws IOException {
        ExitCode code = run((options, limits, observer) -> {
            Feed.to(observer).hello().plan(Feed.FIRST).pass(Feed.FIRST.id()).bye(1);
            return Feed.STOPPED;
        });
        assertThat(code).isEqualTo(ExitCode.PASS);
        assertThat(summary().at("/verdict").asString()).isEqualTo("pass");
        assertThat(out.resolve("results.ktap")).content().contains("ok 1 Port.noBuffers");
        assertThat(results.toString(StandardCharsets.UTF_8)).isEqualTo(Files.readString(out.resolve("results.ktap")));
        assertThat(out.resolve("junit.xml")).exists();
        assertThat(out.resolve("events.jsonl")).content().hasLineCount(6);
        assertThat(out.resolve("console.log")).content().hasLineCount(2);
        assertThat(out.resolve("report/index.html"))
                .content()
                .contains("<title>zcrx-conformance</title>")
                .doesNotContain("googletagmanager")
                .doesNotContainPattern("(src|href)=\"https?:");
        // Allure names the page of a test anew each time.
        Matcher link = Pattern.compile("href=\"index.html#testresult/([0-9a-f]+)\">Port.noBuffers<")
                .matcher(Files.readString(out.resolve("report/matrix.html")));
        assertThat(link.find()).isTrue();
        assertThat(out.resolve("report/index.html")).content().contains("'data/test-cases/" + link.group(1) + ".json'");
        assertThat(screen.toString(StandardCharsets.UTF_8))
                .contains("PASS     1 passed")
                .contains("report   ");
    }

    @Test
    void aReportMadeAgainSaysTheSame() throws IOException {
        run((options, limits, observer) -> {
            Feed.to(observer)
                    .hello()
                    .plan(Feed.FIRST, Feed.SECOND)
                    .pass(Feed.FIRST.id())
                    .start(Feed.SECOND.id());
            return new Ending(Ending.Kind.KILLED, "QEMU was killed by SIGKILL");
        });
        JsonNode live = summary();
        Run again = RunDirectory.of(out).replay(Feed.KNOWN_BUGS);
        assertThat(again.verdict().word()).isEqualTo(live.at("/verdict").asString());
        Files.delete(out.resolve("summary.json"));
        assertThat(Main.run("report", out.toString())).isEqualTo(1);
        assertThat(summary()).isEqualTo(live);
    }

    @Test
    void againstABaselineOnlyWhatIsWorseFails() {
        SuiteHost passing = (options, limits, observer) -> {
            Feed.to(observer).hello().plan(Feed.FIRST).pass(Feed.FIRST.id()).bye(1);
            return Feed.STOPPED;
        };
        String bad = out.toString();
        assertThat(run(FAILING)).isEqualTo(ExitCode.FAIL);
        out = temp.resolve("still bad");
        assertThat(run(FAILING, "--baseline", bad)).isEqualTo(ExitCode.PASS);
        out = temp.resolve("good");
        assertThat(run(passing, "--baseline", bad)).isEqualTo(ExitCode.PASS);
        assertThat(screen.toString(StandardCharsets.UTF_8)).contains("FIXED    Port.noBuffers");
        String good = out.toString();
        out = temp.resolve("worse");
        assertThat(run(FAILING, "--baseline", good)).isEqualTo(ExitCode.FAIL);
        assertThat(screen.toString(StandardCharsets.UTF_8)).contains("BROKE    Port.noBuffers");
        out = temp.resolve("nothing");
        assertThat(run((options, limits, observer) -> new Ending(Ending.Kind.NOT_STARTED, "no"), "--baseline", good))
                .isEqualTo(ExitCode.CANNOT_TEST);
    }

    @Test
    void runsAreMergedAndStayAsTheyAre() throws IOException {
        Path first = out;
        run((options, limits, observer) -> {
            Feed.to(observer).hello().plan(Feed.FIRST).pass(Feed.FIRST.id()).bye(1);
            return Feed.STOPPED;
        });
        Path second = temp.resolve("second");
        out = second;
        run((options, limits, observer) -> {
            Feed.to(observer).hello().plan(Feed.SECOND).start(Feed.SECOND.id());
            return new Ending(Ending.Kind.KILLED, "QEMU was killed by SIGKILL");
        });
        String record = Files.readString(second.resolve("run.json"));

        out = temp.resolve("both");
        assertThat(Main.run("report", "--merge", first.toString(), second.toString(), "--out", out.toString()))
                .isEqualTo(1);
        JsonNode both = summary();
        assertThat(both.at("/verdict").asString()).isEqualTo("fail");
        assertThat(both.at("/kernels/0/label").asString()).isEqualTo("7.3.4+deb13-amd64");
        assertThat(both.at("/kernels/0/verdict").asString()).isEqualTo("pass");
        assertThat(both.at("/kernels/1/label").asString()).isEqualTo("7.3.4+deb13-amd64-2");
        assertThat(both.at("/kernels/1/verdict").asString()).isEqualTo("fail");
        assertThat(out.resolve("7.3.4+deb13-amd64-2/summary.json")).exists();
        assertThat(second.resolve("run.json")).content().isEqualTo(record);

        // What was merged can be merged, and no run counts twice.
        String third = temp.resolve("third").toString();
        assertThat(Main.run("report", "--merge", out.toString(), first.toString(), "--out", third))
                .isEqualTo(1);
        assertThat(Main.run("report", "--merge", out.toString(), out.toString(), "--out", third + "-no"))
                .isEqualTo(2);
        assertThat(Path.of(third + "-no")).doesNotExist();
        out = Path.of(third);
        assertThat(summary().at("/kernels").size()).isEqualTo(3);
    }

    @Test
    void shardsAreMergedIntoOneColumn() throws IOException {
        List<ResultEvent.PlannedTest> tests = List.of(Feed.FIRST, Feed.SECOND);
        var shards = new ArrayList<String>();
        for (int i = 1; i <= 2; i++) {
            ResultEvent.PlannedTest test = tests.get(i - 1);
            out = temp.resolve("shard-" + i);
            shards.add(out.toString());
            assertThat(run(Feed.shard(i + "/2", "gate"), (options, limits, observer) -> {
                        Feed.to(observer).hello().plan(test).pass(test.id()).bye(1);
                        return Feed.STOPPED;
                    }))
                    .isEqualTo(ExitCode.PASS);
        }
        out = temp.resolve("both");
        assertThat(Main.run("report", "--merge", shards.get(1), shards.get(0), "--out", out.toString()))
                .isZero();
        assertThat(summary().at("/kernels").size()).isEqualTo(1);
        assertThat(summary()
                        .at("/kernels/0/tests")
                        .valueStream()
                        .map(t -> t.at("/id").asString()))
                .containsExactly("Port.noBuffers", "Arm.notFired");
        assertThat(out.resolve("7.3.4+deb13-amd64-shard-1-of-2/summary.json")).exists();
        // One that got lost is no pass.
        out = temp.resolve("one");
        assertThat(Main.run("report", "--merge", shards.get(0), "--out", out.toString()))
                .isEqualTo(125);
    }

    @Test
    void aHostThatCannotStart() throws IOException {
        ExitCode code = run((options, limits, observer) -> {
            throw new CannotTestException("no QEMU here: install qemu-system-x86");
        });
        assertThat(code).isEqualTo(ExitCode.CANNOT_TEST);
        assertThat(summary().at("/reasons/0").asString()).contains("no QEMU here");
    }

    @Test
    void aFileThatCannotBeWrittenIsNoPass() throws IOException {
        ExitCode code = run((options, limits, observer) -> {
            Feed.to(observer).hello().plan(Feed.FIRST).pass(Feed.FIRST.id()).bye(1);
            block("junit.xml");
            return Feed.STOPPED;
        });
        assertThat(code).isEqualTo(ExitCode.CANNOT_TEST);
        assertThat(screen.toString(StandardCharsets.UTF_8)).contains("the report is not complete");
    }

    @Test
    void aFileThatCannotBeWrittenDoesNotHideAFailure() {
        ExitCode code = run((options, limits, observer) -> {
            block("junit.xml");
            return FAILING.run(options, limits, observer);
        });
        assertThat(code).isEqualTo(ExitCode.FAIL);
    }

    @Test
    void withoutAWholeReportWhatFailedBeforeDoesNotFail() {
        String baseline = out.toString();
        run(FAILING);
        out = temp.resolve("again");
        ExitCode code = run(
                (options, limits, observer) -> {
                    block("junit.xml");
                    return FAILING.run(options, limits, observer);
                },
                "--baseline",
                baseline);
        assertThat(code).isEqualTo(ExitCode.CANNOT_TEST);
    }

    @Test
    void aFreshGuestThatCannotBeRecordedDoesNotHideTheDeath() throws IOException {
        ExitCode code = run((options, limits, observer) -> {
            block("console-2.log");
            return dieOnce(options, limits, observer);
        });
        assertThat(code).isEqualTo(ExitCode.FAIL);
        assertThat(summary().at("/tests").valueStream().map(t -> t.at("/status").asString()))
                .containsExactly("pass", "fail", "not_run");
        JsonNode live = summary();
        assertThat(Main.run("report", out.toString())).isEqualTo(1);
        assertThat(summary()).isEqualTo(live);
    }

    @Test
    void tryingProgramsEndsEarlyAndTheReportIsMade() {
        ExitCode code = run(Feed.SETUP, SessionTest::dieOnce, (run, directory) -> {
            // As a signal does.
            Thread.currentThread().interrupt();
            return Map.of(Feed.SECOND.id(), "not tried: stopped by the user");
        });
        assertThat(Thread.interrupted()).isFalse();
        assertThat(code).isEqualTo(ExitCode.FAIL);
        assertThat(out.resolve("reproductions.json")).content().contains("not tried: stopped by the user");
        assertThat(out.resolve("junit.xml")).exists();
    }

    /** A directory in its place cannot be written to, not even by root. */
    private void block(String file) {
        try {
            Files.createDirectory(out.resolve(file));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static Guest guest(String label, SuiteHost host) {
        return new Guest(label, Feed.SETUP, host, Repetition.ONCE);
    }

    private static Ending pass(SuiteOptions options, Limits limits, SuiteHost.Observer observer) {
        Feed.to(observer).hello().plan(Feed.FIRST).pass(Feed.FIRST.id()).bye(1);
        return Feed.STOPPED;
    }

    private static Ending lack(SuiteOptions options, Limits limits, SuiteHost.Observer observer) {
        Feed.to(observer)
                .hello()
                .event(new ResultEvent.Unsupported("no io_uring query"))
                .bye(0);
        return Feed.STOPPED;
    }

    private static Ending fail(SuiteOptions options, Limits limits, SuiteHost.Observer observer) {
        Feed.to(observer).hello().plan(Feed.FIRST).start(Feed.FIRST.id());
        return new Ending(Ending.Kind.KILLED, "QEMU was killed by SIGKILL");
    }

    private static Ending absent(SuiteOptions options, Limits limits, SuiteHost.Observer observer) {
        throw new CannotTestException("no kernel for debian:9.9");
    }

    private ExitCode runAll(int room, Guest... guests) {
        return runAll(CommandLine.populateSpec(SuiteArguments.class, "--out", out.toString()), room, guests);
    }

    private ExitCode runAll(SuiteArguments arguments, int room, Guest... guests) {
        try (var stop = new Stop();
                var terminal = new Terminal(new PrintStream(screen, true, StandardCharsets.UTF_8), false, false, 80)) {
            return new Session(arguments, new SuiteOptions(Profile.GATE, 42, List.of()), terminal, stop)
                    .runAll(List.of(guests), room);
        }
    }

    private ExitCode repeat(SuiteHost host, String... options) {
        var words = new ArrayList<>(List.of("--out", out.toString()));
        words.addAll(List.of(options));
        var arguments = CommandLine.populateSpec(SuiteArguments.class, words.toArray(String[]::new));
        return runAll(arguments, 1, new Guest("7.3.4", Feed.SETUP, host, arguments.repetition()));
    }

    /** Fails in one run of several. */
    private static SuiteHost failingIn(int number) {
        var runs = new AtomicInteger();
        return (options, limits, observer) -> {
            boolean fails = runs.incrementAndGet() == number;
            Feed.to(observer)
                    .hello()
                    .event(new ResultEvent.Plan("gate", options.seed(), List.of(Feed.FIRST, Feed.SECOND)))
                    .start(Feed.FIRST.id())
                    .end(
                            Feed.FIRST.id(),
                            fails ? ResultEvent.Status.FAIL : ResultEvent.Status.PASS,
                            fails ? "lost a race" : null)
                    .pass(Feed.SECOND.id())
                    .bye(2);
            return Feed.STOPPED;
        };
    }

    /** One of two that share the tests of a kernel. */
    private static Guest shard(int number, SuiteHost host) {
        return new Guest("7.3.4", Feed.SETUP.inShard(new Shard(number, 2)), host, Repetition.ONCE);
    }

    @Test
    void guestsShareTheTestsOfAKernel() throws IOException {
        var asked = new ConcurrentLinkedQueue<String>();
        SuiteHost second = (options, limits, observer) -> {
            asked.add(options.shard().word());
            Feed.to(observer).hello().plan(Feed.SECOND).pass(Feed.SECOND.id()).bye(1);
            return Feed.STOPPED;
        };
        assertThat(runAll(2, shard(1, SessionTest::pass), shard(2, second))).isEqualTo(ExitCode.PASS);
        assertThat(asked).containsExactly("2/2");
        JsonNode all = summary().at("/kernels");
        assertThat(all.size()).isEqualTo(1);
        assertThat(all.at("/0/tests").valueStream().map(t -> t.at("/id").asString()))
                .containsExactly(Feed.FIRST.id(), Feed.SECOND.id());
        assertThat(out.resolve("7.3.4-shard-1-of-2/console.log")).exists();
        assertThat(out.resolve("7.3.4-shard-2-of-2/summary.json")).exists();
        String ktap = Files.readString(out.resolve("results.ktap"));
        assertThat(ktap).startsWith("KTAP version 1\n1..1\n").contains("\nok 1 7.3.4\n");
        assertThat(results.toString(StandardCharsets.UTF_8)).isEqualTo(ktap);
        assertThat(screen.toString(StandardCharsets.UTF_8)).contains("PASS     2 passed   ");
        JsonNode live = summary();
        assertThat(Main.run("report", out.toString())).isZero();
        assertThat(summary()).isEqualTo(live);
    }

    @Test
    void aGuestThatDiesTakesNoTestOfTheOther() throws IOException {
        assertThat(runAll(2, shard(1, SessionTest::fail), shard(2, SessionTest::absent)))
                .isEqualTo(ExitCode.FAIL);
        assertThat(summary().at("/kernels/0/tests/0/status").asString()).isEqualTo("fail");
        assertThat(summary().at("/kernels/0/reasons").toString()).contains("shard 2/2: no kernel for debian:9.9");
    }

    @Test
    void repeatsSayWhichTestsAreFlaky() throws IOException {
        assertThat(repeat(failingIn(2), "--repeat", "3")).isEqualTo(ExitCode.FAIL);
        JsonNode all = summary().at("/kernels/0");
        assertThat(all.at("/verdict").asString()).isEqualTo("fail");
        assertThat(all.at("/repeats")
                        .valueStream()
                        .map(r -> r.at("/directory").asString() + " "
                                + r.at("/verdict").asString()))
                .containsExactly("7.3.4-repeat-1 pass", "7.3.4-repeat-2 fail", "7.3.4-repeat-3 pass");
        assertThat(all.at("/repeats")
                        .valueStream()
                        .map(r -> r.at("/seed").asLong())
                        .distinct())
                .hasSize(3)
                .startsWith(42L);
        assertThat(all.at("/flakes").valueStream().map(JsonNode::asString)).containsExactly("Port.noBuffers");
        assertThat(all.at("/tests/0/repeats").toString()).isEqualTo("{\"pass\":2,\"fail\":1}");
        assertThat(all.at("/tests/1/repeats").toString()).isEqualTo("{\"pass\":3}");
        // The seed is that of the run that failed.
        long seed = all.at("/repeats/1/seed").asLong();
        assertThat(out.resolve("junit.xml")).content().contains("--tests Port.noBuffers --seed " + seed);
        for (int i = 1; i <= 3; i++) {
            Path own = out.resolve("7.3.4-repeat-" + i);
            assertThat(own.resolve("summary.json")).exists();
            assertThat(own.resolve("report/index.html")).exists();
        }
        String ktap = Files.readString(out.resolve("results.ktap"));
        assertThat(ktap)
                .startsWith("KTAP version 1\n1..4\n  KTAP version 1\n  # Subtest: 7.3.4-repeat-1\n  1..3\n")
                .contains("\nok 1 7.3.4-repeat-1\n")
                .contains("\nnot ok 2 7.3.4-repeat-2\n")
                .contains("\n# flake: Port.noBuffers pass 2, fail 1 (repeat 2)\nnot ok 4 7.3.4\n")
                .endsWith("\n# verdict: fail, 1 kernel\n");
        assertThat(results.toString(StandardCharsets.UTF_8)).isEqualTo(ktap);
        assertThat(out.resolve("report/matrix.html"))
                .content()
                .contains("1 flakes: tests that came out differently")
                .contains("href=\"../7.3.4-repeat-2/report/index.html\"");
        assertThat(screen.toString(StandardCharsets.UTF_8))
                .contains("FLAKE    Port.noBuffers  pass 2, fail 1 (repeat 2)")
                .contains("FAIL     3 repeats: 2 passed, 1 failed; 1 flake   ");
        JsonNode live = summary();
        assertThat(Main.run("report", out.toString())).isEqualTo(1);
        assertThat(summary()).isEqualTo(live);
        assertThat(out.resolve("results.ktap")).content().isEqualTo(ktap);
    }

    @Test
    void repeatsEndWithTheFirstThatDoesNotPass() throws IOException {
        assertThat(repeat(failingIn(2), "--until-fail", "--seed", "42")).isEqualTo(ExitCode.FAIL);
        assertThat(summary()
                        .at("/kernels/0/repeats")
                        .valueStream()
                        .map(r -> r.at("/seed").asLong()))
                .containsExactly(42L, 42L);
        // How many there are going to be is not known before.
        assertThat(results.toString(StandardCharsets.UTF_8)).startsWith("KTAP version 1\n  KTAP version 1\n");
        assertThat(out.resolve("results.ktap")).content().startsWith("KTAP version 1\n1..3\n");
    }

    @Test
    void aKilledRunnerLeavesWhatHadEnded() throws IOException {
        var runs = new AtomicInteger();
        var thrice = new Repetition(3, false, true);
        SuiteHost host = (options, limits, observer) -> {
            if (runs.incrementAndGet() == 2) {
                // What whoever is killed now would leave.
                copy(out, temp.resolve("killed"));
            }
            return pass(options, limits, observer);
        };
        runAll(1, new Guest("7.3.4", Feed.SETUP, host, thrice), guest("7.2.12", SessionTest::pass));
        out = temp.resolve("killed");
        assertThat(Main.run("report", out.toString())).isEqualTo(125);
        assertThat(summary()
                        .at("/kernels/0/repeats")
                        .valueStream()
                        .map(r -> r.at("/verdict").asString()))
                .containsExactly("pass", "error");
        assertThat(summary().at("/kernels/0/tests/0/repeats").toString()).isEqualTo("{\"pass\":1}");
        assertThat(summary().at("/kernels/0/reasons").toString()).contains("2 of 3 repeats were run");
        assertThat(summary().at("/kernels/1/reasons/0").asString())
                .isEqualTo("the runner itself was killed before this began");

        MatrixDirectory.of(out).add("7.3.4", thrice, Feed.SETUP);
        assertThat(Main.run("report", out.toString())).isEqualTo(125);
        assertThat(summary().at("/kernels/0/repeats").size()).isEqualTo(2);
    }

    private static void copy(Path from, Path to) {
        try (Stream<Path> files = Files.walk(from)) {
            for (Path file : (Iterable<Path>) files::iterator) {
                Files.copy(file, to.resolve(from.relativize(file).toString()));
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    @Test
    void severalKernelsGiveOneReport() throws IOException {
        ExitCode code = runAll(
                2,
                guest("6.12.107", SessionTest::lack),
                guest("7.2.12", SessionTest::pass),
                guest("9.9", SessionTest::absent),
                guest("7.3.4", SessionTest::fail));
        assertThat(code).isEqualTo(ExitCode.FAIL);
        assertThat(summary().at("/verdict").asString()).isEqualTo("fail");
        assertThat(summary()
                        .at("/kernels")
                        .valueStream()
                        .map(k -> k.at("/label").asString() + " "
                                + k.at("/verdict").asString()))
                .containsExactly("6.12.107 skip", "7.2.12 pass", "9.9 error", "7.3.4 fail");
        assertThat(out.resolve("results.ktap"))
                .content()
                .startsWith(
                        "KTAP version 1\n1..4\n  KTAP version 1\n  # Subtest: 6.12.107\n  1..0 # SKIP no io_uring query\n")
                .contains("\nok 1 6.12.107 # SKIP no io_uring query\n")
                .contains(
                        "\n  ok 1 Port.noBuffers\n  ok 2 zcrx.run\n  # verdict: pass, kernel 7.3.4+deb13-amd64\nok 2 7.2.12\n")
                .contains("\nnot ok 3 9.9\n")
                .endsWith("\nnot ok 4 7.3.4\n# verdict: fail, 4 kernels\n");
        assertThat(out.resolve("junit.xml")).content().contains("classname=\"zcrx.7_2_12.Port\"");
        for (String label : List.of("6.12.107", "7.2.12", "9.9", "7.3.4")) {
            assertThat(out.resolve(label).resolve("summary.json")).exists();
            assertThat(out.resolve(label).resolve("report/index.html")).exists();
        }
        assertThat(out.resolve("report/index.html")).exists();
        assertThat(screen.toString(StandardCharsets.UTF_8))
                .contains("SKIP     6.12.107  nothing was tested: no io_uring query")
                .contains("PASS     7.2.12  1 passed")
                .contains("ERROR    9.9  ")
                .contains("FAIL     7.3.4  1 failed")
                .contains("FAIL     4 kernels: 1 passed, 1 failed, 1 skipped, 1 could not be tested");
        JsonNode live = summary();
        assertThat(Main.run("report", out.toString())).isEqualTo(1);
        assertThat(summary()).isEqualTo(live);
    }

    /** Dies in the second test of three, or runs what is left. */
    private static Ending dieOnce(SuiteOptions options, Limits limits, SuiteHost.Observer observer) {
        if (options.after().isEmpty()) {
            Feed.to(observer)
                    .hello()
                    .plan(Feed.FIRST, Feed.SECOND, Feed.THIRD)
                    .pass(Feed.FIRST.id())
                    .start(Feed.SECOND.id())
                    .log("[    4.0] Kernel panic - not syncing: sysrq triggered crash");
        } else {
            assertThat(options.after()).isEqualTo(Feed.SECOND.id());
            Feed.to(observer).hello().plan(Feed.THIRD).pass(Feed.THIRD.id()).bye(1);
        }
        return Feed.STOPPED;
    }

    @Test
    void whatADeathLeavesRunsInAFreshGuest() throws IOException {
        assertThat(run(SessionTest::dieOnce)).isEqualTo(ExitCode.FAIL);
        assertThat(summary().at("/tests").valueStream().map(t -> t.at("/status").asString()))
                .containsExactly("pass", "fail", "pass");
        assertThat(summary().at("/notes/0").asString())
                .isEqualTo("Arm.notFired was the last of its guest: the 1 tests behind it ran in a fresh one");
        assertThat(results.toString(StandardCharsets.UTF_8))
                .containsOnlyOnce("1..4")
                .contains("not ok 2 Arm.notFired\n")
                .contains("ok 3 Counters.bytes\n")
                .contains("#   Arm.notFired was the last of its guest");
        assertThat(out.resolve("events-2.jsonl")).isNotEmptyFile();
        assertThat(out.resolve("console-2.log")).isNotEmptyFile();
        JsonNode live = summary();
        assertThat(Main.run("report", out.toString())).isEqualTo(1);
        assertThat(summary()).isEqualTo(live);
    }

    @Test
    void aFreshGuestHasWhatIsLeftOfTheTime() throws IOException {
        Duration taken = Duration.ofMillis(1);
        var given = new ArrayList<Limits>();
        ExitCode code = run(
                (options, limits, observer) -> {
                    long began = System.nanoTime();
                    given.add(limits);
                    dieOnce(options, limits, observer);
                    while (System.nanoTime() - began < taken.toNanos()) {
                        Thread.onSpinWait();
                    }
                    return options.after().isEmpty() ? limits.ending(Ending.Kind.HUNG) : Feed.STOPPED;
                },
                "--timeout",
                "1h",
                "--test-timeout",
                "45s");
        assertThat(code).isEqualTo(ExitCode.FAIL);
        assertThat(given).hasSize(2);
        assertThat(given.getFirst()).isEqualTo(new Limits(Duration.ofHours(1), Duration.ofSeconds(45)));
        assertThat(given.getLast().whole())
                .isLessThanOrEqualTo(Duration.ofHours(1).minus(taken));
        assertThat(given.getLast().silence()).hasSeconds(45);
        assertThat(summary().at("/tests").valueStream().map(t -> t.at("/status").asString()))
                .containsExactly("pass", "fail", "pass");
        JsonNode live = summary();
        assertThat(Main.run("report", out.toString())).isEqualTo(1);
        assertThat(summary()).isEqualTo(live);
    }

    @Test
    void aFreshGuestThatDiesTooIsTheLast() throws IOException {
        var guests = new AtomicInteger();
        run((options, limits, observer) -> {
            guests.incrementAndGet();
            List<ResultEvent.PlannedTest> plan = options.after().isEmpty()
                    ? List.of(Feed.FIRST, Feed.SECOND, Feed.THIRD)
                    : List.of(Feed.SECOND, Feed.THIRD);
            Feed.to(observer)
                    .hello()
                    .plan(plan.toArray(ResultEvent.PlannedTest[]::new))
                    .start(plan.getFirst().id());
            return Feed.STOPPED;
        });
        assertThat(guests).hasValue(2);
        assertThat(summary().at("/tests").valueStream().map(t -> t.at("/status").asString()))
                .containsExactly("fail", "fail", "not_run");
    }

    @Test
    void aFreshGuestThatRunsSomethingElseIsNoGround() throws IOException {
        run((options, limits, observer) -> {
            Feed.to(observer).hello().plan(Feed.FIRST, Feed.SECOND).start(Feed.FIRST.id());
            return Feed.STOPPED;
        });
        assertThat(summary().at("/reasons").toString()).contains("other tests ran than were left");
    }
}
