// SPDX-License-Identifier: MIT
package zcrx.conformance.cases;

import zcrx.fixtures.abi.Dialect;
import zcrx.fixtures.ring.Ring;
import zcrx.fixtures.ring.Ring.CqeFormat;
import zcrx.fixtures.sys.Errno;
import zcrx.fixtures.zcrx.OwnProcess;
import zcrx.fixtures.zcrx.Registration;

/** A process that may not register, and tries to. */
final class Unprivileged {
    static final String REFUSED = "refused";

    private Unprivileged() {}

    /** Argument: a dialect. Says {@link #REFUSED}, and waits for nobody. */
    public static void main(String[] args) {
        Dialect.speak(Dialect.of(args[0]).orElseThrow());
        OtherProcess.telling(Unprivileged::register);
    }

    private static void register() {
        try (var registration = Registration.nodev(64, 8);
                Ring ring = Ring.open(CqeFormat.CQE32)) {
            long pinned = OwnProcess.pinnedKib();
            registration.submit(ring).mustBe(Errno.EPERM);
            Check.equal("VmPin in kB after a refusal", pinned, OwnProcess.pinnedKib());
            System.out.println(REFUSED);
        }
    }
}
