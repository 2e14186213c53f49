// SPDX-License-Identifier: MIT
package zcrx.reports.run;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.junit.jupiter.api.Test;
import zcrx.conformance.results.ResultEvent;
import zcrx.vm.Ending;

class RepeatsTest {
    private static final String ID = Feed.FIRST.id();

    private static Run run(ResultEvent.Status status) {
        return new Feed()
                .hello()
                .plan(Feed.FIRST, Feed.SECOND)
                .start(ID)
                .end(ID, status, status == ResultEvent.Status.PASS ? null : "because")
                .pass(Feed.SECOND.id())
                .bye(2)
                .finish();
    }

    private static Repeats repeats(Repetition repetition, Run... runs) {
        var repeats = new Repeats(repetition);
        for (Run run : runs) {
            repeats.add("r-" + (repeats.done() + 1), run);
        }
        return repeats;
    }

    private static Repetition times(int n) {
        return new Repetition(n, false, false);
    }

    @Test
    void theWorstIsSaidOfThemAll() {
        Column column = repeats(
                        times(3),
                        run(ResultEvent.Status.PASS),
                        run(ResultEvent.Status.FAIL),
                        run(ResultEvent.Status.SKIP))
                .column("7.3");
        assertThat(column.run().verdict()).isEqualTo(Verdict.FAIL);
        assertThat(column.run().errors()).isEmpty();
        assertThat(column.flakes())
                .extracting(flake -> flake.planned().id() + ": " + flake.words())
                .containsExactly(ID + ": pass 1, fail 1 (repeat 2), skip 1 (repeat 3)");
        assertThat(column.run().tests().getFirst().message())
                .isEqualTo("because\nof 3 repeats: pass 1, fail 1 (repeat 2), skip 1 (repeat 3)");
        assertThat(column.run().durationMs()).isEqualTo(27_000);
    }

    @Test
    void whatIsTheSameEachTimeIsNoFlake() {
        Column column = repeats(times(2), run(ResultEvent.Status.FAIL), run(ResultEvent.Status.FAIL))
                .column("7.3");
        assertThat(column.flakes()).isEmpty();
        assertThat(column.run().tests().getFirst().message()).endsWith("\nof 2 repeats: fail 2");
        assertThat(column.run().tests().getLast().message()).isEmpty();
    }

    @Test
    void fewerThanWereWantedAreNoPass() {
        Column column = repeats(times(3), run(ResultEvent.Status.PASS)).column("7.3");
        assertThat(column.run().verdict()).isEqualTo(Verdict.ERROR);
        assertThat(column.run().errors()).containsExactly("1 of 3 repeats were run");
        Column stopped = repeats(new Repetition(null, true, false), run(ResultEvent.Status.PASS))
                .column("7.3");
        assertThat(stopped.run().verdict()).isEqualTo(Verdict.ERROR);
    }

    @Test
    void untilOneDoesNotPass() {
        var untilFail = new Repetition(null, true, false);
        assertThat(repeats(untilFail, run(ResultEvent.Status.PASS)).isOver()).isFalse();
        Repeats failed = repeats(untilFail, run(ResultEvent.Status.PASS), run(ResultEvent.Status.FAIL));
        assertThat(failed.isOver()).isTrue();
        assertThat(failed.column("7.3").run().errors()).isEmpty();
        assertThat(repeats(untilFail, new Feed().finish(Ending.Kind.NOT_STARTED, "no QEMU"))
                        .isOver())
                .isTrue();
        assertThat(repeats(new Repetition(2, true, false), run(ResultEvent.Status.PASS), run(ResultEvent.Status.PASS))
                        .column("7.3")
                        .run()
                        .verdict())
                .isEqualTo(Verdict.PASS);
    }

    @Test
    void aRunThatWasCutShortMakesNoFlakes() {
        Run cut = new Feed().hello().plan(Feed.FIRST, Feed.SECOND).pass(ID).finish(Ending.Kind.INTERRUPTED, "");
        Column column = repeats(times(2), run(ResultEvent.Status.PASS), cut).column("7.3");
        assertThat(column.flakes()).isEmpty();
        assertThat(column.run().tests()).extracting(Run.Test::status).containsOnly(Status.PASS);
        assertThat(column.run().errors()).containsExactly("repeat 2: stopped by the user");
        assertThat(column.run().verdict()).isEqualTo(Verdict.ERROR);
    }

    @Test
    void whatBelongsToNoTestKeepsItsNumber() {
        Run died = Feed.planned()
                .pass(ID)
                .pass(Feed.SECOND.id())
                .pass(Feed.THIRD.id())
                .finish(Ending.Kind.KILLED, "QEMU was killed by SIGKILL");
        Column column = repeats(times(2), Feed.passed().finish(), died).column("7.3");
        assertThat(column.run().failures()).singleElement().asString().startsWith("repeat 2: the run ended early");
        assertThat(column.run().verdict()).isEqualTo(Verdict.FAIL);
    }

    @Test
    void aKernelThatLacksTheFeatureLacksItEachTime() {
        Run lacks = new Feed()
                .hello()
                .event(new ResultEvent.Unsupported("no io_uring query"))
                .bye(0)
                .finish();
        Column column = repeats(times(2), lacks, lacks).column("6.12");
        assertThat(column.run().verdict()).isEqualTo(Verdict.SKIP);
        assertThat(column.run().unsupported()).isEqualTo("no io_uring query");
        assertThat(repeats(times(2), lacks, run(ResultEvent.Status.PASS))
                        .column("7.3")
                        .run()
                        .unsupported())
                .isNull();
    }

    @Test
    void seeds() {
        var repetition = new Repetition(3, false, false);
        assertThat(List.of(repetition.seed(42, 1), repetition.seed(42, 2), repetition.seed(42, 3)))
                .doesNotHaveDuplicates()
                .startsWith(42L);
        assertThat(repetition.seed(42, 3)).isEqualTo(repetition.seed(42, 3));
        assertThat(new Repetition(3, false, true).seed(42, 3)).isEqualTo(42);
    }
}
