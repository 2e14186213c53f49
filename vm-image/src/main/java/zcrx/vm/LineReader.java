// SPDX-License-Identifier: MIT
package zcrx.vm;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.util.function.Consumer;

/** Splits what a guest says into lines. A guest may be broken or lie: neither its lines nor their sum get too long. */
public final class LineReader {
    private final int longestLine;
    private final long most;

    /**
     * @param longestLine in bytes; the rest of a longer one is left out, and the line says so
     * @param most in bytes; what follows is left out, and one line says so
     */
    public LineReader(int longestLine, long most) {
        this.longestLine = longestLine;
        this.most = most;
    }

    /** Reads to the end, so that the writer never waits, and gives each line without its line break. */
    public void read(InputStream in, Consumer<String> lines) throws IOException {
        var line = new ByteArrayOutputStream();
        byte[] buffer = new byte[1 << 16];
        long total = 0;
        boolean tooLong = false;
        for (int n = in.read(buffer); n >= 0; n = in.read(buffer)) {
            for (int i = 0; i < n && total <= most; i++) {
                total++;
                if (buffer[i] == '\n') {
                    give(line, tooLong, lines);
                    tooLong = false;
                } else if (line.size() < longestLine) {
                    line.write(buffer[i]);
                } else {
                    tooLong = true;
                }
                if (total > most) {
                    lines.accept("[zcrx: more than " + most + " bytes, the rest is left out]");
                }
            }
        }
        if (line.size() > 0 && total <= most) {
            give(line, tooLong, lines);
        }
    }

    private void give(ByteArrayOutputStream line, boolean tooLong, Consumer<String> lines) {
        String text = line.toString(StandardCharsets.UTF_8);
        // Serial lines end theirs with both.
        text = text.endsWith("\r") ? text.substring(0, text.length() - 1) : text;
        lines.accept(
                tooLong ? text + "[zcrx: line longer than " + longestLine + " bytes, the rest is left out]" : text);
        line.reset();
    }
}
