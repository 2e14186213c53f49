// SPDX-License-Identifier: MIT
package zcrx.reports.run;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import zcrx.conformance.results.ResultEvent;
import zcrx.vm.Ending;

class ColumnTest {
    private static Run run(String verdict) {
        return switch (verdict) {
            case "pass" -> Feed.passed().finish();
            case "fail" -> Feed.planned().start(Feed.FIRST.id()).finish(Ending.Kind.KILLED, "");
            case "skip" ->
                new Feed()
                        .hello()
                        .event(new ResultEvent.Unsupported("no io_uring query"))
                        .bye(0)
                        .finish();
            default -> new Feed().finish(Ending.Kind.NOT_STARTED, "no kernel for debian:9.9");
        };
    }

    @ParameterizedTest
    @CsvSource({
        "pass pass, 0",
        "pass skip, 0",
        "skip pass skip, 0",
        "skip skip, 4",
        "pass fail, 1",
        "error fail skip, 1",
        "pass error, 125",
        "skip error, 125",
        "error error, 125",
    })
    void severalKernelsHaveOneExitCode(String verdicts, int exitCode) {
        var columns = new ArrayList<Column>();
        for (String verdict : verdicts.split(" ", -1)) {
            columns.add(new Column("7." + columns.size(), run(verdict)));
        }
        assertThat(Column.verdict(columns).exitCode().number()).isEqualTo(exitCode);
    }
}
