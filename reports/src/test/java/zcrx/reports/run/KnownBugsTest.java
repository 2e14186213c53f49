// SPDX-License-Identifier: MIT
package zcrx.reports.run;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import zcrx.conformance.results.ResultEvent;

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
        String id = Feed.SECOND.id();
        Run run = new Feed(Feed.setup(strict, List.of(), List.of()), bugs)
                .hello()
                .plan(Feed.FIRST, Feed.SECOND)
                .pass(Feed.FIRST.id())
                .start(id)
                .end(id, status, status == ResultEvent.Status.PASS ? null : "returned 0")
                .bye(2)
                .finish();
        assertThat(run.errors()).isEmpty();
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
