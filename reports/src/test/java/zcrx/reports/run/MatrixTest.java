// SPDX-License-Identifier: MIT
package zcrx.reports.run;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import zcrx.conformance.results.ResultEvent;
import zcrx.conformance.results.ResultEvent.PlannedTest;
import zcrx.reports.run.Matrix.Cell;
import zcrx.reports.run.Matrix.Verdict;
import zcrx.vm.Ending;

class MatrixTest {
    private static Catalogue catalogue() {
        var rules = new LinkedHashMap<String, Catalogue.Rule>();
        rules.put("ARM-002", new Catalogue.Rule("Not fired.", "observed", "zcrx.c"));
        rules.put("ARM-001", new Catalogue.Rule("Fires again.", "observed", "zcrx.c"));
        rules.put("BUF-014", new Catalogue.Rule("Areas.", "observed", "zcrx.c", List.of(), "7.4", null));
        rules.put("OFF-008", new Catalogue.Rule("Flag.", "observed", "zcrx.c", List.of("seed"), null, null));
        return new Catalogue(rules);
    }

    private static PlannedTest test(String id, String path, String... rules) {
        return new PlannedTest(id, "s", "n", List.of(rules), path);
    }

    private static final PlannedTest NODEV = test("Arm.a", "nodev", "ARM-002");
    private static final PlannedTest OTHER = test("Arm.b", "nodev", "ARM-002", "ARM-001");
    private static final PlannedTest SIMNIC = test("Arm.a@simnic", "simnic", "ARM-002");

    private static Cell cell(Run run, String rule) {
        return Matrix.of(List.of(new Column(run)), catalogue()).rows().stream()
                .filter(row -> row.id().equals(rule))
                .findFirst()
                .orElseThrow()
                .cells()
                .getFirst();
    }

    /** A run of {@link #NODEV}, {@link #OTHER} and {@link #SIMNIC} with these outcomes. */
    private static Run run(ResultEvent.Status nodev, ResultEvent.Status other, ResultEvent.Status simnic) {
        var feed = new Feed().hello().plan(NODEV, OTHER, SIMNIC);
        end(feed, NODEV, nodev);
        end(feed, OTHER, other);
        end(feed, SIMNIC, simnic);
        return feed.bye(3).finish();
    }

    private static void end(Feed feed, PlannedTest test, ResultEvent.Status status) {
        @Nullable String why = status == ResultEvent.Status.PASS ? null : "because\nof this";
        feed.start(test.id()).end(test.id(), status, why);
    }

    @Test
    void onePassAndNoFailureIsAPass() {
        Cell cell = cell(run(ResultEvent.Status.PASS, ResultEvent.Status.SKIP, ResultEvent.Status.SKIP), "ARM-002");
        assertThat(cell.verdict()).isEqualTo(Verdict.PASS);
        assertThat(cell.reason()).isEqualTo("on simnic: Arm.a@simnic: because · of this");
        assertThat(cell.parts())
                .extracting(part -> part.dataPath() + " " + part.verdict().word() + " "
                        + part.tests().size())
                .containsExactly("nodev pass 2", "simnic skip 1");
    }

    @Test
    void whatEveryTestSkippedIsSkipped() {
        assertThat(cell(run(ResultEvent.Status.PASS, ResultEvent.Status.SKIP, ResultEvent.Status.PASS), "ARM-001"))
                .isEqualTo(new Cell(
                        Verdict.SKIP,
                        "Arm.b: because · of this",
                        cell(run(ResultEvent.Status.PASS, ResultEvent.Status.SKIP, ResultEvent.Status.PASS), "ARM-001")
                                .parts()));
    }

    @Test
    void oneFailureOnOnePathIsAFailure() {
        Cell cell = cell(run(ResultEvent.Status.PASS, ResultEvent.Status.BROKEN, ResultEvent.Status.FAIL), "ARM-002");
        assertThat(cell.verdict()).isEqualTo(Verdict.FAIL);
        assertThat(cell.reason())
                .isEqualTo("on nodev: Arm.b: because · of this; on simnic: Arm.a@simnic: because · of this");
    }

    @Test
    void whatATestThatDidNotRunWouldHaveSaidIsNotKnown() {
        Run died = new Feed()
                .hello()
                .plan(NODEV, SIMNIC, OTHER)
                .pass("Arm.a")
                .start("Arm.a@simnic")
                .finish(Ending.Kind.KILLED, "");
        assertThat(cell(died, "ARM-002").verdict()).isEqualTo(Verdict.FAIL);
        assertThat(cell(died, "ARM-001").verdict()).isEqualTo(Verdict.NOT_RUN);
        Run stopped = new Feed().hello().plan(NODEV, OTHER).pass("Arm.a").finish(Ending.Kind.INTERRUPTED, "");
        assertThat(cell(stopped, "ARM-002").verdict()).isEqualTo(Verdict.NOT_RUN);
    }

    @Test
    void rulesThatNoTestChecksHaveTheReason() {
        Run run = run(ResultEvent.Status.PASS, ResultEvent.Status.PASS, ResultEvent.Status.PASS);
        assertThat(cell(run, "BUF-014")).isEqualTo(new Cell(Verdict.NOT_APPLICABLE, "since 7.4", List.of()));
        assertThat(cell(run, "OFF-008"))
                .isEqualTo(new Cell(Verdict.NOT_APPLICABLE, "no rule of dialect event", List.of()));
        Run one = new Feed().hello().plan(NODEV).pass("Arm.a").bye(1).finish();
        assertThat(cell(one, "ARM-001")).isEqualTo(new Cell(Verdict.NOT_RUN, "not checked by profile gate", List.of()));
        Run unsupported = new Feed()
                .hello()
                .event(new ResultEvent.Unsupported("no query"))
                .bye(0)
                .finish();
        assertThat(cell(unsupported, "ARM-001")).isEqualTo(new Cell(Verdict.SKIP, "no query", List.of()));
        Run unreached = new Feed().finish(Ending.Kind.TIMEOUT, "");
        assertThat(cell(unreached, "ARM-001").reason()).startsWith("the suite was never reached");
    }

    @Test
    void aSkippedRuleOfALaterReleaseIsNone() {
        PlannedTest adding = test("Buffers.areas", "nodev", "BUF-014");
        Feed feed = new Feed().hello().plan(adding).start(adding.id());
        Run skipped = feed.end(adding.id(), ResultEvent.Status.SKIP, "no ADD_AREA")
                .bye(1)
                .finish();
        assertThat(cell(skipped, "BUF-014").verdict()).isEqualTo(Verdict.NOT_APPLICABLE);
        Run passed = new Feed().hello().plan(adding).pass(adding.id()).bye(1).finish();
        assertThat(cell(passed, "BUF-014").verdict()).isEqualTo(Verdict.PASS);
    }

    @Test
    void rowsAreInTheOrderOfTheCatalogueAndCellsInThatOfTheRuns() {
        Run good = run(ResultEvent.Status.PASS, ResultEvent.Status.PASS, ResultEvent.Status.PASS);
        Run bad = run(ResultEvent.Status.FAIL, ResultEvent.Status.PASS, ResultEvent.Status.PASS);
        Run strange = new Feed()
                .hello()
                .plan(test("X.y", "nodev", "XYZ-001"))
                .pass("X.y")
                .bye(1)
                .finish();
        Matrix matrix =
                Matrix.of(List.of(new Column("a", good), new Column("b", bad), new Column("c", strange)), catalogue());
        assertThat(matrix.rows())
                .extracting(Matrix.Row::id)
                .containsExactly("ARM-002", "ARM-001", "BUF-014", "OFF-008", "XYZ-001");
        assertThat(matrix.rows().getFirst().cells())
                .extracting(Cell::verdict)
                .containsExactly(Verdict.PASS, Verdict.FAIL, Verdict.NOT_RUN);
        assertThat(matrix.counts(1))
                .isEqualTo(Map.of(
                        Verdict.FAIL, 1,
                        Verdict.BROKEN, 0,
                        Verdict.XFAIL, 0,
                        Verdict.NOT_RUN, 1,
                        Verdict.PASS, 1,
                        Verdict.SKIP, 0,
                        Verdict.NOT_APPLICABLE, 2));
    }
}
