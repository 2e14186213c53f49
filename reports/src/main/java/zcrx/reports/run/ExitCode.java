// SPDX-License-Identifier: MIT
package zcrx.reports.run;

/** Every exit code of the program: the help, the reports and the program itself take them from here. */
public enum ExitCode {
    PASS(0, "every test that could run passed"),
    FAIL(1, "something failed; a panic, oops, warning or hang of the guest under test is a failure"),
    USAGE(2, "wrong options, or an output directory that cannot be used"),
    /** The number is kselftest's SKIP. */
    SKIP(4, "nothing was tested: the kernel lacks the feature, or every test was skipped"),
    /** The number is what {@code git bisect run} takes as "skip this commit". */
    CANNOT_TEST(125, "could not test: no kernel, no QEMU, guest never reached the suite, run stopped by the user");

    private final int number;
    private final String meaning;

    ExitCode(int number, String meaning) {
        this.number = number;
        this.meaning = meaning;
    }

    public int number() {
        return number;
    }

    public String meaning() {
        return meaning;
    }
}
