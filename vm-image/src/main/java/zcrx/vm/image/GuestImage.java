// SPDX-License-Identifier: MIT
package zcrx.vm.image;

import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import zcrx.fixtures.path.Simnic;
import zcrx.vm.CannotTestException;
import zcrx.vm.kernel.SimnicModule;

/** The initramfs that the build made. */
public final class GuestImage {
    static final String NAME = "initramfs.cpio";

    /** Where the simulated NIC's module is in the guest, if it could be built for the kernel. */
    static final String SIMNIC = "suite/simnic.ko";

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

    /** A copy that has the simulated NIC in it, or the reason why not; for the caller to delete. */
    public static Path with(SimnicModule simnic, Path image) {
        var more = new Initramfs();
        simnic.file()
                .ifPresentOrElse(
                        file -> more.add(SIMNIC, file), () -> more.add(SIMNIC + Simnic.REASON_SUFFIX, simnic.reason()));
        try {
            Path copy = Files.createTempFile("zcrx-", "-" + NAME);
            copy.toFile().deleteOnExit();
            Files.copy(image, copy, StandardCopyOption.REPLACE_EXISTING);
            try (OutputStream out = Files.newOutputStream(copy, StandardOpenOption.APPEND)) {
                more.write(out);
            }
            return copy;
        } catch (IOException e) {
            throw CannotTestException.because(e, "cannot put simnic into the guest", "make room, or set TMPDIR");
        }
    }
}
