// SPDX-License-Identifier: MIT
package zcrx.reports.run;

import java.util.SplittableRandom;
import org.jspecify.annotations.Nullable;

/**
 * How often a suite runs, one time after the other.
 *
 * @param times at most; null for no limit
 * @param untilFail whether the first run that does not pass is the last
 * @param sameSeed whether every run makes the same random choices
 */
public record Repetition(@Nullable Integer times, boolean untilFail, boolean sameSeed) {
    public static final Repetition ONCE = new Repetition(1, false, true);

    /** Seeds that are chosen, not given, are short enough to be typed. */
    public static final long SEEDS = 10_000_000;

    public boolean runsOnce() {
        return times != null && times == 1;
    }

    /**
     * Whether all runs that were wanted have been run.
     *
     * @param last verdict of the last of them
     */
    boolean isOver(int done, Verdict last) {
        return (times != null && done >= times) || (untilFail && last != Verdict.PASS);
    }

    /**
     * The seed of one of the runs, the same on every kernel.
     *
     * @param first seed of the first
     * @param number from 1
     */
    public long seed(long first, int number) {
        return sameSeed || number == 1 ? first : new SplittableRandom(first + number).nextLong(1, SEEDS);
    }

    /** How many there are going to be, as far as that is known. */
    public @Nullable Integer known() {
        return untilFail ? null : times;
    }
}
