// SPDX-License-Identifier: MIT
package zcrx.conformance;

import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * One of several parts of a plan, each of which runs elsewhere. Neighbours go to different ones, as slow tests are often
 * neighbours.
 *
 * @param number from 1
 * @param of how many there are
 */
public record Shard(int number, int of) {
    /** Everything. */
    public static final Shard WHOLE = new Shard(1, 1);

    /** What {@link #word} stands behind on a command line. */
    public static final String OPTION = "--shard";

    private static final Pattern WORD = Pattern.compile("([1-9][0-9]{0,5})/([1-9][0-9]{0,5})");

    /** Of {@code I/N}; throws {@link IllegalArgumentException} with one line for the user. */
    public static Shard parse(String word) {
        Matcher m = WORD.matcher(word);
        if (m.matches()) {
            var shard = new Shard(Integer.parseInt(m.group(1)), Integer.parseInt(m.group(2)));
            if (shard.number <= shard.of) {
                return shard;
            }
        }
        throw new IllegalArgumentException(word + ": no shard; give I/N, such as 1/4 to 4/4");
    }

    /** As {@link #parse} takes it. */
    public String word() {
        return number + "/" + of;
    }

    /**
     * Whether it has a test.
     *
     * @param index of it in the whole plan, from 0
     */
    boolean has(int index) {
        return index % of == number - 1;
    }
}
