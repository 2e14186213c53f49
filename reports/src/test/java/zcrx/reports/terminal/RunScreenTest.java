// SPDX-License-Identifier: MIT
package zcrx.reports.terminal;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import zcrx.conformance.results.ResultEvent;
import zcrx.reports.run.Catalogue;
import zcrx.reports.run.Feed;
import zcrx.reports.run.Run;
import zcrx.vm.Ending;
import zcrx.vm.Progress;

class RunScreenTest {
    private static String tail(Run run, boolean coloured) {
        var bytes = new ByteArrayOutputStream();
        try (var terminal = new Terminal(new PrintStream(bytes, true, StandardCharsets.UTF_8), false, coloured, 80)) {
            var rule = new Catalogue.Rule(
                    "a type that has not fired cannot be armed",
                    "observed",
                    "zcrx.c",
                    List.of(),
                    null,
                    new Catalogue.Finding("a document", null, "kernels"));
            new RunScreen(terminal, run.setup(), new Catalogue(Map.of("ARM-003", rule))).tail(run);
        }
        return bytes.toString(StandardCharsets.UTF_8);
    }

    @Test
    void failure() {
        Run run = Feed.planned()
                .pass("Port.noBuffers")
                .start("Arm.notFired")
                .log("[    3.1] hello")
                .event(new ResultEvent.Attachment("Arm.notFired", "steps", "1. arm"))
                .end("Arm.notFired", ResultEvent.Status.FAIL, "returned 0, expected -EINVAL")
                .start("Counters.bytes")
                .end("Counters.bytes", ResultEvent.Status.SKIP, "no NIC")
                .bye(3)
                .finish();
        assertThat(tail(run, false)).isEqualTo("""

                FAIL     Arm.notFired  re-arming a type that has not fired gives EINVAL
                         ARM-003  a type that has not fired cannot be armed
                         ARM-004  (not in the catalogue)
                         returned 0, expected -EINVAL
                         steps that led there
                           1. arm
                         replay   ./zcrx vm --kernel debian:7.3 --tests Arm.notFired --seed 42
                         kernel log
                           [    3.1] hello

                FAIL     1 passed, 1 failed, 1 skipped (no NIC)   9.0 s
                """);
    }

    @Test
    void findings() {
        Run run = Feed.planned()
                .pass("Port.noBuffers")
                .start("Arm.notFired")
                .event(new ResultEvent.Evidence("Arm.notFired", "ARM-003", "kernels", "returned 0"))
                .end("Arm.notFired", ResultEvent.Status.PASS, null)
                .pass("Counters.bytes")
                .bye(3)
                .finish();
        assertThat(tail(run, false)).isEqualTo("""

                findings documents and kernels disagree on 1 rule seen here, see the report: ARM-003
                PASS     3 passed   9.0 s
                """);
    }

    @Test
    void guestThatNeverReachedTheSuite() {
        Run run = new Feed().log("[    1.0] VFS: cannot open root").finish(Ending.Kind.STOPPED, "");
        assertThat(tail(run, false))
                .contains("ERROR    the suite was never reached")
                .contains("           [    1.0] VFS: cannot open root\n")
                .endsWith("ERROR    nothing was tested   9.0 s\n");
    }

    @Test
    void unsupportedKernel() {
        Run run = new Feed()
                .hello()
                .event(new ResultEvent.Unsupported("kernel 6.12 has no io_uring query"))
                .bye(0)
                .finish();
        assertThat(tail(run, false))
                .isEqualTo("\nSKIP     nothing was tested: kernel 6.12 has no io_uring query   9.0 s\n");
    }

    @Test
    void aGuestCannotSpeakToTheTerminal() {
        Run run = Feed.planned()
                .start("Port.noBuffers")
                .log("\u001b[2J\u009b2J\u0007")
                .end("Port.noBuffers", ResultEvent.Status.FAIL, "\u001b]0;owned\u0007\rPASS")
                .finish(Ending.Kind.KILLED, "\u001b[2J");
        assertThat(tail(run, false).chars().filter(c -> (c < ' ' && c != '\n') || (c >= 0x7f && c < 0xa0)))
                .isEmpty();
    }

    @Test
    void coloursKeepTheColumns() {
        Run run = Feed.passed().finish();
        assertThat(tail(run, true)).isEqualTo("\n\033[32mPASS\033[m     3 passed   9.0 s\n");
    }

    @Test
    void withoutATerminalNothingIsDrawnTwice() {
        var bytes = new ByteArrayOutputStream();
        try (var terminal = new Terminal(new PrintStream(bytes, true, StandardCharsets.UTF_8), false, false, 80)) {
            terminal.status(() -> "12/212");
            try (Progress.Task task = terminal.begin("fetching")) {
                task.percent(50);
            }
            terminal.note("a line\nand another");
        }
        assertThat(bytes.toString(StandardCharsets.UTF_8)).isEqualTo("a line · and another\n");
    }

    @Test
    void theLiveLineFitsAndIsErased() {
        var bytes = new ByteArrayOutputStream();
        try (var terminal = new Terminal(new PrintStream(bytes, true, StandardCharsets.UTF_8), true, false, 10)) {
            terminal.status(() -> "0123456789abc");
            terminal.line("permanent");
        }
        assertThat(bytes.toString(StandardCharsets.UTF_8))
                .isEqualTo("\r012345678\033[K" + "\r\033[Kpermanent\n012345678" + "\r\033[K");
    }
}
