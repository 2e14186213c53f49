// SPDX-License-Identifier: MIT
package zcrx.vm.kernel;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.zip.GZIPOutputStream;
import org.apache.commons.compress.archivers.ar.ArArchiveEntry;
import org.apache.commons.compress.archivers.ar.ArArchiveOutputStream;
import org.apache.commons.compress.archivers.tar.TarArchiveEntry;
import org.apache.commons.compress.archivers.tar.TarArchiveOutputStream;
import org.apache.commons.compress.compressors.CompressorStreamFactory;
import org.apache.commons.compress.compressors.lz4.BlockLZ4CompressorOutputStream;

/** Files with just enough in them to be taken for a kernel. */
final class TinyKernel {
    static final String RELEASE = "9.8.7-tiny";

    private TinyKernel() {}

    /** An ELF file with a banner and, if wanted, the note that QEMU looks for. */
    static byte[] elf(boolean pvh) {
        ByteBuffer elf = ByteBuffer.allocate(512).order(ByteOrder.LITTLE_ENDIAN);
        elf.putInt(0, 0x464c457f).put(4, (byte) 2).put(5, (byte) 1);
        elf.putShort(18, (short) 62);
        elf.putLong(32, 64).putShort(54, (short) 56).putShort(56, (short) 1);
        elf.putInt(64, 4).putLong(64 + 8, 128).putLong(64 + 32, 40);
        // Another note comes first.
        elf.putInt(128, 4).putInt(132, 4).putInt(136, 6).put(140, "Xen\0".getBytes(StandardCharsets.US_ASCII));
        elf.putInt(148, 4).putInt(152, 4).putInt(156, pvh ? 18 : 17);
        elf.put(160, "Xen\0".getBytes(StandardCharsets.US_ASCII));
        elf.put(200, "Linux version %s (%s)\0".getBytes(StandardCharsets.US_ASCII));
        elf.put(300, ("Linux version " + RELEASE + " (someone)\0").getBytes(StandardCharsets.US_ASCII));
        return elf.array();
    }

    /** A bzImage around a payload, which {@code compression} names as commons-compress does, or {@code lz4-legacy}. */
    static byte[] bzImage(byte[] payload, String compression) throws IOException {
        var packed = new ByteArrayOutputStream();
        if (compression.equals("lz4-legacy")) {
            var block = new ByteArrayOutputStream();
            try (var lz4 = new BlockLZ4CompressorOutputStream(block)) {
                lz4.write(payload);
            }
            packed.write(ByteBuffer.allocate(8)
                    .order(ByteOrder.LITTLE_ENDIAN)
                    .putInt(0x184c2102)
                    .putInt(block.size())
                    .array());
            block.writeTo(packed);
        } else {
            try (OutputStream out = new CompressorStreamFactory().createCompressorOutputStream(compression, packed)) {
                out.write(payload);
            }
        }
        ByteBuffer image = ByteBuffer.allocate(1024 + 16 + packed.size() + 4).order(ByteOrder.LITTLE_ENDIAN);
        image.put(0x1f1, (byte) 1).putInt(0x202, 0x53726448).putShort(0x206, (short) 0x20f);
        image.putShort(0x20e, (short) 0x100).putShort(0x236, (short) 1);
        image.putInt(0x248, 16).putInt(0x24c, packed.size() + 4);
        image.put(0x300, (RELEASE + " (someone) #1\0").getBytes(StandardCharsets.US_ASCII));
        image.put(1024 + 16, packed.toByteArray());
        image.putInt(1024 + 16 + packed.size(), payload.length);
        return image.array();
    }

    /** A Debian package with one file in it. */
    static void writeDeb(Path deb, String name, byte[] content, String compression) throws IOException {
        try (var ar = new ArArchiveOutputStream(Files.newOutputStream(deb))) {
            for (String member : new String[] {"debian-binary", "control.tar.xz", "data.tar." + compression}) {
                byte[] bytes = member.startsWith("data") ? tar(name, content, compression) : new byte[] {'2'};
                ar.putArchiveEntry(new ArArchiveEntry(member, bytes.length));
                ar.write(bytes);
                ar.closeArchiveEntry();
            }
        }
    }

    /** A compressed tar file with one file in it. */
    static byte[] tar(String name, byte[] content, String compression) throws IOException {
        var data = new ByteArrayOutputStream();
        try (var tar = new TarArchiveOutputStream(
                new CompressorStreamFactory().createCompressorOutputStream(compression, data))) {
            var entry = new TarArchiveEntry(name);
            entry.setSize(content.length);
            tar.putArchiveEntry(entry);
            tar.write(content);
            tar.closeArchiveEntry();
        }
        return data.toByteArray();
    }

    /** As CONFIG_IKCONFIG leaves it. */
    static byte[] elfWithConfig(byte[] config) throws IOException {
        var bytes = new ByteArrayOutputStream();
        bytes.write(elf(true));
        bytes.write("IKCFG_ST".getBytes(StandardCharsets.US_ASCII));
        try (var gzip = new GZIPOutputStream(bytes)) {
            gzip.write(config);
        }
        bytes.write("IKCFG_ED".getBytes(StandardCharsets.US_ASCII));
        return bytes.toByteArray();
    }
}
