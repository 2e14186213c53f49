// SPDX-License-Identifier: MIT
package zcrx.vm.kernel;

import java.io.BufferedInputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Optional;
import java.util.regex.Pattern;
import java.util.zip.ZipException;
import org.apache.commons.compress.archivers.ar.ArArchiveEntry;
import org.apache.commons.compress.archivers.ar.ArArchiveInputStream;
import org.apache.commons.compress.archivers.tar.TarArchiveEntry;
import org.apache.commons.compress.archivers.tar.TarArchiveInputStream;
import org.apache.commons.compress.compressors.CompressorException;
import org.apache.commons.compress.compressors.CompressorStreamFactory;
import zcrx.vm.BadRequestException;

/** A Debian package or a tar file, of which only the kernel image and its configuration are of interest. */
final class KernelArchive {
    private static final byte[] DEB_MAGIC = "!<arch>\n".getBytes(StandardCharsets.US_ASCII);

    /** Where a tar file says that it is one. */
    private static final int USTAR_OFFSET = 257;

    private static final byte[] USTAR = "ustar".getBytes(StandardCharsets.US_ASCII);

    /** Debian's two places, that of {@code make targz-pkg}, and the name in a build. */
    private static final Pattern IMAGE =
            Pattern.compile("(\\./)?(boot/vmlinuz-[^/]+|(usr/)?lib/modules/[^/]+/vmlinuz|([^/]+/)?bzImage)");

    private static final Pattern CONFIG =
            Pattern.compile("(\\./)?(boot/config-[^/]+|(usr/)?lib/modules/[^/]+/config|([^/]+/)?(kernel[.])?config)");

    private static final Pattern MODULE = Pattern.compile("(\\./)?(usr/)?lib/modules/.*[.]ko([.].*)?");

    private final Path file;
    private final boolean deb;

    private KernelArchive(Path file, boolean deb) {
        this.file = file;
        this.deb = deb;
    }

    /** Empty if the file is neither. */
    static Optional<KernelArchive> of(Path file) throws IOException {
        try (InputStream in = new BufferedInputStream(Files.newInputStream(file))) {
            in.mark(DEB_MAGIC.length);
            if (Arrays.equals(in.readNBytes(DEB_MAGIC.length), DEB_MAGIC)) {
                return Optional.of(new KernelArchive(file, true));
            }
            in.reset();
            byte[] head = unpacked(in).readNBytes(USTAR_OFFSET + USTAR.length);
            return head.length == USTAR_OFFSET + USTAR.length
                            && Arrays.equals(head, USTAR_OFFSET, head.length, USTAR, 0, USTAR.length)
                    ? Optional.of(new KernelArchive(file, false))
                    : Optional.empty();
        } catch (EOFException | ZipException e) {
            throw damaged(file);
        }
    }

    private static BadRequestException damaged(Path file) {
        return new BadRequestException(file + ": is damaged or cut off: copy or build it again");
    }

    /** What is compressed, unpacked; all else as it is. */
    private static InputStream unpacked(InputStream in) throws IOException {
        try {
            return new CompressorStreamFactory().createCompressorInputStream(in);
        } catch (CompressorException e) {
            return in;
        }
    }

    /** Whether {@link #copyKernel} finds one. */
    boolean hasKernel() throws IOException {
        return find(IMAGE, OutputStream.nullOutputStream());
    }

    /** Writes the image that it holds; throws {@link BadRequestException} when there is none. */
    void copyKernel(OutputStream out) throws IOException {
        if (find(IMAGE, out)) {
            return;
        }
        if (deb) {
            throw new BadRequestException(
                    file + ": a package without a kernel in it; give the linux-binary-… or linux-image-… package");
        }
        throw new BadRequestException(file
                + (find(MODULE, OutputStream.nullOutputStream())
                        ? ": holds modules, but no kernel; give the bzImage that is beside it"
                        : ": a tar file without a kernel in it, such as boot/vmlinuz-… or bzImage"));
    }

    /** Whether there is such a file in it. */
    boolean has(Path name) throws IOException {
        return find(Pattern.compile("(\\./)?" + Pattern.quote(name.toString())), OutputStream.nullOutputStream());
    }

    /** Writes the configuration that it holds, if there is one. */
    boolean copyConfig(OutputStream out) throws IOException {
        return find(CONFIG, out);
    }

    /** Reads no further than the file that it looks for. */
    private boolean find(Pattern name, OutputStream out) throws IOException {
        try (InputStream in = new BufferedInputStream(Files.newInputStream(file))) {
            return find(deb ? data(in) : unpacked(in), name, out);
        } catch (EOFException | ZipException e) {
            throw damaged(file);
        }
    }

    private InputStream data(InputStream in) throws IOException {
        var ar = new ArArchiveInputStream(in);
        for (ArArchiveEntry part = ar.getNextEntry(); part != null; part = ar.getNextEntry()) {
            if (part.getName().equals("data.tar")) {
                return ar;
            } else if (part.getName().startsWith("data.tar.")) {
                try {
                    return new CompressorStreamFactory().createCompressorInputStream(new BufferedInputStream(ar));
                } catch (CompressorException e) {
                    throw new BadRequestException(file + ": compressed in an unknown way: " + e.getMessage());
                }
            }
        }
        throw new BadRequestException(file + ": not a Debian package: it has no data.tar");
    }

    private static boolean find(InputStream data, Pattern name, OutputStream out) throws IOException {
        var tar = new TarArchiveInputStream(data);
        for (TarArchiveEntry entry = tar.getNextEntry(); entry != null; entry = tar.getNextEntry()) {
            if (entry.isFile() && name.matcher(entry.getName()).matches()) {
                tar.transferTo(out);
                return true;
            }
        }
        return false;
    }
}
