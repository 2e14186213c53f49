// SPDX-License-Identifier: MIT
package zcrx.vm.image;

import java.io.BufferedOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.SortedMap;
import java.util.TreeMap;
import org.apache.commons.compress.archivers.cpio.CpioArchiveEntry;
import org.apache.commons.compress.archivers.cpio.CpioArchiveOutputStream;
import org.apache.commons.compress.archivers.cpio.CpioConstants;

/**
 * The files of a guest, to be written as the kernel wants an initramfs. The same files give the same bytes: sorted by
 * name, owned by root, all of one age. Not compressed: without KVM unpacking takes longer than copying.
 */
final class Initramfs {
    /** Seconds since 1970. The class data archive knows its jars by their age, too. */
    static final long MODIFIED = 1767225600;

    private static final long EXECUTABLE = 0755;
    private static final long READABLE = 0644;

    private final SortedMap<String, Content> files = new TreeMap<>();

    private record Content(long mode, IoSupplier data) {}

    @FunctionalInterface
    private interface IoSupplier {
        byte[] get() throws IOException;
    }

    void add(String path, Path file) {
        add(
                path,
                CpioConstants.C_ISREG | (Files.isExecutable(file) ? EXECUTABLE : READABLE),
                () -> Files.readAllBytes(file));
    }

    void add(String path, byte[] data) {
        add(path, CpioConstants.C_ISREG | READABLE, () -> data);
    }

    void add(String path, String text) {
        // A script is whatever says so.
        long mode = text.startsWith("#!") ? EXECUTABLE : READABLE;
        add(path, CpioConstants.C_ISREG | mode, () -> text.getBytes(StandardCharsets.UTF_8));
    }

    void addLink(String path, String target) {
        add(path, CpioConstants.C_ISLNK | 0777, () -> target.getBytes(StandardCharsets.UTF_8));
    }

    void addDirectory(String path) {
        add(path, CpioConstants.C_ISDIR | EXECUTABLE, () -> new byte[0]);
    }

    private void add(String path, long mode, IoSupplier data) {
        int parent = path.lastIndexOf('/');
        if (parent > 0) {
            addDirectory(path.substring(0, parent));
        }
        files.putIfAbsent(path, new Content(mode, data));
    }

    void write(Path target) throws IOException {
        try (OutputStream out = new BufferedOutputStream(Files.newOutputStream(target), 1 << 20)) {
            write(out);
        }
    }

    /** The kernel takes several of these in a row, each padded to a multiple of 512 bytes. */
    void write(OutputStream out) throws IOException {
        try (var cpio = new CpioArchiveOutputStream(out, CpioConstants.FORMAT_NEW)) {
            long inode = 1;
            for (var file : files.entrySet()) {
                byte[] data = file.getValue().data().get();
                var entry = new CpioArchiveEntry(CpioConstants.FORMAT_NEW, file.getKey(), data.length);
                entry.setMode(file.getValue().mode());
                entry.setTime(MODIFIED);
                entry.setInode(inode++);
                cpio.putArchiveEntry(entry);
                cpio.write(data);
                cpio.closeArchiveEntry();
            }
        }
    }
}
