// SPDX-License-Identifier: MIT
package zcrx.vm;

import zcrx.conformance.SuiteOptions;

/** A place where the suite runs: a virtual machine, or this machine. */
public interface SuiteHost {

    /**
     * Runs the suite once and returns when it, and everything that was started for it, is gone. Interrupting the
     * calling thread ends the run early, in the same order, with {@link Ending.Kind#INTERRUPTED}.
     *
     * @param observer told of each line as it arrives
     */
    Ending run(SuiteOptions options, Limits limits, Observer observer);

    /** Called from several threads, one for each stream. */
    interface Observer {

        /** A line of the result stream, without its newline. It comes from the kernel under test: trust nothing. */
        void result(String line);

        /** A line of the kernel log, without its newline and with whatever control characters it holds. */
        void kernelLog(String line);
    }
}
