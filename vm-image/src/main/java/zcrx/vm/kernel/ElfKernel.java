// SPDX-License-Identifier: MIT
package zcrx.vm.kernel;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.Optional;

/** An uncompressed kernel. QEMU boots it by its PVH entry, which spares the guest the unpacking. */
final class ElfKernel {
    private static final int MAGIC = 0x464c457f;
    private static final int HEADER_SIZE = 64;
    private static final byte CLASS_64 = 2;
    private static final short MACHINE_X86_64 = 62;
    private static final int SEGMENT_SIZE = 56;
    private static final int PT_NOTE = 4;
    /** XEN_ELFNOTE_PHYS32_ENTRY of the kernel's include/xen/interface/elfnote.h. */
    private static final int NOTE_PVH_ENTRY = 18;

    private static final byte[] BANNER = "Linux version ".getBytes(StandardCharsets.US_ASCII);

    private final ByteBuffer image;

    private ElfKernel(ByteBuffer image) {
        this.image = image;
    }

    /** Empty if these bytes aren't an ELF file for x86-64. */
    static Optional<ElfKernel> of(ByteBuffer bytes) {
        ByteBuffer image = bytes.duplicate().order(ByteOrder.LITTLE_ENDIAN);
        boolean ok = image.limit() >= HEADER_SIZE
                && image.getInt(0) == MAGIC
                && image.get(4) == CLASS_64
                && image.getShort(18) == MACHINE_X86_64;
        return ok ? Optional.of(new ElfKernel(image)) : Optional.empty();
    }

    boolean hasPvhEntry() {
        long table = image.getLong(32);
        int segments = Short.toUnsignedInt(image.getShort(56));
        for (int i = 0; i < segments; i++) {
            long at = table + (long) i * SEGMENT_SIZE;
            if (!inside(at, SEGMENT_SIZE)) {
                return false;
            }
            int segment = (int) at;
            long offset = image.getLong(segment + 8);
            long size = image.getLong(segment + 32);
            if (image.getInt(segment) == PT_NOTE && inside(offset, size) && hasPvhNote((int) offset, (int) size)) {
                return true;
            }
        }
        return false;
    }

    private boolean hasPvhNote(int start, int size) {
        int at = start;
        while (at + 12 <= start + size) {
            int nameSize = image.getInt(at);
            int valueSize = image.getInt(at + 4);
            int type = image.getInt(at + 8);
            if (nameSize < 0 || valueSize < 0 || nameSize > size || valueSize > size) {
                return false;
            }
            if (type == NOTE_PVH_ENTRY && nameSize == 4 && image.getInt(at + 12) == 0x6e6558 /* "Xen" */) {
                return true;
            }
            at += 12 + roundUp4(nameSize) + roundUp4(valueSize);
        }
        return false;
    }

    /** As {@code uname -r} will say; empty if this is no Linux. */
    Optional<String> release() {
        for (int at = 0; at + BANNER.length < image.limit(); at++) {
            if (image.get(at) == BANNER[0] && image.slice(at, BANNER.length).equals(ByteBuffer.wrap(BANNER))) {
                int start = at + BANNER.length;
                int end = start;
                while (end < image.limit() && image.get(end) > ' ') {
                    end++;
                }
                // The format string that the kernel keeps, too, has %s there.
                if (end > start && image.get(start) != '%') {
                    byte[] text = new byte[end - start];
                    image.get(start, text);
                    return Optional.of(new String(text, StandardCharsets.US_ASCII));
                }
            }
        }
        return Optional.empty();
    }

    private boolean inside(long offset, long size) {
        return offset >= 0 && size >= 0 && offset <= image.limit() - size;
    }

    private static int roundUp4(int n) {
        return (n + 3) & ~3;
    }
}
