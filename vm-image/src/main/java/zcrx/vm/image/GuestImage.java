// SPDX-License-Identifier: MIT
package zcrx.vm.image;

import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.List;
import zcrx.fixtures.path.KernelModule;
import zcrx.vm.CannotTestException;
import zcrx.vm.kernel.GuestModule;

/** The initramfs that the build made. */
public final class GuestImage {
    static final String NAME = "initramfs.cpio";

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

    /** Where a module of ours is in the guest, if it could be built for the kernel. */
    static String pathOf(String module) {
        return "suite/" + module + ".ko";
    }

    /** A copy that has modules in it, or the reasons why not; for the caller to delete. */
    public static Path with(List<GuestModule> modules, Path image) {
        var more = new Initramfs();
        for (GuestModule module : modules) {
            String path = pathOf(module.name());
            module.file()
                    .ifPresentOrElse(
                            file -> more.add(path, file),
                            () -> more.add(path + KernelModule.REASON_SUFFIX, module.reason()));
        }
        try {
            Path copy = Files.createTempFile("zcrx-", "-" + NAME);
            copy.toFile().deleteOnExit();
            Files.copy(image, copy, StandardCopyOption.REPLACE_EXISTING);
            try (OutputStream out = Files.newOutputStream(copy, StandardOpenOption.APPEND)) {
                more.write(out);
            }
            return copy;
        } catch (IOException e) {
            throw CannotTestException.because(e, "cannot put modules into the guest", "make room, or set TMPDIR");
        }
    }
}
