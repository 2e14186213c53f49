// SPDX-License-Identifier: MIT
package zcrx.reports.run;

import java.util.List;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/**
 * A report of the kernel against itself.
 *
 * @param kind what was found
 * @param title the line that says what happened, without its time
 * @param frames innermost functions of the call trace, those of the reporting machinery left out
 * @param lines as they stand in the kernel log
 * @param phase when it appeared
 * @param test during which it appeared; in phase {@link Phase#BETWEEN} the last one before it; null without one
 */
public record Splat(
        Kind kind,
        String title,
        List<String> frames,
        List<String> lines,
        Phase phase,
        @Nullable String test) {

    public enum Kind {
        WARNING,
        BUG,
        OOPS,
        GPF,
        KASAN,
        KMSAN,
        KCSAN,
        KFENCE,
        UBSAN,
        LOCKDEP,
        RCU,
        LOCKUP,
        HUNG_TASK,
        LEAK,
        /** The guest's memory, not a mistake of the kernel's. */
        OUT_OF_MEMORY,
        PANIC;

        /** As it is written in {@code summary.json}. */
        public String word() {
            return name().toLowerCase(Locale.ROOT);
        }
    }

    public enum Phase {
        /** Before the suite touched the kernel: shown, but not what is under test. */
        BOOT,
        /** While a test ran. */
        TEST,
        /** While none ran, after the first had begun: nobody else was there to cause it. */
        BETWEEN;

        /** As it is written in {@code summary.json}. */
        public String word() {
            return name().toLowerCase(Locale.ROOT);
        }
    }

    /** Whether the kernel is to blame; else the run went wrong in another way. */
    public boolean blamesKernel() {
        return kind != Kind.OUT_OF_MEMORY;
    }

    /** Short, one word, and the same for the same bug in two runs: what was found, and where. */
    public String fingerprint() {
        String where = frames.isEmpty()
                ? title.replaceAll("0x[0-9a-f]+|\\b[0-9a-f]{8,16}\\b|\\d+", "N")
                : String.join("<", frames);
        return kind.word() + ":" + where.replaceAll("\\s+", "_");
    }
}
