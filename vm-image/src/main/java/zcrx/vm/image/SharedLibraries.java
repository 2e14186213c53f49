// SPDX-License-Identifier: MIT
package zcrx.vm.image;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Deque;
import java.util.List;
import java.util.SortedSet;
import java.util.TreeSet;
import zcrx.vm.CannotTestException;

/** Which of the host's shared libraries a set of ELF files needs, read from the files: ldd(1) would run them. */
public final class SharedLibraries {
    private static final int MAGIC = 0x464c457f;
    private static final int PT_LOAD = 1;
    private static final int PT_DYNAMIC = 2;
    private static final int PT_INTERP = 3;
    private static final long DT_NEEDED = 1;
    private static final long DT_STRTAB = 5;

    /** Where the dynamic loaders of Debian and others look without being told to. */
    private static final List<Path> DIRECTORIES = List.of(
            Path.of("/lib/x86_64-linux-gnu"),
            Path.of("/usr/lib/x86_64-linux-gnu"),
            Path.of("/lib64"),
            Path.of("/usr/lib64"),
            Path.of("/lib"),
            Path.of("/usr/lib"));

    private SharedLibraries() {}

    /**
     * What these files need that isn't among them, the dynamic loader included, and what that needs in turn.
     *
     * @return paths as a program sees them, not resolved
     */
    static SortedSet<Path> neededBy(Collection<Path> files) throws IOException {
        var needed = new TreeSet<Path>();
        Deque<Path> todo = new ArrayDeque<>(files);
        while (!todo.isEmpty()) {
            for (String name : references(todo.pop())) {
                boolean own = files.stream().anyMatch(f -> f.endsWith(name));
                if (!own) {
                    Path library = find(name);
                    if (needed.add(library)) {
                        todo.add(library);
                    }
                }
            }
        }
        return needed;
    }

    private static Path find(String name) {
        if (name.startsWith("/")) {
            return Path.of(name);
        }
        return DIRECTORIES.stream()
                .map(d -> d.resolve(name))
                .filter(Files::exists)
                .findFirst()
                .orElseThrow(() -> new CannotTestException(
                        "the guest image needs " + name + ", which is in none of this host's library directories"));
    }

    /** The interpreter, by path, and the libraries, by name. None for what isn't a dynamically linked ELF file. */
    public static List<String> references(Path file) throws IOException {
        var found = new ArrayList<String>();
        try (FileChannel channel = FileChannel.open(file)) {
            ByteBuffer elf = channel.map(FileChannel.MapMode.READ_ONLY, 0, channel.size());
            elf.order(ByteOrder.LITTLE_ENDIAN);
            if (elf.limit() < 64 || elf.getInt(0) != MAGIC) {
                return found;
            }
            int table = (int) elf.getLong(32);
            int size = elf.getShort(54);
            int end = table + elf.getShort(56) * size;
            for (int segment = table; segment < end; segment += size) {
                int offset = (int) elf.getLong(segment + 8);
                switch (elf.getInt(segment)) {
                    case PT_INTERP -> found.add(string(elf, offset));
                    case PT_DYNAMIC -> {
                        var names = new ArrayList<Long>();
                        long strings = 0;
                        for (int at = offset; elf.getLong(at) != 0; at += 16) {
                            long tag = elf.getLong(at);
                            if (tag == DT_NEEDED) {
                                names.add(elf.getLong(at + 8));
                            } else if (tag == DT_STRTAB) {
                                strings = fileOffset(elf, table, end, size, elf.getLong(at + 8));
                            }
                        }
                        for (long name : names) {
                            found.add(string(elf, (int) (strings + name)));
                        }
                    }
                    default -> {}
                }
            }
        }
        return found;
    }

    private static long fileOffset(ByteBuffer elf, int table, int end, int size, long address) {
        for (int segment = table; segment < end; segment += size) {
            long start = elf.getLong(segment + 16);
            if (elf.getInt(segment) == PT_LOAD && address >= start && address < start + elf.getLong(segment + 32)) {
                return address - start + elf.getLong(segment + 8);
            }
        }
        return 0;
    }

    private static String string(ByteBuffer elf, int start) {
        int end = start;
        while (elf.get(end) != 0) {
            end++;
        }
        byte[] text = new byte[end - start];
        elf.get(start, text);
        return new String(text, StandardCharsets.UTF_8);
    }
}
