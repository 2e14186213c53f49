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
        assertThat(ComparisonReport.text(alone(comparison))).isEqualTo("""
                before   7.3.4+deb13-amd64, pass, 2 of 2 passed
                after    7.3.4+deb13-amd64, fail, 1 of 2 passed
                BROKE    A.0  pass → fail  ARM-000
                         `rm` | @everybody <b>
                time     A.1  12 ms → 1000 ms
                1 regression
                """);
        assertThat(ComparisonReport.markdown(alone(comparison)))
                .startsWith("### zcrx-conformance: 1 regression\n")
                .contains("| broke | `A.0` | pass → fail | `ARM-000` | `'rm' \\| @everybody <b>` |\n")
                .contains("| `A.1` | 12 ms → 1000 ms |\n");
        JsonNode json = JsonMapper.shared().readTree(ComparisonReport.json(alone(comparison)));
        assertThat(json.at("/verdict").asString()).isEqualTo("fail");
        assertThat(json.at("/exit_code").asInt()).isEqualTo(1);
        assertThat(json.at("/changes/broke/0/regression").asBoolean()).isTrue();
        assertThat(json.at("/changes").propertyNames()).containsExactly("broke", "fixed", "new", "vanished");
        assertThat(json.at("/timings/0/after_ms").asInt()).isEqualTo(1000);
    }

    private static Comparisons alone(Comparison comparison) {
        return Comparisons.of(List.of(new Column(comparison.before())), List.of(new Column(comparison.after())));
    }

    private static Column column(String label, Status... outcomes) {
        return new Column(label, run(List.of(outcomes)));
    }

    private static Column of(String label, String spec, Status... outcomes) {
        Run run = run(List.of(outcomes));
        Setup s = run.setup();
        var setup = new Setup(
                s.version(),
                s.started(),
                List.of("vm", "--kernel", spec),
                s.profile(),
                s.tests(),
                s.selection(),
                s.seed(),
                s.kernel(),
                s.origin(),
                s.host(),
                s.strict(),
                s.ignoredSplats(),
                s.expected(),
                s.qemu(),
                s.accelerator());
        return new Column(
                label,
                new Run(
                        setup,
                        Feed.KERNEL,
                        run.tests(),
                        run.splats(),
                        run.failures(),
                        run.errors(),
                        run.notes(),
                        run.unsupported(),
                        run.console(),
                        run.durationMs()));
    }

    @Test
    void kernelByKernel() {
        List<Column> before = List.of(
                of("7.2.9", "debian:7.2", Status.PASS),
                of("7.3.4", "debian:7.3", Status.FAIL),
                of("6.12", "debian:6.12", Status.SKIP));
        List<Column> after = List.of(
                of("7.3.4", "debian:7.3", Status.FAIL),
                of("7.2.12", "debian:7.2", Status.PASS),
                of("7.4", "debian:7.4", Status.PASS));
        Comparisons same = Comparisons.of(before, after);
        assertThat(same.verdict()).isEqualTo(Verdict.PASS);
        assertThat(same.vanished()).containsExactly("6.12");
        assertThat(same.pairs())
                .extracting(pair -> pair.label() + " " + pair.isNew())
                .containsExactly("7.3.4 false", "7.2.12 false", "7.4 true");

        Comparisons worse = Comparisons.of(before, List.of(of("7.2.12", "debian:7.2", Status.FAIL)));
        assertThat(worse.verdict()).isEqualTo(Verdict.FAIL);
        // Nobody knows that it failed before.
        assertThat(Comparisons.of(before, List.of(of("7.4", "debian:7.4", Status.FAIL), column("7.3.4", Status.FAIL)))
                        .verdict())
                .isEqualTo(Verdict.FAIL);
        // One each: these are meant.
        assertThat(Comparisons.of(
                                List.of(of("7.3.4", "debian:7.3", Status.FAIL)),
                                List.of(of("7.4", "~/linux", Status.FAIL)))
                        .verdict())
                .isEqualTo(Verdict.PASS);
    }

    @Test
    void reportsOfSeveralKernels() {
        Comparisons all = Comparisons.of(
                List.of(column("7.2", Status.PASS), column("7.3", Status.PASS), column("6.12", Status.SKIP)),
                List.of(column("7.2", Status.PASS), column("7.3", Status.FAIL)));
        assertThat(ComparisonReport.text(all))
                .startsWith("kernel   7.2\nbefore   ")
                .contains("\nkernel   7.3\n")
                .contains("BROKE    A.0  pass → fail")
                .endsWith("kernel   6.12, only in the earlier runs\nregressions on 1 of 2 kernels\n");
        assertThat(ComparisonReport.markdown(all))
                .startsWith("## zcrx-conformance: regressions on 1 of 2 kernels\n")
                .contains("\nkernel `7.3`\n\n### zcrx-conformance: 1 regression\n");
        JsonNode json = JsonMapper.shared().readTree(ComparisonReport.json(all));
        assertThat(json.at("/exit_code").asInt()).isEqualTo(1);
        assertThat(json.at("/kernels/1/label").asString()).isEqualTo("7.3");
        assertThat(json.at("/kernels/1/changes/broke/0/id").asString()).isEqualTo("A.0");
        assertThat(json.at("/vanished/0").asString()).isEqualTo("6.12");
    }
}
