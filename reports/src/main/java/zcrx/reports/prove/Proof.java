// SPDX-License-Identifier: MIT
package zcrx.reports.prove;

import java.util.List;
import java.util.Locale;
import zcrx.reports.run.Run;
import zcrx.reports.run.Status;
import zcrx.reports.run.Verdict;
import zcrx.vm.kernel.Fault;

/**
 * What came of a fault.
 *
 * @param stage how much of the suite was needed, such as {@code gate, nodev}; that of the last run
 * @param broken the rules of the first test that failed; empty when none did
 * @param tests those that failed, in the order in which they ran; the run may have been ended before there were more
 * @param reason why it is not caught, in one line; empty when it is
 * @param durationMs of all its runs
 */
public record Proof(
        Fault fault,
        Outcome outcome,
        String stage,
        List<String> broken,
        List<String> tests,
        String reason,
        long durationMs) {

    /** From best to worst. */
    public enum Outcome {
        /** The first failure names a rule that the fault breaks. */
        CAUGHT,
        /** Something failed, but the first failure does not name the rule. */
        MISATTRIBUTED,
        /** Nothing failed. */
        MISSED,
        /** Nothing can be said. */
        ERROR;

        public String word() {
            return name().toLowerCase(Locale.ROOT);
        }
    }

    public Proof {
        broken = List.copyOf(broken);
        tests = List.copyOf(tests);
    }

    /** Whether a run tells enough of its fault: the next stage is for those that it says nothing of. */
    public boolean isFinal() {
        return outcome != Outcome.MISSED;
    }

    /** Of a fault that was not tried, because the suite does not pass without it. */
    public static Proof untried(Fault fault, String stage) {
        return new Proof(
                fault, Outcome.ERROR, stage, List.of(), List.of(), "the control did not pass, so it was not tried", 0);
    }

    /**
     * Judges one run.
     *
     * @param stage that was run
     * @param beforeMs how long the stages before it took
     */
    public static Proof of(Fault fault, String stage, Run run, long beforeMs) {
        List<Run.Test> bad = run.tests().stream().filter(Proof::isBad).toList();
        Outcome outcome;
        String reason = "";
        if (!bad.isEmpty()) {
            Run.Test first = bad.getFirst();
            boolean named = first.status() == Status.FAIL
                    && first.planned().requirements().stream().anyMatch(fault.breaks()::contains);
            outcome = named ? Outcome.CAUGHT : Outcome.MISATTRIBUTED;
            reason = named ? "" : first.status().word() + ": " + first.id() + ": " + first.reason();
        } else if (!run.failures().isEmpty()) {
            outcome = Outcome.MISATTRIBUTED;
            reason = run.failures().getFirst();
        } else if (run.verdict() == Verdict.ERROR) {
            outcome = Outcome.ERROR;
            reason = run.errors().getFirst();
        } else {
            outcome = Outcome.MISSED;
            reason = run.unsupported() == null ? "every test passed" : "nothing was tested: " + run.unsupported();
        }
        return new Proof(
                fault,
                outcome,
                stage,
                bad.isEmpty() ? List.of() : bad.getFirst().planned().requirements(),
                bad.stream().map(Run.Test::id).toList(),
                reason,
                beforeMs + run.durationMs());
    }

    /** Whether a test that came out like this lets a fault be seen. */
    public static boolean isBad(Run.Test test) {
        return test.status() == Status.FAIL || test.status() == Status.BROKEN;
    }
}
