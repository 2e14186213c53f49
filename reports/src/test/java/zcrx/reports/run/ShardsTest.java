// SPDX-License-Identifier: MIT
package zcrx.reports.run;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Test;
import zcrx.conformance.results.ResultEvent;
import zcrx.conformance.results.ResultEvent.PlannedTest;
import zcrx.vm.Ending;

class ShardsTest {
    /** A passed run of these tests, one of which fails. */
    private static Run run(String shard, String fails, PlannedTest... tests) {
        var recorder = new RunRecorder(Feed.shard(shard, "gate"), Feed.KNOWN_BUGS, new RunRecorder.Listener() {});
        Feed feed = Feed.to(recorder).hello().plan(tests);
        for (PlannedTest test : tests) {
            boolean bad = test.id().equals(fails);
            feed.start(test.id())
                    .end(test.id(), bad ? ResultEvent.Status.FAIL : ResultEvent.Status.PASS, bad ? "because" : null);
        }
        feed.bye(tests.length);
        return recorder.finish(Feed.STOPPED, Duration.ofSeconds(9));
    }

    private static Shards all(Run... runs) {
        var shards = new Shards(List.of(runs[0]));
        for (Run run : List.of(runs).subList(1, runs.length)) {
            assertThat(shards.lack(run)).isTrue();
            shards = shards.and(run);
        }
        return shards;
    }

    @Test
    void allShardsAreOneRunInTheOrderOfThePlan() {
        Run whole = all(run("2/2", "", Feed.SECOND), run("1/2", "", Feed.FIRST, Feed.THIRD))
                .together();
        assertThat(whole.verdict()).isEqualTo(Verdict.PASS);
        assertThat(whole.tests())
                .extracting(Run.Test::id)
                .containsExactly("Port.noBuffers", "Arm.notFired", "Counters.bytes");
        assertThat(whole.setup().selection()).containsExactly("--shuffle", "3");
        assertThat(whole.notes()).contains("shard 1/2: seed 42, on 2 cpus, 2G");
        assertThat(whole.durationMs()).isEqualTo(18_000);
    }

    @Test
    void aShardThatIsMissingIsNoPass() {
        Run part = all(run("1/3", "", Feed.FIRST), run("3/3", "", Feed.THIRD)).together();
        assertThat(part.verdict()).isEqualTo(Verdict.ERROR);
        assertThat(part.errors()).containsExactly("shard 2/3 is missing: nobody knows about its tests");
        assertThat(all(run("1/3", "Port.noBuffers", Feed.FIRST)).together().verdict())
                .isEqualTo(Verdict.FAIL);
    }

    @Test
    void aShardThatCouldNotBeTestedIsNoPass() {
        var recorder = new RunRecorder(Feed.shard("2/2", "gate"), Feed.KNOWN_BUGS, new RunRecorder.Listener() {});
        Run nothing = recorder.finish(new Ending(Ending.Kind.NOT_STARTED, "no QEMU"), Duration.ZERO);
        Run whole = all(run("1/2", "", Feed.FIRST), nothing).together();
        assertThat(whole.verdict()).isEqualTo(Verdict.ERROR);
        assertThat(whole.errors())
                .singleElement()
                .asString()
                .startsWith("shard 2/2: ")
                .contains("no QEMU");
    }

    @Test
    void whatIsNoShardOfTheSame() {
        var shards = new Shards(List.of(run("1/2", "", Feed.FIRST)));
        assertThat(shards.lack(run("1/2", "", Feed.FIRST))).isFalse();
        assertThat(shards.lack(run("2/3", "", Feed.SECOND))).isFalse();
        // A test in both: one of them was run with other options.
        assertThat(shards.lack(run("2/2", "", Feed.FIRST))).isFalse();
        var other = new RunRecorder(Feed.shard("2/2", "full"), Feed.KNOWN_BUGS, new RunRecorder.Listener() {});
        assertThat(shards.lack(other.finish(Feed.STOPPED, Duration.ZERO))).isFalse();
        assertThat(shards.lack(run("2/2", "", Feed.SECOND))).isTrue();
    }
}
