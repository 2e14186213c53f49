// SPDX-License-Identifier: MIT
package zcrx.vm.kernel;

import java.nio.file.Path;
import java.util.Optional;

/**
 * A kernel module for a kernel.
 *
 * @param name such as {@code simnic}
 * @param file the module; empty if it could not be had
 * @param reason why it could not be had, in one line
 */
public record GuestModule(String name, Optional<Path> file, String reason) {
    static GuestModule of(String name, Path file) {
        return new GuestModule(name, Optional.of(file), "");
    }

    static GuestModule missing(String name, String reason) {
        return new GuestModule(name, Optional.empty(), reason);
    }
}
