// SPDX-License-Identifier: MIT
package zcrx.reports.prove;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.junit.jupiter.api.Test;
import zcrx.conformance.results.ResultEvent.Status;
import zcrx.reports.prove.Proof.Outcome;
import zcrx.reports.run.Feed;
import zcrx.reports.run.Run;
import zcrx.reports.run.Verdict;
import zcrx.vm.Ending;
import zcrx.vm.kernel.Fault;

class ProofTest {
    /** Of the second test's rules. */
    private static final Fault FAULT =
            new Fault("arm-unfired", "arming", List.of("ARM-004"), "It is wrong.", List.of());

    private static Proof judge(Run run) {
        return Proof.of(FAULT, "gate, nodev", run, 1000);
    }

    @Test
    void caughtWhenTheFirstFailureNamesTheRule() {
        Proof proof = judge(Feed.planned()
                .pass(Feed.FIRST.id())
                .start(Feed.SECOND.id())
                .end(Feed.SECOND.id(), Status.FAIL, "returned 0, expected -EINVAL")
                .start(Feed.THIRD.id())
                .end(Feed.THIRD.id(), Status.FAIL, "1, expected 2")
                .bye(3)
                .finish());
        assertThat(proof.outcome()).isEqualTo(Outcome.CAUGHT);
        assertThat(proof.broken()).containsExactly("ARM-003", "ARM-004");
        assertThat(proof.tests()).containsExactly(Feed.SECOND.id(), Feed.THIRD.id());
        assertThat(proof.durationMs()).isEqualTo(10_000);
        assertThat(proof.isFinal()).isTrue();
    }

    @Test
    void caughtWhenTheRunWasEndedForItsFailures() {
        Proof proof = judge(Feed.planned()
                .pass(Feed.FIRST.id())
                .start(Feed.SECOND.id())
                .end(Feed.SECOND.id(), Status.FAIL, "returned 0, expected -EINVAL")
                .start(Feed.THIRD.id())
                .finish(Ending.Kind.INTERRUPTED, ""));
        assertThat(proof.outcome()).isEqualTo(Outcome.CAUGHT);
        assertThat(proof.tests()).containsExactly(Feed.SECOND.id());
    }

    @Test
    void misattributedWhenAnotherRuleFailsFirst() {
        Proof proof = judge(Feed.planned()
                .start(Feed.FIRST.id())
                .end(Feed.FIRST.id(), Status.FAIL, "no event")
                .start(Feed.SECOND.id())
                .end(Feed.SECOND.id(), Status.FAIL, "returned 0, expected -EINVAL")
                .pass(Feed.THIRD.id())
                .bye(3)
                .finish());
        assertThat(proof.outcome()).isEqualTo(Outcome.MISATTRIBUTED);
        assertThat(proof.broken()).containsExactly("EVT-001");
        assertThat(proof.reason()).isEqualTo("fail: Port.noBuffers: no event");
    }

    @Test
    void misattributedWhenTheRightTestBreaksInsteadOfFailing() {
        Proof proof = judge(Feed.planned()
                .pass(Feed.FIRST.id())
                .start(Feed.SECOND.id())
                .end(Feed.SECOND.id(), Status.BROKEN, "the test went wrong")
                .pass(Feed.THIRD.id())
                .bye(3)
                .finish());
        assertThat(proof.outcome()).isEqualTo(Outcome.MISATTRIBUTED);
        assertThat(proof.reason()).startsWith("broken: Arm.notFired");
    }

    @Test
    void aDeathInATestIsThatTestsFailure() {
        Proof proof = judge(
                Feed.planned().pass(Feed.FIRST.id()).start(Feed.SECOND.id()).finish(Ending.Kind.TIMEOUT, ""));
        assertThat(proof.outcome()).isEqualTo(Outcome.CAUGHT);
    }

    @Test
    void missedWhenNothingFails() {
        Proof proof = judge(Feed.passed().finish());
        assertThat(proof.outcome()).isEqualTo(Outcome.MISSED);
        assertThat(proof.isFinal()).isFalse();
    }

    @Test
    void aKernelThatWasNotTestedProvesNothing() {
        Proof proof = judge(new Feed().finish(Ending.Kind.NOT_STARTED, "no QEMU"));
        assertThat(proof.outcome()).isEqualTo(Outcome.ERROR);
        assertThat(proof.reason()).contains("no QEMU");
    }

    @Test
    void theTableCountsWhatWasNotTried() {
        var table = new ProofTable(
                "7.3.4",
                Verdict.PASS,
                3,
                List.of(judge(Feed.passed().finish()), Proof.untried(FAULT, "full, nodev and simnic")));
        assertThat(table.summary()).isEqualTo("1 missed, 1 error, 1 not tried of 3 faults");
        assertThat(table.markdown())
                .contains("| arm-unfired | arming | ARM-004 | missed: every test passed |")
                .contains("7.3.4");
        assertThat(table.json()).contains("\"outcome\" : \"missed\"").contains("\"asked\" : 3");
    }
}
