// SPDX-License-Identifier: MIT
package zcrx.reports.run;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.junit.jupiter.api.Test;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;
import zcrx.conformance.results.ResultEvent;
import zcrx.conformance.results.ResultEvent.PlannedTest;
import zcrx.reports.format.ComparisonReport;
import zcrx.vm.Ending;

class ComparisonTest {
    private static final String HOSTILE = "`rm` | @everybody <b>";

    /** A run of tests A.0, A.1, … with these outcomes; null for one that is not in the plan. */
    private static Run run(List<Status> outcomes) {
        return run(outcomes, 12);
    }

    private static Run run(List<Status> outcomes, long durationMs) {
        var feed = new Feed().hello();
        feed.plan(java.util.stream.IntStream.range(0, outcomes.size())
                .mapToObj(i -> new PlannedTest("A." + i, "s", "n", List.of("ARM-00" + i), "nodev"))
                .toArray(PlannedTest[]::new));
        int ended = 0;
        for (int i = 0; i < outcomes.size(); i++) {
            String id = "A." + i;
            if (outcomes.get(i) == Status.NOT_RUN) {
                continue;
            }
            ended++;
            var status = ResultEvent.Status.valueOf(outcomes.get(i).name());
            feed.start(id)
                    .mark(zcrx.conformance.results.KernelLogMark.Kind.END, id)
                    .event(new ResultEvent.End(
                            id, status, durationMs, status == ResultEvent.Status.PASS ? null : HOSTILE, null));
        }
        return ended == outcomes.size() ? feed.bye(ended).finish() : feed.finish(Ending.Kind.INTERRUPTED, "");
    }

    private static List<String> kinds(Run before, Run after) {
        return Comparison.of(before, after).changes().stream()
                .map(c -> c.id() + " " + c.kind().word() + (c.isRegression() ? " regression" : ""))
                .toList();
    }

    @Test
    void eachTestIsJudgedByWhatItSaidBeforeAndNow() {
        Run before = run(List.of(Status.PASS, Status.FAIL, Status.SKIP, Status.PASS, Status.PASS, Status.BROKEN));
        Run after = run(List.of(Status.FAIL, Status.PASS, Status.FAIL, Status.SKIP, Status.PASS, Status.FAIL));
        assertThat(kinds(before, after))
                .containsExactly("A.0 broke regression", "A.1 fixed", "A.2 new regression", "A.3 vanished");
        assertThat(Comparison.of(before, after).verdict()).isEqualTo(Verdict.FAIL);
        assertThat(Comparison.of(before, before).verdict()).isEqualTo(Verdict.PASS);
        assertThat(kinds(before, before)).isEmpty();
    }

    @Test
    void testsThatAreInOneRunOnly() {
        Run one = run(List.of(Status.PASS));
        Run two = run(List.of(Status.PASS, Status.PASS));
        assertThat(kinds(one, two)).containsExactly("A.1 new");
        assertThat(kinds(two, one)).containsExactly("A.1 vanished");
        assertThat(Comparison.of(two, one).verdict()).isEqualTo(Verdict.PASS);
    }

    @Test
    void aRunThatWasStoppedIsNoGroundForAJudgement() {
        Run whole = run(List.of(Status.PASS, Status.PASS));
        Run stopped = run(List.of(Status.PASS, Status.NOT_RUN));
        assertThat(Comparison.of(whole, stopped).verdict()).isEqualTo(Verdict.ERROR);
        Run died = run(List.of(Status.FAIL, Status.NOT_RUN));
        assertThat(Comparison.of(whole, died).verdict()).isEqualTo(Verdict.FAIL);
    }

    @Test
    void timesCountWhenTheyMoveFar() {
        Comparison slower = Comparison.of(run(List.of(Status.PASS), 100), run(List.of(Status.PASS), 900));
        assertThat(slower.timings()).containsExactly(new Comparison.Timing("A.0", 100, 900));
        assertThat(slower.verdict()).isEqualTo(Verdict.PASS);
        assertThat(Comparison.of(run(List.of(Status.PASS), 100), run(List.of(Status.PASS), 400))
                        .timings())
                .isEmpty();
        assertThat(Comparison.of(run(List.of(Status.PASS), 4000), run(List.of(Status.PASS), 5000))
                        .timings())
                .isEmpty();
    }

    @Test
    void reports() {
        Comparison comparison =
                Comparison.of(run(List.of(Status.PASS, Status.PASS)), run(List.of(Status.FAIL, Status.PASS), 1000));
        assertThat(ComparisonReport.text(comparison)).isEqualTo("""
                before   7.3.4+deb13-amd64, pass, 2 of 2 passed
                after    7.3.4+deb13-amd64, fail, 1 of 2 passed
                BROKE    A.0  pass → fail  ARM-000
                         `rm` | @everybody <b>
                time     A.1  12 ms → 1000 ms
                1 regression
                """);
        assertThat(ComparisonReport.markdown(comparison))
                .startsWith("### zcrx-conformance: 1 regression\n")
                .contains("| broke | `A.0` | pass → fail | `ARM-000` | `'rm' \\| @everybody <b>` |\n")
                .contains("| `A.1` | 12 ms → 1000 ms |\n");
        JsonNode json = JsonMapper.shared().readTree(ComparisonReport.json(comparison));
        assertThat(json.at("/verdict").asString()).isEqualTo("fail");
        assertThat(json.at("/exit_code").asInt()).isEqualTo(1);
        assertThat(json.at("/changes/broke/0/regression").asBoolean()).isTrue();
        assertThat(json.at("/changes").propertyNames()).containsExactly("broke", "fixed", "new", "vanished");
        assertThat(json.at("/timings/0/after_ms").asInt()).isEqualTo(1000);
    }
}
