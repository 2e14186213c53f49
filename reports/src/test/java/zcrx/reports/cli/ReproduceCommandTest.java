// SPDX-License-Identifier: MIT
package zcrx.reports.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import zcrx.reports.run.ExitCode;
import zcrx.vm.program.ProgramGuest.Result;
import zcrx.vm.program.ProgramGuest.Session;

class ReproduceCommandTest {
    @ParameterizedTest
    @CsvSource({
        "0 0, PASS",
        "0 4, PASS",
        "0 1 4, FAIL",
        "4 4, SKIP",
        // One that died, was killed or never began may have failed.
        "0 -, CANNOT_TEST",
        "0 2 4, CANNOT_TEST",
        "0 137, CANNOT_TEST",
        "1 -, FAIL",
        "'', CANNOT_TEST",
    })
    void noProgramHidesAnother(String statuses, ExitCode expected) {
        Map<String, Result> results = new HashMap<>();
        List<String> words = statuses.isEmpty() ? List.of() : List.of(statuses.split(" ", -1));
        words.stream()
                .filter(word -> !word.equals("-"))
                .forEach(word -> results.put(word, new Result(Integer.parseInt(word), "")));
        var session = new Session(results, "stopped");
        assertThat(ReproduceCommand.code(words, session)).isEqualTo(expected);
        assertThat(ReproduceCommand.code(words.reversed(), session)).isEqualTo(expected);
    }
}
