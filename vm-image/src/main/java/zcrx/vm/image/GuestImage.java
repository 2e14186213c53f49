// SPDX-License-Identifier: MIT
package zcrx.vm.image;

import java.nio.file.Files;
import java.nio.file.Path;
import zcrx.vm.CannotTestException;

/** The initramfs that the build made. */
public final class GuestImage {
    static final String NAME = "initramfs.cpio";

    /** Where the guest's net.config is. */
    static final String NET_CONFIG = "suite/net.config";

    private static final Path DIRECTORY = Path.of("vm-image", "target", "guest");

    private GuestImage() {}

    /** Finds it below the project's root, which the launcher gives as the system property {@code zcrx.home}. */
    public static Path built() {
        Path image = Path.of(System.getProperty("zcrx.home", ""))
                .toAbsolutePath()
                .resolve(DIRECTORY)
                .resolve(NAME);
        if (!Files.isReadable(image)) {
            throw new CannotTestException("no guest image at " + image + ": run mvn package, or ./zcrx vm, which does");
        }
        return image;
    }

    /** Where a module is in the guest, if it could be had for the kernel. */
    static String pathOf(String module) {
        return "suite/" + module + ".ko";
    }
}
