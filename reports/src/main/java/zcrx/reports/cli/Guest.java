// SPDX-License-Identifier: MIT
package zcrx.reports.cli;

import zcrx.reports.run.Repetition;
import zcrx.reports.run.Setup;
import zcrx.vm.SuiteHost;

/**
 * One of several guests.
 *
 * @param label that tells its kernel from the others; those that share the tests of one have the same
 * @param host that runs it, or throws why it cannot be run
 * @param repetition how often it is to be run
 */
record Guest(String label, Setup setup, SuiteHost host, Repetition repetition) {

    /**
     * Of the run that begins now.
     *
     * @param number of the repeat, from 1
     */
    Setup setup(int number) {
        return setup.startedNow(repetition.seed(setup.seed(), number));
    }
}
