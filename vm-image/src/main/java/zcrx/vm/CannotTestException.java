// SPDX-License-Identifier: MIT
package zcrx.vm;

/**
 * Nothing can be said about the kernel, because the harness could not do its work: no kernel, no QEMU, no network, a
 * full disk. Ends the program with exit code 125, which {@code git bisect run} takes as "skip this commit".
 */
public final class CannotTestException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    /** What is wrong and what to do about it, in one line. */
    public CannotTestException(String oneLine) {
        super(oneLine);
    }

    /** The cause is for debugging only: the line says all that the user needs. */
    public CannotTestException(String oneLine, Throwable cause) {
        super(oneLine, cause);
    }
}
