// SPDX-License-Identifier: MIT
package zcrx.vm;

import java.io.IOException;
import java.nio.file.AccessDeniedException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.FileSystemException;
import java.nio.file.NoSuchFileException;
import java.nio.file.NotDirectoryException;

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

    /**
     * Words for what the operating system refused.
     *
     * @param what could not be done, such as {@code cannot write console.log}
     * @param remedy what to do about it
     */
    public static CannotTestException because(IOException e, String what, String remedy) {
        return new CannotTestException(what + ": " + reason(e) + "; " + remedy, e);
    }

    /** What the operating system refused: Java says of some refusals nothing but the file's name. */
    public static String reason(IOException e) {
        return switch (e) {
            case FileSystemException refused
            when refused.getReason() != null -> refused.getFile() + ": " + refused.getReason();
            case AccessDeniedException denied -> denied.getFile() + ": permission denied";
            case NoSuchFileException absent -> absent.getFile() + ": no such file or directory";
            case NotDirectoryException other -> other.getFile() + ": not a directory";
            case FileAlreadyExistsException there -> there.getFile() + ": file exists";
            default -> String.valueOf(e.getMessage());
        };
    }
}
