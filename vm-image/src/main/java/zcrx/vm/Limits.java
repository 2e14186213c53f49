// SPDX-License-Identifier: MIT
package zcrx.vm;

import java.time.Duration;

/**
 * How long a run may take.
 *
 * @param whole from its start to its end
 * @param silence between two lines of the result stream, from the first one on, see {@link Silence}
 */
public record Limits(Duration whole, Duration silence) {

    /** Nothing but the whole is limited. */
    public static Limits whole(Duration whole) {
        return new Limits(whole, whole);
    }

    /** For what is left of the whole. */
    public Limits within(Duration left) {
        return new Limits(left, silence);
    }

    /** What it means that a program was ended from here. */
    public Ending ending(Ending.Kind cut) {
        return new Ending(
                cut,
                switch (cut) {
                    case TIMEOUT -> "no end within " + whole.toSeconds() + " s";
                    case HUNG -> "no system call and no result for " + silence.toSeconds() + " s";
                    default -> "";
                });
    }
}
