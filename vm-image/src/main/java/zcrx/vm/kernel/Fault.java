// SPDX-License-Identifier: MIT
package zcrx.vm.kernel;

import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * Something that a kernel does wrong on purpose. The names are those of {@code vm-image/faults/faults.yaml}, which says
 * what they mean.
 */
public record Fault(String name, String section, List<String> breaks, String wrong, List<Edit> edit) {
    /** The word of the kernel's command line that switches a fault on, by its number. */
    public static final String SWITCH = "zcrx_fault";

    /** Where nearly all that is tested happens. */
    static final String MAIN_FILE = "io_uring/zcrx.c";

    public Fault {
        breaks = List.copyOf(breaks);
        edit = List.copyOf(edit);
    }

    /** A place in the source, and what becomes of it. */
    public record Edit(
            @Nullable String file,
            String in,
            @Nullable String at,
            @Nullable String replace,
            @Nullable String with,
            boolean skip,
            @Nullable String insert) {

        public Edit {
            boolean replaces = replace != null && with != null;
            boolean halfOfIt = (replace == null) != (with == null);
            int kinds = (replaces ? 1 : 0) + (skip ? 1 : 0) + (insert != null ? 1 : 0);
            if (halfOfIt || kinds != 1 || (at == null && !replaces)) {
                throw new IllegalArgumentException(
                        "an edit has replace and with, or skip: true, or insert; the last two need at");
            }
        }

        String path() {
            return Objects.requireNonNullElse(file, MAIN_FILE);
        }
    }
}
