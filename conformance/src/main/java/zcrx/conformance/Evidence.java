// SPDX-License-Identifier: MIT
package zcrx.conformance;

import java.util.Locale;
import org.jspecify.annotations.Nullable;

/**
 * What a kernel does where documents and kernels disagree. Tests of rules that are marked so, {@code finding} in {@code
 * requirements.yaml}, give what they saw, whether they pass or fail by it.
 */
public final class Evidence {
    private static @Nullable Sink sink;

    private Evidence() {}

    /** Who is right about this kernel, by the words of {@code requirements.yaml}. */
    public enum Side {
        DOCUMENT,
        HEADER,
        KERNELS;

        String word() {
            return name().toLowerCase(Locale.ROOT);
        }
    }

    /** Takes evidence of the test that runs. */
    interface Sink {
        void evidence(String rule, Side side, String seen);
    }

    static void to(Sink listener) {
        sink = listener;
    }

    /**
     * Of several for one side the first counts.
     *
     * @param side whose words this kernel confirms
     * @param seen what was asked and what came
     */
    public static void show(String rule, Side side, String seen) {
        if (sink == null) {
            throw new IllegalStateException("nobody listens");
        }
        sink.evidence(rule, side, seen);
    }
}
