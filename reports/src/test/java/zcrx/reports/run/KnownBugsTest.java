// SPDX-License-Identifier: MIT
package zcrx.reports.run;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Test;
import zcrx.conformance.results.ResultEvent;
import zcrx.conformance.results.ResultWriter;

class KnownBugsTest {
    private static final KnownBugs.Bug BUG =
            new KnownBugs.Bug("ARM-003", "7.2", "7.3.5", "It hangs.", "fixed in 7.3.5");

    private final KnownBugs bugs = new KnownBugs(List.of(BUG));

    @Test
    void aBugIsThereFromOneReleaseToBeforeAnother() {
        for (String release : List.of("7.2.0-rc4", "7.2", "7.2.9+deb13-amd64", "7.3.4", "7.3-rc1")) {
            assertThat(bugs.find(release, List.of("ARM-001", "ARM-003")))
                    .as(release)
                    .contains(BUG);
        }
        for (String release : List.of("7.1.13", "7.3.5", "7.3.10", "7.10", "8.0", "", "x", "7.99999999999.1")) {
            assertThat(bugs.find(release, List.of("ARM-003"))).as(release).isEmpty();
        }
        assertThat(bugs.find("7.2", List.of("ARM-001"))).isEmpty();
    }

    @Test
    void theFileNamesRulesThatAreInTheCatalogue() throws IOException {
        var catalogue = Catalogue.read(Path.of(".."));
        assertThat(KnownBugs.read(Path.of("..")).bugs())
                .isNotEmpty()
                .allSatisfy(bug -> assertThat(catalogue.rules()).containsKey(bug.rule()));
    }

    private Run run(ResultEvent.Status status, boolean strict) {
        Setup s = Feed.SETUP;
        var setup = new Setup(
                s.version(),
                s.started(),
                s.command(),
                s.profile(),
                s.tests(),
                s.selection(),
                s.seed(),
                s.kernel(),
                s.origin(),
                s.host(),
                strict,
                List.of(),
                List.of(),
                s.qemu(),
                s.accelerator());
        var recorder = new RunRecorder(setup, bugs, new RunRecorder.Listener() {});
        var lines = new java.io.ByteArrayOutputStream();
        var writer = new ResultWriter(lines);
        String id = Feed.SECOND.id();
        writer.write(new ResultEvent.Hello(ResultEvent.PROTOCOL, Feed.KERNEL));
        writer.write(new ResultEvent.Plan("gate", 42, List.of(Feed.FIRST, Feed.SECOND)));
        for (var test : List.of(Feed.FIRST, Feed.SECOND)) {
            var outcome = test.equals(Feed.FIRST) ? ResultEvent.Status.PASS : status;
            recorder.kernelLog("zcrx-test: start " + test.id());
            recorder.kernelLog("zcrx-test: end " + test.id());
            writer.write(new ResultEvent.Start(test.id()));
            writer.write(new ResultEvent.End(
                    test.id(), outcome, 1, outcome == ResultEvent.Status.PASS ? null : "returned 0", null));
        }
        writer.write(new ResultEvent.Bye(2));
        writer.write(new ResultEvent.Exit(0));
        lines.toString(java.nio.charset.StandardCharsets.UTF_8).lines().forEach(recorder::result);
        Run run = recorder.finish(Feed.STOPPED, Duration.ofSeconds(1));
        assertThat(run.errors()).isEmpty();
        assertThat(run.tests().getLast().id()).isEqualTo(id);
        return run;
    }

    @Test
    void aKnownFailureIsExpectedAndFailsNothing() {
        Run run = run(ResultEvent.Status.FAIL, false);
        assertThat(run.verdict()).isEqualTo(Verdict.PASS);
        assertThat(run.tests().getLast().status()).isEqualTo(Status.XFAIL);
        assertThat(run.tests().getLast().message()).startsWith("known bug: It hangs. (fixed in 7.3.5)\nreturned 0");
    }

    @Test
    void withStrictItFailsTheRun() {
        assertThat(run(ResultEvent.Status.FAIL, true).verdict()).isEqualTo(Verdict.FAIL);
    }

    @Test
    void aPassWhereAFailureWasKnownIsSaidAndIsNoFailure() {
        Run run = run(ResultEvent.Status.PASS, false);
        assertThat(run.verdict()).isEqualTo(Verdict.PASS);
        assertThat(run.tests().getLast().status()).isEqualTo(Status.PASS);
        assertThat(run.tests().getLast().message()).contains("ARM-003 is known to fail here");
    }

    @Test
    void aTestThatWentWrongIsNotExpected() {
        assertThat(run(ResultEvent.Status.BROKEN, false).verdict()).isEqualTo(Verdict.FAIL);
    }
}
