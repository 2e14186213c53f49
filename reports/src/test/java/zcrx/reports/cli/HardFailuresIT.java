// SPDX-License-Identifier: MIT
package zcrx.reports.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/**
 * Each way for a run to go wrong, for real: guests that are lost, guests that lie, a QEMU that is killed, a disk that is
 * full. Boots some thirty guests; {@code ./zcrx test --deaths} runs it. What it saw is a table, one row a run, in
 * {@code reports/target/hard-failures.md}.
 */
class HardFailuresIT {
    private static final Path TABLE = Path.of("target", "hard-failures.md");

    /** Far longer than a boot takes on a busy host. */
    private static final int TIMEOUT = 600;

    /** Time enough for a busy host to reach a test that never ends. */
    private static final int LIMIT = 200;

    /** What may come behind the end of the guest: the reports. */
    private static final int REPORTS = 240;

    @TempDir
    private Path temp;

    private Path out = Path.of("");
    private Path tmp = Path.of("");

    @BeforeEach
    void directories() throws IOException {
        out = temp.resolve("out");
        tmp = Files.createDirectory(temp.resolve("tmp"));
    }

    /** What a guest or its runner leaves would be named after this test's directory of temporary files. */
    @AfterEach
    void nothingIsLeftBehind() throws IOException {
        try (Stream<Path> files = Files.list(tmp)) {
            assertThat(files.filter(f -> !f.toString().contains("hsperf"))).isEmpty();
        }
        assertThat(ProcessHandle.allProcesses()
                        .map(p -> p.info().commandLine().orElse(""))
                        .filter(line -> line.contains(tmp.toString())))
                .isEmpty();
    }

    /** How a run ended. */
    private record Outcome(int status, String stdout, String stderr, long seconds) {}

    /** A run that goes on. */
    private final class Running {
        private final Process process;
        private final Path stdout;
        private final Path stderr;
        private final long began = System.nanoTime();

        Running(List<String> before, Map<String, String> environment, List<String> words) throws IOException {
            var command = new ArrayList<>(before);
            command.addAll(List.of(
                    Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                    "-XX:TieredStopAtLevel=1",
                    "-Djava.io.tmpdir=" + tmp,
                    "-Dzcrx.home=" + System.getProperty("zcrx.home"),
                    "-Dslf4j.internal.verbosity=ERROR",
                    "--enable-native-access=ALL-UNNAMED",
                    "--sun-misc-unsafe-memory-access=allow",
                    "-cp",
                    System.getProperty("surefire.test.class.path", System.getProperty("java.class.path")),
                    Main.class.getName()));
            command.addAll(words);
            stdout = Files.createTempFile(temp, "stdout", "");
            stderr = Files.createTempFile(temp, "stderr", "");
            var builder =
                    new ProcessBuilder(command).redirectOutput(stdout.toFile()).redirectError(stderr.toFile());
            builder.environment().putAll(environment);
            process = builder.start();
        }

        Outcome end(int within) throws IOException, InterruptedException {
            boolean ended = process.waitFor(within, TimeUnit.SECONDS);
            if (!ended) {
                process.descendants().forEach(ProcessHandle::destroyForcibly);
                process.destroyForcibly().waitFor();
            }
            assertThat(ended).as("ends within %s s", within).isTrue();
            return new Outcome(
                    process.exitValue(),
                    Files.readString(stdout, StandardCharsets.UTF_8),
                    Files.readString(stderr, StandardCharsets.UTF_8),
                    TimeUnit.NANOSECONDS.toSeconds(System.nanoTime() - began));
        }

        /** Waits until the suite has said that a test started. */
        void reach(String id) throws IOException, InterruptedException {
            Path events = out.resolve("events.jsonl");
            while (!Files.exists(events)
                    || !Files.readString(events).contains("{\"event\":\"start\",\"id\":\"" + id + "\"}")) {
                assertThat(process.isAlive()).as("reaches " + id).isTrue();
                TimeUnit.MILLISECONDS.sleep(100);
            }
        }

        void signal(String name) throws IOException, InterruptedException {
            HardFailuresIT.signal(name, process.toHandle());
        }

        ProcessHandle qemu() {
            return process.descendants()
                    .filter(p -> p.info().command().orElse("").endsWith("qemu-system-x86_64"))
                    .findFirst()
                    .orElseThrow();
        }
    }

    private static void signal(String name, ProcessHandle to) throws IOException, InterruptedException {
        assertThat(new ProcessBuilder("kill", "-" + name, Long.toString(to.pid()))
                        .start()
                        .waitFor())
                .isZero();
    }

    private List<String> words(String... tests) {
        var words = new ArrayList<>(List.of("vm", "--profile", "deaths", "--data-path", "nodev", "--timeout"));
        words.addAll(List.of(TIMEOUT + "s", "--out", out.toString()));
        for (String test : tests) {
            words.addAll(List.of("--tests", "Deaths." + test));
        }
        return words;
    }

    private Running start(String... tests) throws IOException {
        return new Running(List.of(), Map.of(), words(tests));
    }

    private Outcome run(String... tests) throws IOException, InterruptedException {
        return start(tests).end(TIMEOUT + REPORTS);
    }

    private JsonNode summary() throws IOException {
        return JsonMapper.shared().readTree(Files.readString(out.resolve("summary.json")));
    }

    private List<String> statuses() throws IOException {
        return summary()
                .at("/tests")
                .valueStream()
                .map(t -> t.at("/id").asString().replace("Deaths.", "") + " "
                        + t.at("/status").asString())
                .toList();
    }

    private String message(String test) throws IOException {
        return summary()
                .at("/tests")
                .valueStream()
                .filter(t -> t.at("/id").asString().equals("Deaths." + test))
                .map(t -> t.at("/message").asString())
                .findFirst()
                .orElseThrow();
    }

    /** Every report is there, and they agree. */
    private void assertComplete(Outcome outcome, int exitCode) throws IOException {
        assertThat(outcome.status()).as(outcome.stderr()).isEqualTo(exitCode);
        assertThat(summary().at("/exit_code").asInt()).isEqualTo(exitCode);
        assertThat(outcome.stdout()).isEqualTo(Files.readString(out.resolve("results.ktap")));
        for (String file : List.of("junit.xml", "report/index.html", "report/matrix.html", "console.log")) {
            assertThat(out.resolve(file)).isNotEmptyFile();
        }
        List<String> ids = summary()
                .at("/tests")
                .valueStream()
                .map(t -> t.at("/id").asString())
                .toList();
        assertThat(ids).doesNotHaveDuplicates();
        assertThat(outcome.stderr().lines()).noneMatch(l -> l.contains("Exception") || l.contains("bug of zcrx"));
    }

    private void row(String what, Outcome outcome) throws IOException {
        String said = Files.exists(out.resolve("summary.json"))
                ? summary().at("/verdict").asString() + " | " + outcome.status() + " | " + String.join(", ", statuses())
                : "error | " + outcome.status() + " | "
                        + outcome.stderr().lines().reduce("", (_, last) -> last).strip();
        Files.createDirectories(TABLE.toAbsolutePath().getParent());
        Files.writeString(
                TABLE,
                String.format(Locale.ROOT, "| %s | %s | %d s |%n", what, said, outcome.seconds()),
                StandardOpenOption.CREATE,
                StandardOpenOption.APPEND);
    }

    @Test
    void whatAGuestSurvivesFailsItsTestAlone() throws Exception {
        Outcome outcome = run("before", "warn", "lockup", "hang", "clock", "oops", "after");
        row("WARN, oops, soft lockup, hung task, clock jumps; the guest lives", outcome);
        assertComplete(outcome, 1);
        assertThat(statuses())
                .containsExactly(
                        "before pass",
                        "warn fail",
                        "lockup fail",
                        "hang fail",
                        "clock pass",
                        "oops fail",
                        "after pass");
        assertThat(message("warn")).contains("WARNING: ").contains("fingerprint warning:deaths_set<");
        assertThat(message("oops")).contains("NULL pointer dereference").contains("fingerprint oops:deaths_set<");
        assertThat(message("lockup")).contains("soft lockup");
        assertThat(message("hang")).contains("blocked for more than").contains("fingerprint hung_task:deaths_set<");
        assertThat(summary()
                        .at("/tests")
                        .valueStream()
                        .map(t -> t.at("/duration_ms").asLong()))
                .allSatisfy(ms -> assertThat(ms).isBetween(0L, TIMEOUT * 1000L));
        assertThat(summary().at("/notes")).isEmpty();
    }

    @ParameterizedTest
    @CsvSource({
        "crash, fail, sysrq triggered crash",
        "segfault, fail, killed by signal 6 (SIGABRT)",
        "exit, broken, ended early with status 3",
        "javaOutOfMemory, broken, ended early with status 3",
        "outOfMemory, broken, oom-killer",
    })
    void whatADeathLeavesRunsInAFreshGuest(String death, String status, String says) throws Exception {
        Outcome outcome = run("before", death, "after");
        row(death, outcome);
        assertComplete(outcome, 1);
        assertThat(statuses()).containsExactly("before pass", death + " " + status, "after pass");
        assertThat(message(death).replace(",", "")).contains(says);
        assertThat(summary().at("/notes/0").asString()).contains("ran in a fresh one");
    }

    @ParameterizedTest
    @ValueSource(strings = {"spin", "block"})
    void nothingHangsPastItsTime(String test) throws Exception {
        List<String> words = words("before", test, "after");
        words.set(words.indexOf(TIMEOUT + "s"), LIMIT + "s");
        words.addAll(List.of("--test-timeout", LIMIT + "s"));
        Outcome outcome = new Running(List.of(), Map.of(), words).end(LIMIT + REPORTS);
        row(test + ", --timeout " + LIMIT + "s", outcome);
        assertComplete(outcome, 1);
        assertThat(statuses()).containsExactly("before pass", test + " fail", "after not_run");
        assertThat(message(test)).contains("no end within the time limit");
        assertThat(summary().at("/duration_ms").asLong()).isBetween(LIMIT * 1000L, LIMIT * 1000L + 5000);
    }

    /** A busy host stretches the time that counts, so that the whole is not limited here. */
    private Outcome run(int testTimeout, String... tests) throws IOException, InterruptedException {
        List<String> words = words(tests);
        words.set(words.indexOf(TIMEOUT + "s"), "1h");
        words.addAll(List.of("--test-timeout", testTimeout + "s"));
        return new Running(List.of(), Map.of(), words).end(3600 + REPORTS);
    }

    private void assertHung(Outcome outcome, String test, int testTimeout) throws IOException {
        row(test + ", --test-timeout " + testTimeout + "s", outcome);
        assertComplete(outcome, 1);
        assertThat(statuses()).containsExactly("before pass", test + " fail", "after pass");
        assertThat(message(test)).contains("hung: no system call and no result for " + testTimeout + " s");
        assertThat(summary().at("/notes/0").asString()).contains("ran in a fresh one");
    }

    @Test
    void whoSpinsForEverIsFoundBefore() throws Exception {
        assertHung(run(20, "before", "spin", "after"), "spin", 20);
    }

    @Test
    void whoIsBlockedIsFoundBeforeAndToldWhere() throws Exception {
        assertHung(run(80, "before", "block", "after"), "block", 80);
        assertThat(Files.readString(out.resolve("console.log")))
                .contains("zcrx: no system call for 60 s", "zcrx.conformance.cases.Deaths.block")
                .contains("sysrq: Show Blocked State", "deaths_set+0x");
    }

    @Test
    void aTestThatTakesLongIsNotStuck() throws Exception {
        Outcome outcome = run(20, "before", "slow", "after");
        row("a test takes 45 s and is not stuck, --test-timeout 20s", outcome);
        assertComplete(outcome, 0);
        assertThat(statuses()).containsExactly("before pass", "slow pass", "after pass");
    }

    @Test
    void aGuestThatStandsStill() throws Exception {
        List<String> words = words("before", "spin", "after");
        words.addAll(List.of("--test-timeout", "20s"));
        Running running = new Running(List.of(), Map.of(), words);
        running.reach("Deaths.spin");
        signal("STOP", running.qemu());
        Outcome outcome = running.end(TIMEOUT + REPORTS);
        row("QEMU stands still, --test-timeout 20s", outcome);
        assertComplete(outcome, 1);
        assertThat(statuses()).containsExactly("before pass", "spin fail", "after pass");
    }

    @Test
    void aKernelThatPanicsAtBootWasNotTested() throws Exception {
        List<String> words = words("before");
        words.addAll(List.of("--append", "rdinit=/nowhere"));
        Outcome outcome = new Running(List.of(), Map.of(), words).end(TIMEOUT + REPORTS);
        row("panic at boot", outcome);
        assertComplete(outcome, 125);
        assertThat(summary().at("/reasons/0").asString())
                .contains("the suite was never reached")
                .contains("Kernel panic");
    }

    @Test
    void aQemuThatIsKilled() throws Exception {
        Running running = start("before", "spin", "after");
        running.reach("Deaths.spin");
        running.qemu().destroyForcibly();
        Outcome outcome = running.end(TIMEOUT + REPORTS);
        row("QEMU killed", outcome);
        assertComplete(outcome, 1);
        assertThat(statuses()).containsExactly("before pass", "spin fail", "after pass");
        assertThat(message("spin")).contains("QEMU was killed by SIGKILL");
    }

    @ParameterizedTest
    @ValueSource(strings = {"INT", "TERM"})
    void aSignalTwice(String name) throws Exception {
        Running running = new Running(
                // Whoever runs this in the background of a script has had SIGINT ignored.
                List.of("env", "--default-signal=INT"), Map.of(), words("before", "spin", "after"));
        running.reach("Deaths.spin");
        running.signal(name);
        running.signal(name);
        Outcome outcome = running.end(REPORTS);
        row("SIG" + name + " twice", outcome);
        assertComplete(outcome, 125);
        assertThat(statuses()).containsExactly("before pass", "spin not_run", "after not_run");
        assertThat(summary().at("/reasons").toString()).contains("stopped by the user");
    }

    private Running repeating(String... options) throws IOException {
        List<String> words = words("before");
        words.addAll(List.of(options));
        return new Running(List.of("env", "--default-signal=INT"), Map.of(), words);
    }

    @ParameterizedTest
    @ValueSource(strings = {"INT", "TERM"})
    void aSignalAmongRepeats(String name) throws Exception {
        Running running = repeating("--until-fail");
        String second = "-repeat-2";
        while (running.process.isAlive() && directory(second).isEmpty()) {
            TimeUnit.MILLISECONDS.sleep(100);
        }
        running.signal(name);
        Outcome outcome = running.end(REPORTS);
        row("SIG" + name + " in the second of --until-fail", outcome);
        assertThat(outcome.status()).as(outcome.stderr()).isEqualTo(125);
        JsonNode all = summary().at("/kernels/0");
        assertThat(repeats()).containsExactly("pass", "error");
        assertThat(all.at("/tests/0/repeats/pass").asInt()).isEqualTo(1);
        assertThat(all.at("/reasons").toString()).contains("repeat 2: stopped by the user");
        assertThat(directory(second).orElseThrow().resolve("report/index.html")).isNotEmptyFile();
        assertThat(out.resolve("report/matrix.html")).isNotEmptyFile();
    }

    @Test
    void aSignalBetweenRepeats() throws Exception {
        Running running = repeating("--repeat", "3");
        awaitReportOfFirst(running);
        running.signal("TERM");
        Outcome outcome = running.end(REPORTS);
        row("SIGTERM behind the first of --repeat 3", outcome);
        assertThat(outcome.status()).as(outcome.stderr()).isEqualTo(125);
        assertThat(repeats()).startsWith("pass").doesNotContain("fail");
        assertThat(summary().at("/kernels/0/reasons").toString()).contains(" of 3 repeats were run");
        // What was announced before it was known how many there would be.
        assertThat(outcome.stdout()).startsWith("KTAP version 1\n1..4\n");
        assertThat(outcome.stdout().replace("\n1..4\n", "\n1.." + (1 + repeats().size()) + "\n"))
                .isEqualTo(Files.readString(out.resolve("results.ktap")));
    }

    @Test
    void aRunnerThatIsKilledBetweenRepeats() throws Exception {
        Running running = repeating("--repeat", "3");
        awaitReportOfFirst(running);
        running.process.destroyForcibly().waitFor();
        // Nobody was left to remove them.
        try (Stream<Path> files = Files.list(tmp)) {
            for (Path file : files.filter(Files::isRegularFile).toList()) {
                Files.delete(file);
            }
        }
        Outcome outcome = new Running(List.of(), Map.of(), List.of("report", out.toString())).end(REPORTS);
        row("the runner killed behind the first of --repeat 3, then ./zcrx report", outcome);
        assertThat(outcome.status()).as(outcome.stderr()).isEqualTo(125);
        assertThat(repeats()).startsWith("pass").doesNotContain("fail");
        assertThat(summary().at("/kernels/0/reasons").toString()).contains(" of 3 repeats were run");
        assertThat(out.resolve("report/matrix.html")).isNotEmptyFile();
    }

    /** The first has ended then, and the second has not begun. */
    private void awaitReportOfFirst(Running running) throws IOException, InterruptedException {
        while (directory("-repeat-1")
                .filter(first -> Files.exists(first.resolve("summary.json")))
                .isEmpty()) {
            assertThat(running.process.isAlive()).as("reports the first").isTrue();
            TimeUnit.MILLISECONDS.sleep(50);
        }
    }

    private List<String> repeats() throws IOException {
        return summary()
                .at("/kernels/0/repeats")
                .valueStream()
                .map(r -> r.at("/verdict").asString())
                .toList();
    }

    private Optional<Path> directory(String ending) throws IOException {
        if (!Files.exists(out)) {
            return Optional.empty();
        }
        try (Stream<Path> all = Files.list(out)) {
            return all.filter(path -> path.toString().endsWith(ending)).findFirst();
        }
    }

    /** No programs but those that fetch a kernel and start a guest, and in place of QEMU a script, if there is one. */
    private Map<String, String> withQemu(@Nullable String script) throws IOException {
        Path bin = Files.createDirectory(temp.resolve("bin"));
        for (String program : List.of("setpriv", "setsid", "env", "apt-get", "apt-config", "apt-cache")) {
            program(bin, program, "#!/bin/sh\nexec /usr/bin/" + program + " \"$@\"\n");
        }
        if (script != null) {
            program(bin, "qemu-system-x86_64", script);
        }
        return Map.of("PATH", bin.toString());
    }

    private static void program(Path bin, String name, String script) throws IOException {
        Path file = Files.writeString(bin.resolve(name), script);
        assertThat(file.toFile().setExecutable(true)).isTrue();
    }

    @Test
    void noQemu() throws Exception {
        Outcome outcome = new Running(List.of(), withQemu(null), words("before")).end(REPORTS);
        row("no QEMU", outcome);
        assertThat(outcome.status()).isEqualTo(125);
        assertThat(outcome.stderr()).endsWith("zcrx: no QEMU here: install qemu-system-x86\n");
        assertThat(out).doesNotExist();
    }

    @Test
    void aQemuThatRefusesItsArguments() throws Exception {
        Outcome outcome = new Running(List.of(), withQemu("""
                                #!/bin/sh
                                [ "$1" = --version ] && exec /usr/bin/qemu-system-x86_64 --version
                                exec /usr/bin/qemu-system-x86_64 -no-such-option "$@"
                                """), words("before")).end(TIMEOUT + REPORTS);
        row("QEMU refuses its arguments", outcome);
        assertThat(outcome.status()).isEqualTo(125);
        assertThat(summary().at("/reasons/0").asString()).contains("no-such-option");
    }

    @Test
    void aDiskThatIsFull() throws Exception {
        Files.createDirectory(out);
        List<String> onSmallDisk = List.of(
                "unshare",
                "--map-root-user",
                "--mount",
                "sh",
                "-c",
                "mount -t tmpfs -o size=32k tmpfs \"$0\" && exec \"$@\"",
                out.toString());
        Outcome outcome = new Running(onSmallDisk, Map.of(), words("before", "after")).end(TIMEOUT + REPORTS);
        row("disk full", outcome);
        assertThat(outcome.status()).isEqualTo(125);
        assertThat(outcome.stderr())
                .contains("the run could not be recorded whole")
                .contains("No space left on device")
                .contains("the report is not complete")
                .doesNotContain("Exception");
    }

    /** No word of a guest's is obeyed by whoever shows it, and no result is believed that cannot be. */
    @Test
    void aGuestThatLies() throws Exception {
        Outcome outcome = run("before", "lie", "log", "after");
        row("garbage and forged results", outcome);
        assertComplete(outcome, 125);
        assertThat(statuses()).startsWith("before pass").noneMatch(s -> s.endsWith(" fail"));
        assertThat(summary().at("/reasons").toString()).contains("is no result").contains("contradicts the rest");
        assertThat(outcome.stdout() + outcome.stderr())
                .matches(text -> text.chars().noneMatch(c -> (c < ' ' && c != '\n') || (c >= 0x7f && c < 0xa0)))
                .doesNotContain("\u202e");
        for (String page : List.of("index.html", "matrix.html")) {
            assertThat(out.resolve("report").resolve(page))
                    .content()
                    .doesNotContain("<script>alert(1)")
                    .doesNotContain("<img src=x onerror");
        }
        try (Stream<Path> files = Files.walk(out)) {
            for (Path file : files.filter(f -> f.toString().matches(".*[.](json|xml|ktap)"))
                    .toList()) {
                assertThat(Files.readString(file)).doesNotContain("\u001b").doesNotContain("\u202e");
            }
        }
        assertThat(Path.of("/tmp/owned")).doesNotExist();
    }

    @Test
    void runsAtTheSameTimeDoNotDisturbEachOther() throws Exception {
        Running first = start("before", "after");
        Path ofFirst = out;
        out = temp.resolve("other");
        Running second = start("before", "crash", "after");
        Outcome crashed = second.end(TIMEOUT + REPORTS);
        row("beside another run: crash", crashed);
        assertThat(statuses()).containsExactly("before pass", "crash fail", "after pass");
        out = ofFirst;
        Outcome passed = first.end(TIMEOUT + REPORTS);
        row("beside another run: none", passed);
        assertComplete(passed, 0);
        assertThat(statuses()).containsExactly("before pass", "after pass");
    }
}
