// SPDX-License-Identifier: MIT
package zcrx.reports.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.api.parallel.ResourceLock;
import org.junit.jupiter.api.parallel.Resources;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;
import zcrx.reports.run.ExitCode;
import zcrx.vm.BadRequestException;

@ResourceLock(Resources.SYSTEM_OUT)
@ResourceLock(Resources.SYSTEM_ERR)
class MainTest {
    /** What the program ended with and wrote. */
    private record Outcome(int status, String out, String err) {}

    private static Outcome run(String... words) {
        PrintStream out = System.out;
        PrintStream err = System.err;
        var said = new ByteArrayOutputStream();
        var complained = new ByteArrayOutputStream();
        try {
            System.setOut(new PrintStream(said, true, StandardCharsets.UTF_8));
            System.setErr(new PrintStream(complained, true, StandardCharsets.UTF_8));
            int status = Main.run(words);
            return new Outcome(
                    status, said.toString(StandardCharsets.UTF_8), complained.toString(StandardCharsets.UTF_8));
        } finally {
            System.setOut(out);
            System.setErr(err);
        }
    }

    private static void assertOneLine(Outcome outcome, ExitCode code, String says) {
        assertThat(outcome.err()).matches("zcrx: [^\n]+\n").contains(says);
        assertThat(outcome.status()).isEqualTo(code.number());
    }

    @Test
    void withoutWordsThereIsHelpButNoPass() {
        Outcome outcome = run();
        assertThat(outcome.status()).isEqualTo(2);
        assertThat(outcome.out()).contains("Commands:").contains("vm").contains("Exit codes:");
    }

    @ParameterizedTest
    @EnumSource(ExitCode.class)
    void helpTellsEveryExitCode(ExitCode code) {
        assertThat(run("vm", "--help").out()).containsPattern("(?m)^ +" + code.number() + " +\\Q" + code.meaning());
    }

    @ParameterizedTest
    @ValueSource(strings = {"vm", "run", "probe", "report", "compare", "bisect", "doctor", "reproduce", "export"})
    void everyCommandHasHelp(String command) {
        Outcome outcome = run(command, "--help");
        assertThat(outcome.status()).isZero();
        assertThat(outcome.out()).startsWith("Usage: ./zcrx " + command);
    }

    @Test
    void wrongWords() {
        assertOneLine(run("fly"), ExitCode.USAGE, "fly");
        assertOneLine(run("vm", "--speed"), ExitCode.USAGE, "--speed");
        assertOneLine(run("vm", "--seed", "abc"), ExitCode.USAGE, "--seed");
        assertOneLine(run("vm", "--dialect", "none"), ExitCode.USAGE, "--dialect none: unknown; give event or");
        assertOneLine(run("vm", "--profile", "fast"), ExitCode.USAGE, "give gate or full");
        assertOneLine(run("vm", "--timeout", "soon"), ExitCode.USAGE, "such as 90s");
        assertOneLine(run("vm", "--timeout", "0s"), ExitCode.USAGE, "such as 90s");
        assertOneLine(run("vm", "--test-timeout", "1.5"), ExitCode.USAGE, "--test-timeout 1.5: not a time");
        assertOneLine(run("run", "--test-timeout", "9s"), ExitCode.USAGE, "give 10s or more");
        assertOneLine(run("vm", "--data-path", "pigeon"), ExitCode.USAGE, "nodev");
        assertOneLine(run("vm", "--accel", "xen"), ExitCode.USAGE, "--accel");
        assertOneLine(run("vm", "--memory", "lots"), ExitCode.USAGE, "--memory lots");
        assertOneLine(run("vm", "--cpus", "0"), ExitCode.USAGE, "--cpus");
        assertOneLine(run("report"), ExitCode.USAGE, "DIR");
        assertOneLine(run("vm", "--repeat", "0"), ExitCode.USAGE, "--repeat 0: give 1 or more");
        assertOneLine(run("vm", "--repeat", "often"), ExitCode.USAGE, "--repeat");
        assertOneLine(run("vm", "--jobs", "0"), ExitCode.USAGE, "--jobs");
        assertOneLine(run("export", "NoSuch.test"), ExitCode.USAGE, "matches no test");
        assertOneLine(run("vm", "--shard", "5/4"), ExitCode.USAGE, "--shard 5/4: no shard");
        assertOneLine(run("run", "--tests", "Arm.notFired", "--shard", "2/2"), ExitCode.USAGE, "is empty");
        assertOneLine(run("vm", "--shuffle", "well"), ExitCode.USAGE, "--shuffle");
        assertOneLine(run("report", "a", "--kcidb", "My Lab"), ExitCode.USAGE, "small letters");
        assertOneLine(run("report", "a", "--kcidb-build", "mylab:1"), ExitCode.USAGE, "needs --kcidb");
        assertOneLine(run("report", "a", "b"), ExitCode.USAGE, "--merge");
        assertOneLine(run("report", "--merge", "a", "b"), ExitCode.USAGE, "--out");
        assertOneLine(run("report", "a", "--out", "b"), ExitCode.USAGE, "--merge");
    }

    @ParameterizedTest
    @ValueSource(strings = {"NoSuch.test", "[", ""})
    void aPatternThatMatchesNothing(String pattern) {
        assertOneLine(run("vm", "--tests", pattern), ExitCode.USAGE, "matches no test");
    }

    @Test
    void directories(@TempDir Path temp) throws Exception {
        java.nio.file.Files.writeString(temp.resolve("file"), "");
        assertOneLine(run("vm", "--out", temp.toString()), ExitCode.USAGE, "is not empty");
        assertOneLine(run("vm", "--out", temp.resolve("file").toString()), ExitCode.USAGE, "not a directory");
        assertOneLine(run("report", temp.toString()), ExitCode.USAGE, "holds no run");
        assertOneLine(run("report", temp.resolve("none").toString()), ExitCode.USAGE, "holds no run");
        assertOneLine(run("compare", temp.toString(), temp.toString()), ExitCode.USAGE, "holds no run");
        assertOneLine(run("compare", "a", "b", "--format", "xml"), ExitCode.USAGE, "text, json or markdown");
    }

    @Test
    void fingerprints(@TempDir Path temp) throws Exception {
        String absent = temp.resolve("absent").toString();
        assertOneLine(run("vm", "--kernel", absent, "--ignore-splat", absent), ExitCode.USAGE, "absent");
        Path file = java.nio.file.Files.writeString(temp.resolve("known"), "# seen\n\nwarning: io_zcrx_recv\n");
        assertOneLine(
                run("vm", "--kernel", absent, "--ignore-splat", file.toString()), ExitCode.USAGE, "is no fingerprint");
    }

    @Test
    void expectationsAndBaselines(@TempDir Path temp) throws Exception {
        String absent = temp.resolve("absent").toString();
        assertOneLine(run("run", "--expect", absent), ExitCode.USAGE, "--expect");
        assertOneLine(run("run", "--baseline", absent), ExitCode.USAGE, "holds no run");
        Path file = java.nio.file.Files.writeString(
                temp.resolve("known"), "- {test: Arm.never, reason: r, expires: 2027-03-31}\n");
        assertOneLine(run("run", "--expect", file.toString()), ExitCode.USAGE, "there is no test Arm.never");
    }

    @Test
    void theTimeLimitOfKselftest() {
        assertThat(SuiteArguments.defaultTimeout(Map.of())).hasMinutes(10);
        assertThat(SuiteArguments.defaultTimeout(Map.of("KSFT_MACHINE_SLOW", "yes")))
                .hasMinutes(40);
        assertThat(SuiteArguments.defaultTimeout(Map.of("KSFT_MACHINE_SLOW", "no")))
                .hasMinutes(10);
        assertThat(SuiteArguments.defaultTimeout(
                        Map.of("KSFT_MACHINE_SLOW", "yes", "kselftest_override_timeout", "45")))
                .hasSeconds(45);
        assertThat(SuiteArguments.defaultTimeout(Map.of("kselftest_override_timeout", "")))
                .hasMinutes(10);
        assertThat(SuiteArguments.defaultTimeout(Map.of("kselftest_override_timeout", "0")))
                .isGreaterThan(Duration.ofDays(300));
        assertThatThrownBy(() -> SuiteArguments.defaultTimeout(Map.of("kselftest_override_timeout", "long")))
                .isInstanceOf(BadRequestException.class)
                .hasMessageContaining("kselftest_override_timeout=long");
    }

    @Test
    void aKernelThatIsNone(@TempDir Path temp) throws Exception {
        Path file = java.nio.file.Files.writeString(temp.resolve("file"), "no kernel");
        assertThat(run("vm", "--kernel", file.toString()).err()).matches("zcrx: [^\n]+\n");
    }
}
