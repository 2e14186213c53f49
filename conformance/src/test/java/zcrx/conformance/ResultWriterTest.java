// SPDX-License-Identifier: MIT
package zcrx.conformance;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.util.List;
import org.junit.jupiter.api.Test;
import zcrx.conformance.results.KernelLogMark;
import zcrx.conformance.results.ResultEvent;
import zcrx.conformance.results.ResultEvent.Status;
import zcrx.conformance.results.ResultWriter;

class ResultWriterTest {
    private static String written(ResultEvent event) {
        var out = new ByteArrayOutputStream();
        new ResultWriter(out).write(event);
        return out.toString(StandardCharsets.UTF_8);
    }

    @Test
    void oneLineForEachEvent() {
        assertThat(written(new ResultEvent.Start("Arm.twice")))
                .isEqualTo("{\"event\":\"start\",\"id\":\"Arm.twice\"}\n");
        assertThat(written(new ResultEvent.Alive())).isEqualTo("{\"event\":\"alive\"}\n");
        assertThat(written(new ResultEvent.Bye(3))).isEqualTo("{\"event\":\"bye\",\"ended\":3}\n");
    }

    @Test
    void whatIsNullIsLeftOutAndLinesStayLines() {
        assertThat(written(new ResultEvent.End("a", Status.PASS, 7, null, null)))
                .isEqualTo("{\"event\":\"end\",\"id\":\"a\",\"status\":\"PASS\",\"durationMs\":7}\n");
        assertThat(written(new ResultEvent.End("a", Status.FAIL, 7, "one\ntwo \u00e9\u0007", "x")))
                .contains("one\\ntwo \\u00E9\\u0007")
                .hasLineCount(1);
    }

    @Test
    void aPlanListsItsTests() {
        var test = new ResultEvent.PlannedTest("a", "subject", "name", List.of("ARM-001", "ARM-002"), "nodev");
        assertThat(written(new ResultEvent.Plan("gate", -5, List.of(test))))
                .isEqualTo("{\"event\":\"plan\",\"profile\":\"gate\",\"seed\":-5,\"tests\":[{\"id\":\"a\","
                        + "\"subject\":\"subject\",\"name\":\"name\",\"requirements\":[\"ARM-001\",\"ARM-002\"],"
                        + "\"dataPath\":\"nodev\"}]}\n");
    }

    @Test
    void marksAreFoundInConsoleLines() {
        var mark = new KernelLogMark(KernelLogMark.Kind.END, "Arm.twice");
        assertThat(KernelLogMark.find("[   12.345678] " + mark.text() + "\r")).contains(mark);
        assertThat(KernelLogMark.find("[   12.345678] something else")).isEmpty();
    }
}
