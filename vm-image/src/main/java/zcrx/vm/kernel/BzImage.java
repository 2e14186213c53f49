// SPDX-License-Identifier: MIT
package zcrx.vm.kernel;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.DataInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import org.apache.commons.compress.compressors.CompressorStreamFactory;
import org.apache.commons.compress.compressors.lz4.BlockLZ4CompressorInputStream;
import zcrx.vm.BadRequestException;

/** A compressed x86 kernel; offsets are those of the kernel's Documentation/arch/x86/boot.rst. */
final class BzImage {
    private static final int SETUP_SECTS = 0x1f1;
    private static final int HEADER_MAGIC = 0x202;
    private static final int PROTOCOL = 0x206;
    private static final int KERNEL_VERSION = 0x20e;
    private static final int XLOADFLAGS = 0x236;
    private static final int PAYLOAD_OFFSET = 0x248;
    private static final int PAYLOAD_LENGTH = 0x24c;
    private static final int HEADER_END = 0x250;

    private static final int HDRS = 0x53726448;
    /** The first with xloadflags; Linux 3.8. */
    private static final int PROTOCOL_2_12 = 0x20c;

    private static final int XLF_KERNEL_64 = 1;
    private static final int LZ4_LEGACY_MAGIC = 0x184c2102;

    private final byte[] bytes;
    private final ByteBuffer image;

    private BzImage(byte[] bytes) {
        this.bytes = bytes;
        this.image = ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN);
    }

    /** Empty if the file isn't one for x86-64. Throws {@link BadRequestException} for one of which a part is missing. */
    static Optional<BzImage> read(Path file) throws IOException {
        try (InputStream in = Files.newInputStream(file)) {
            ByteBuffer head = ByteBuffer.wrap(in.readNBytes(HEADER_END)).order(ByteOrder.LITTLE_ENDIAN);
            if (head.limit() < HEADER_END
                    || head.getInt(HEADER_MAGIC) != HDRS
                    || head.getShort(PROTOCOL) < PROTOCOL_2_12
                    || (head.getShort(XLOADFLAGS) & XLF_KERNEL_64) == 0) {
                return Optional.empty();
            }
        }
        var whole = new BzImage(Files.readAllBytes(file));
        if (whole.payloadStart() + whole.payloadLength() > whole.bytes.length) {
            throw new BadRequestException(file + ": a bzImage that is cut off: copy or build it again");
        }
        return Optional.of(whole);
    }

    private long payloadStart() {
        int setupSectors = Byte.toUnsignedInt(image.get(SETUP_SECTS));
        return (setupSectors == 0 ? 5 : setupSectors + 1) * 512L + Integer.toUnsignedLong(image.getInt(PAYLOAD_OFFSET));
    }

    private long payloadLength() {
        return Integer.toUnsignedLong(image.getInt(PAYLOAD_LENGTH));
    }

    /** As {@code uname -r} will say. */
    String release() {
        int start = 0x200 + Short.toUnsignedInt(image.getShort(KERNEL_VERSION));
        int end = start;
        while (end < image.limit() && image.get(end) > ' ') {
            end++;
        }
        return new String(bytes, start, Math.max(0, end - start), StandardCharsets.US_ASCII);
    }

    /** The ELF file inside; empty when it is compressed in a way that is unknown here, such as LZO. */
    Optional<byte[]> vmlinux() {
        int start = (int) payloadStart();
        // What follows the compressed stream is its uncompressed size.
        int length = (int) payloadLength() - Integer.BYTES;
        if (length < 0) {
            return Optional.empty();
        }
        try (InputStream payload = new ByteArrayInputStream(bytes, start, length)) {
            if (image.getInt(start) == LZ4_LEGACY_MAGIC) {
                return Optional.of(unpackLegacyLz4(payload));
            }
            try (InputStream unpacked = new CompressorStreamFactory().createCompressorInputStream(payload)) {
                return Optional.of(unpacked.readAllBytes());
            }
        } catch (IOException e) {
            return Optional.empty();
        }
    }

    /** Blocks, each with its length before it. The kernel uses this format, which is not the one of lz4(1) files. */
    private static byte[] unpackLegacyLz4(InputStream payload) throws IOException {
        var out = new ByteArrayOutputStream();
        payload.skipNBytes(Integer.BYTES);
        while (payload.available() > Integer.BYTES) {
            int length = Integer.reverseBytes(new DataInputStream(payload).readInt());
            byte[] block = payload.readNBytes(Math.max(0, length));
            try (InputStream unpacked = new BlockLZ4CompressorInputStream(new ByteArrayInputStream(block))) {
                unpacked.transferTo(out);
            }
        }
        return out.toByteArray();
    }
}
