// SPDX-License-Identifier: MIT
package zcrx.reports.run;

import java.util.Locale;

/** Text from a guest. */
public final class Text {
    private Text() {}

    /**
     * Makes every character visible: what a terminal would obey, XML would refuse or a reader would not see is
     * written as an escape. Newlines and tabs stay.
     */
    public static String clean(String text) {
        StringBuilder clean = null;
        for (int i = 0; i < text.length(); ) {
            int c = text.codePointAt(i);
            int length = Character.charCount(c);
            if (!isPlain(c)) {
                if (clean == null) {
                    clean = new StringBuilder(text.length() + 16).append(text, 0, i);
                }
                clean.append(String.format(Locale.ROOT, c < 0x100 ? "\\x%02x" : "\\u%04x", c));
            } else if (clean != null) {
                clean.appendCodePoint(c);
            }
            i += length;
        }
        return clean == null ? text : clean.toString();
    }

    private static boolean isPlain(int c) {
        if (c == '\n' || c == '\t') {
            return true;
        }
        return switch (Character.getType(c)) {
            // Format characters turn the direction of text or hide it; surrogates here are lone ones.
            case Character.CONTROL,
                    Character.FORMAT,
                    Character.SURROGATE,
                    Character.UNASSIGNED,
                    Character.PRIVATE_USE,
                    Character.LINE_SEPARATOR,
                    Character.PARAGRAPH_SEPARATOR -> false;
            default -> true;
        };
    }

    /** Cleans, and cuts what is longer than any honest text: a guest must not fill this machine's memory. */
    public static String clean(String text, int limit) {
        return text.length() <= limit
                ? clean(text)
                : clean(text.substring(0, limit)) + "… (" + (text.length() - limit) + " more characters)";
    }

    /** One word of a command line for a POSIX shell, quoted if need be. */
    public static String shellWord(String word) {
        return word.matches("[A-Za-z0-9_@%+=:,./-]+") ? word : "'" + word.replace("'", "'\\''") + "'";
    }

    /** Cleans, and puts all on one line. */
    public static String oneLine(String text) {
        return clean(text).replaceAll("\\s*\n\\s*", " · ").replace('\t', ' ').strip();
    }
}
