// SPDX-License-Identifier: MIT
package zcrx.vm;

/** The user asked for something that cannot be, such as a kernel that is none. Ends the program with exit code 2. */
public final class BadRequestException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    /** What is wrong and what to give instead, in one line. */
    public BadRequestException(String oneLine) {
        super(oneLine);
    }
}
