// SPDX-License-Identifier: MIT
package zcrx.reports.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.api.parallel.ResourceLock;
import org.junit.jupiter.api.parallel.Resources;
import picocli.CommandLine;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;
import zcrx.conformance.SuiteOptions;
import zcrx.conformance.SuiteOptions.Profile;
import zcrx.conformance.results.ResultEvent;
import zcrx.reports.RunDirectory;
import zcrx.reports.run.ExitCode;
import zcrx.reports.run.Feed;
import zcrx.reports.run.Run;
import zcrx.reports.terminal.Terminal;
import zcrx.vm.CannotTestException;
import zcrx.vm.Ending;
import zcrx.vm.SuiteHost;

@ResourceLock(Resources.SYSTEM_OUT)
@ResourceLock(Resources.SYSTEM_ERR)
class SessionTest {
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

    private ExitCode run(SuiteHost host) {
        var arguments = CommandLine.populateSpec(SuiteArguments.class, "--out", out.toString());
        try (var terminal = new Terminal(new PrintStream(screen, true, StandardCharsets.UTF_8), false, false, 80)) {
            return new Session(arguments, new SuiteOptions(Profile.GATE, 42, List.of()), terminal)
                    .run(host, Feed.SETUP);
        }
    }

    private JsonNode summary() throws IOException {
        return JsonMapper.shared().readTree(Files.readString(out.resolve("summary.json")));
    }

    @Test
    void everythingIsWritten() throws IOException {
        ExitCode code = run((options, timeout, observer) -> {
            Feed.to(observer).hello().plan(Feed.FIRST).pass(Feed.FIRST.id()).bye(1);
            return new Ending(Ending.Kind.STOPPED, "");
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
        run((options, timeout, observer) -> {
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
    void aHostThatCannotStart() throws IOException {
        ExitCode code = run((options, timeout, observer) -> {
            throw new CannotTestException("no QEMU here: install qemu-system-x86");
        });
        assertThat(code).isEqualTo(ExitCode.CANNOT_TEST);
        assertThat(summary().at("/reasons/0").asString()).contains("no QEMU here");
    }

    @Test
    void aFileThatCannotBeWrittenIsNoPass() throws IOException {
        ExitCode code = run((options, timeout, observer) -> {
            Feed.to(observer).hello().plan(Feed.FIRST).pass(Feed.FIRST.id()).bye(1);
            block("junit.xml");
            return new Ending(Ending.Kind.STOPPED, "");
        });
        assertThat(code).isEqualTo(ExitCode.CANNOT_TEST);
        assertThat(screen.toString(StandardCharsets.UTF_8)).contains("the report is not complete");
    }

    @Test
    void aFileThatCannotBeWrittenDoesNotHideAFailure() {
        ExitCode code = run((options, timeout, observer) -> {
            Feed.to(observer)
                    .hello()
                    .plan(Feed.FIRST)
                    .start(Feed.FIRST.id())
                    .end(Feed.FIRST.id(), ResultEvent.Status.FAIL, "wrong")
                    .bye(1);
            block("junit.xml");
            return new Ending(Ending.Kind.STOPPED, "");
        });
        assertThat(code).isEqualTo(ExitCode.FAIL);
    }

    /** A directory in its place cannot be written to, not even by root. */
    private void block(String file) {
        try {
            Files.createDirectory(out.resolve(file));
        } catch (IOException e) {
            throw new java.io.UncheckedIOException(e);
        }
    }
}
