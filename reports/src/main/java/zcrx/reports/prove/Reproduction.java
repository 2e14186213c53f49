// SPDX-License-Identifier: MIT
package zcrx.reports.prove;

import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import zcrx.reports.repro.Reproducers;
import zcrx.reports.run.Run;
import zcrx.vm.kernel.Fault;
import zcrx.vm.program.ProgramGuest.Result;
import zcrx.vm.program.ProgramGuest.Session;

/**
 * What the C program of a caught fault says of the kernel with the fault, and of the one without.
 *
 * @param test that failed first; or the first behind it that left a program, if it left none
 * @param rules of the test
 * @param faulty null when the guest died, or the program could not be run
 * @param good the same of the kernel without a fault
 * @param reason why they are not told apart, or a program of another test was taken; may be empty
 */
public record Reproduction(
        Fault fault,
        String test,
        List<String> rules,
        @Nullable Result faulty,
        @Nullable Result good,
        String reason) {

    public Reproduction {
        rules = List.copyOf(rules);
    }

    /** The first failure that left a program; where none did, the first. */
    public static Run.Test test(Run run) {
        List<Run.Test> failed = Reproducers.failures(run);
        return failed.stream()
                .filter(t -> Reproducers.lack(t).isEmpty())
                .findFirst()
                .orElseGet(failed::getFirst);
    }

    /** Of the program of {@link #test}, which was tried on both kernels under the fault's name. */
    public static Reproduction of(Fault fault, Run run, Session onFaulty, Session onGood) {
        Run.Test test = test(run);
        Run.Test first = Reproducers.failures(run).getFirst();
        Result faulty = onFaulty.results().get(fault.name());
        Result good = onGood.results().get(fault.name());
        var reasons = new ArrayList<String>();
        if (!test.equals(first)) {
            reasons.add("behind " + first.id() + ", " + Reproducers.lack(first).orElse(""));
        }
        if (faulty == null) {
            reasons.add("the guest ended before the program did: " + onFaulty.end());
        }
        if (good == null) {
            reasons.add("the guest without the fault ended before the program did: " + onGood.end());
        }
        return new Reproduction(
                fault, test.id(), test.planned().requirements(), faulty, good, String.join("; ", reasons));
    }

    /** Of a program that could not be run. */
    public static Reproduction impossible(Fault fault, Run run, String reason) {
        Run.Test test = test(run);
        return new Reproduction(fault, test.id(), test.planned().requirements(), null, null, reason);
    }

    /** Whether the program fails on the kernel with the fault and passes on the other. */
    public boolean isToldApart() {
        return faulty != null && faulty.shows() && good != null && good.passes();
    }
}
