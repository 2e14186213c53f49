// SPDX-License-Identifier: MIT
package zcrx.reports.run;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.LocalDate;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import zcrx.conformance.results.ResultEvent;
import zcrx.conformance.results.ResultEvent.PlannedTest;
import zcrx.vm.BadRequestException;

class ExpectationTest {
    private static final PlannedTest ON_SIMNIC =
            new PlannedTest("Buffers.limit@simnic", "s", "n", List.of("BUF-001"), "simnic");

    /** The day of {@link Feed#SETUP}. */
    private static final LocalDate TODAY = LocalDate.of(2026, 11, 22);

    @TempDir
    private Path temp;

    private List<Expectation> read(String text) throws IOException {
        return Expectation.read(Files.writeString(temp.resolve("known.yaml"), text), List.of(Feed.SECOND, ON_SIMNIC));
    }

    @Test
    void entriesAreOfATestOrARule() throws IOException {
        List<Expectation> read = read("""
                # comment
                - {test: Arm.notFired, reason: to be fixed, expires: 2027-03-31}
                - test: Buffers.limit
                  reason: "not \\e[31mfor us"
                  expires: 2027-03-31
                - {rule: BUF-001, reason: r, expires: 2027-03-31}
                """);
        assertThat(read).extracting(Expectation::what).containsExactly("Arm.notFired", "Buffers.limit", "BUF-001");
        assertThat(read.get(1).reason()).doesNotContain("\033");
        assertThat(read.get(0).isAbout(Feed.SECOND)).isTrue();
        assertThat(read.get(0).isAbout(ON_SIMNIC)).isFalse();
        assertThat(read.get(1).isAbout(ON_SIMNIC)).isTrue();
        assertThat(read.get(2).isAbout(ON_SIMNIC)).isTrue();
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                "text",
                "{",
                "- {test: Arm.notFired}",
                "- {test: Arm.notFired, reason: r}",
                "- {test: Arm.notFired, expires: 2027-03-31}",
                "- {test: Arm.notFired, reason: r, expires: soon}",
                "- {test: Arm.notFired, reason: r, expires: 2027-03-31, why: not}",
                "- {test: Arm.notFired, rule: ARM-003, reason: r, expires: 2027-03-31}",
                "- {reason: r, expires: 2027-03-31}",
                "- null",
                "- {test: Arm.never, reason: r, expires: 2027-03-31}",
                "- {test: ARM-003, reason: r, expires: 2027-03-31}",
                "- {rule: ARM-999, reason: r, expires: 2027-03-31}",
            })
    void anythingElseIsRefusedInOneLine(String text) {
        assertThatThrownBy(() -> read(text))
                .isInstanceOf(BadRequestException.class)
                .hasMessageMatching("--expect .*known.yaml: [^\n]+");
    }

    private static Run run(ResultEvent.Status status, String what, LocalDate expires) {
        var expected = new Expectation(what, "to be fixed", expires);
        String id = Feed.SECOND.id();
        return new Feed(Feed.setup(false, List.of(), List.of(expected)), Feed.KNOWN_BUGS)
                .hello()
                .plan(Feed.SECOND)
                .start(id)
                .end(id, status, status == ResultEvent.Status.PASS ? null : "because")
                .bye(1)
                .finish();
    }

    @ParameterizedTest
    @CsvSource({
        "Arm.notFired, 0, XFAIL, PASS",
        "ARM-003, 0, XFAIL, PASS",
        "Arm.notFired, 1, FAIL, FAIL",
        "Other.test, 0, FAIL, FAIL"
    })
    void aFailureIsExpectedUntilItsDay(String what, int daysOver, Status status, Verdict verdict) {
        Run run = run(ResultEvent.Status.FAIL, what, TODAY.minusDays(daysOver));
        assertThat(run.tests().getFirst().status()).isEqualTo(status);
        if (verdict == Verdict.FAIL) {
            assertThat(run.verdict()).isEqualTo(Verdict.FAIL);
        } else {
            assertThat(run.verdict()).isNotEqualTo(Verdict.FAIL);
            assertThat(run.tests().getFirst().reason()).isEqualTo("expected until 2026-11-22: to be fixed");
        }
    }

    @Test
    void whatIsOverIsSaid() {
        assertThat(run(ResultEvent.Status.FAIL, "Arm.notFired", TODAY.minusDays(1))
                        .tests()
                        .getFirst()
                        .message())
                .startsWith("because")
                .endsWith("\nwas expected to fail until 2026-11-21: to be fixed");
    }

    @Test
    void anUnexpectedPassIsReported() {
        Run run = run(ResultEvent.Status.PASS, "ARM-004", TODAY);
        assertThat(run.verdict()).isEqualTo(Verdict.PASS);
        assertThat(run.tests().getFirst().message())
                .isEqualTo("passed, though a failure of ARM-004 is expected until 2026-11-22: to be fixed");
    }

    @Test
    void aTestThatIsBrokenIsNoExpectedFailure() {
        assertThat(run(ResultEvent.Status.BROKEN, "Arm.notFired", TODAY).verdict())
                .isEqualTo(Verdict.FAIL);
    }
}
