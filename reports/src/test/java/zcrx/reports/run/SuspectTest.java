// SPDX-License-Identifier: MIT
package zcrx.reports.run;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;
import zcrx.conformance.results.ResultEvent.PlannedTest;

class SuspectTest {
    private static Run.Test on(String path, Status status) {
        String id = "ZeroCopy.mixed" + (path.equals("nodev") ? "" : "@" + path);
        var planned = new PlannedTest(id, "zero-copy", "some packets miss the rule", List.of("NIC-004"), path);
        return new Run.Test(Feed.SETUP, planned, status, 1, "", "", List.of(), List.of(), List.of(), List.of());
    }

    private static java.util.Optional<String> suspect(Run.Test... tests) {
        var run = new Run(
                Feed.SETUP,
                Feed.KERNEL,
                Arrays.asList(tests),
                List.of(),
                List.of(),
                List.of(),
                List.of(),
                null,
                List.of(),
                1);
        return run.suspect(tests[tests.length - 1]);
    }

    @Test
    void isTheDriverWhenAnotherDriverPasses() {
        assertThat(suspect(on("nodev", Status.PASS), on("simnic", Status.PASS), on("nic", Status.FAIL)))
                .contains("the driver, as it passes on nodev and simnic");
    }

    @Test
    void isTheCoreWhenAnotherPathFailsToo() {
        assertThat(suspect(on("nodev", Status.PASS), on("simnic", Status.FAIL), on("nic", Status.FAIL)))
                .contains("the core, as it fails on simnic too");
    }

    @Test
    void isNobodyWithoutAComparison() {
        assertThat(suspect(on("simnic", Status.SKIP), on("nic", Status.FAIL))).isEmpty();
        assertThat(suspect(on("simnic", Status.PASS), on("nic", Status.BROKEN))).isEmpty();
        assertThat(suspect(on("nic", Status.FAIL), on("simnic", Status.PASS))).isEmpty();
    }
}
