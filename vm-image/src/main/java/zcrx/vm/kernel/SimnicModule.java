// SPDX-License-Identifier: MIT
package zcrx.vm.kernel;

import java.nio.file.Path;
import java.util.Optional;

/**
 * The simulated NIC for a kernel.
 *
 * @param file the module; empty if it could not be had
 * @param reason why it could not be had, in one line
 */
public record SimnicModule(Optional<Path> file, String reason) {
    static SimnicModule of(Path file) {
        return new SimnicModule(Optional.of(file), "");
    }

    static SimnicModule missing(String reason) {
        return new SimnicModule(Optional.empty(), reason);
    }
}
