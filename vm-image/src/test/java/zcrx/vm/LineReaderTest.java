// SPDX-License-Identifier: MIT
package zcrx.vm;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class LineReaderTest {

    private static List<String> read(String text, int longestLine, long most) throws IOException {
        var lines = new ArrayList<String>();
        var in = new ByteArrayInputStream(text.getBytes(StandardCharsets.UTF_8));
        new LineReader(longestLine, most).read(in, lines::add);
        assertThat(in.available()).describedAs("read to the end").isZero();
        return lines;
    }

    @Test
    void splits() throws IOException {
        assertThat(read("a\r\n\nb\n\u20ac c", 100, 100)).containsExactly("a", "", "b", "\u20ac c");
    }

    @Test
    void keepsControlCharacters() throws IOException {
        assertThat(read("\u001b[31mx\u0000\rv\n", 100, 100)).containsExactly("\u001b[31mx\u0000\rv");
    }

    @Test
    void cutsALongLine() throws IOException {
        assertThat(read("abcdef\nabcd\n", 4, 100))
                .containsExactly("abcd[zcrx: line longer than 4 bytes, the rest is left out]", "abcd");
    }

    @Test
    void stopsListeningToABabbler() throws IOException {
        assertThat(read("ab\n".repeat(1000), 10, 6))
                .containsExactly("ab", "ab", "[zcrx: more than 6 bytes, the rest is left out]");
    }
}
