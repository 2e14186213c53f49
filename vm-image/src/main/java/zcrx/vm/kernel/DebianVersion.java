// SPDX-License-Identifier: MIT
package zcrx.vm.kernel;

/** A version of a Debian package; compares by the rules of deb-version(7). */
record DebianVersion(String text) implements Comparable<DebianVersion> {

    /** What Debian packaged: without epoch and Debian's own revision, such as {@code 7.3~rc7}. */
    String upstream() {
        int start = text.indexOf(':') + 1;
        int end = text.lastIndexOf('-');
        return text.substring(start, end < start ? text.length() : end);
    }

    private String revision() {
        int dash = text.lastIndexOf('-');
        return dash < 0 ? "0" : text.substring(dash + 1);
    }

    private int epoch() {
        int colon = text.indexOf(':');
        return colon < 0 ? 0 : Integer.parseInt(text.substring(0, colon));
    }

    @Override
    public int compareTo(DebianVersion other) {
        int byEpoch = Integer.compare(epoch(), other.epoch());
        if (byEpoch != 0) {
            return byEpoch;
        }
        int byUpstream = compareParts(upstream(), other.upstream());
        return byUpstream != 0 ? byUpstream : compareParts(revision(), other.revision());
    }

    /** Non-digits and digits in turns: the first by character, the second as numbers. */
    private static int compareParts(String a, String b) {
        int i = 0;
        int j = 0;
        while (i < a.length() || j < b.length()) {
            while ((i < a.length() && !isDigit(a.charAt(i))) || (j < b.length() && !isDigit(b.charAt(j)))) {
                int byCharacter = Integer.compare(weight(a, i), weight(b, j));
                if (byCharacter != 0) {
                    return byCharacter;
                }
                i++;
                j++;
            }
            int endOfA = endOfDigits(a, i);
            int endOfB = endOfDigits(b, j);
            int byNumber = Long.compare(number(a, i, endOfA), number(b, j, endOfB));
            if (byNumber != 0) {
                return byNumber;
            }
            i = endOfA;
            j = endOfB;
        }
        return 0;
    }

    /** A tilde sorts before the end, the end before letters, letters before everything else. */
    private static int weight(String s, int at) {
        if (at >= s.length() || isDigit(s.charAt(at))) {
            return 0;
        }
        char c = s.charAt(at);
        if (c == '~') {
            return -1;
        }
        return Character.isLetter(c) ? c : c + 256;
    }

    private static int endOfDigits(String s, int from) {
        int end = from;
        while (end < s.length() && isDigit(s.charAt(end))) {
            end++;
        }
        return end;
    }

    private static long number(String s, int from, int to) {
        return from >= to ? 0 : Long.parseLong(s.substring(from, to));
    }

    private static boolean isDigit(char c) {
        return c >= '0' && c <= '9';
    }
}
