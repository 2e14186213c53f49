// SPDX-License-Identifier: MIT
package zcrx.vm.kernel;

import java.io.BufferedInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.regex.Pattern;
import org.apache.commons.compress.archivers.ar.ArArchiveEntry;
import org.apache.commons.compress.archivers.ar.ArArchiveInputStream;
import org.apache.commons.compress.archivers.tar.TarArchiveEntry;
import org.apache.commons.compress.archivers.tar.TarArchiveInputStream;
import org.apache.commons.compress.compressors.CompressorException;
import org.apache.commons.compress.compressors.CompressorStreamFactory;
import zcrx.vm.BadRequestException;

/** A Debian package, of which only the kernel image is of interest. */
final class DebFile {
    private static final Pattern VMLINUZ =
            Pattern.compile("(\\./)?(boot/vmlinuz-[^/]+|(usr/)?lib/modules/[^/]+/vmlinuz)");

    private DebFile() {}

    /** Writes the image that the package holds; reads no further than that. */
    static void copyKernel(Path deb, OutputStream out) throws IOException {
        try (var ar = new ArArchiveInputStream(new BufferedInputStream(Files.newInputStream(deb)))) {
            for (ArArchiveEntry part = ar.getNextEntry(); part != null; part = ar.getNextEntry()) {
                if (part.getName().equals("data.tar")) {
                    copyKernelOf(ar, deb, out);
                    return;
                } else if (part.getName().startsWith("data.tar.")) {
                    var data = new CompressorStreamFactory().createCompressorInputStream(new BufferedInputStream(ar));
                    copyKernelOf(data, deb, out);
                    return;
                }
            }
        } catch (CompressorException e) {
            throw new BadRequestException(deb + ": compressed in an unknown way: " + e.getMessage());
        }
        throw new BadRequestException(deb + ": not a Debian package: it has no data.tar");
    }

    private static void copyKernelOf(InputStream data, Path deb, OutputStream out) throws IOException {
        var tar = new TarArchiveInputStream(data);
        for (TarArchiveEntry file = tar.getNextEntry(); file != null; file = tar.getNextEntry()) {
            if (file.isFile() && VMLINUZ.matcher(file.getName()).matches()) {
                tar.transferTo(out);
                return;
            }
        }
        throw new BadRequestException(
                deb + ": a package without a kernel in it; give the linux-binary-… or linux-image-… package");
    }
}
