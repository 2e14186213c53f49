// SPDX-License-Identifier: MIT
package zcrx.reports.prove;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import zcrx.conformance.results.ResultEvent.Attachment;
import zcrx.conformance.results.ResultEvent.Status;
import zcrx.reports.run.Feed;
import zcrx.reports.run.Run;
import zcrx.vm.kernel.Fault;
import zcrx.vm.program.ProgramGuest.Result;
import zcrx.vm.program.ProgramGuest.Session;

class ReproductionTest {
    private static final Fault FAULT =
            new Fault("arm-unfired", "arming", List.of("ARM-004"), "It is wrong.", List.of());

    private static final Run BOTH_FAILED = Feed.planned()
            .start(Feed.FIRST.id())
            .end(Feed.FIRST.id(), Status.FAIL, "two values disagree")
            .start(Feed.SECOND.id())
            .end(Feed.SECOND.id(), Status.FAIL, "returned 0, expected -EINVAL")
            .bye(2)
            .finish();

    private static Run leaving(String first, String second) {
        return BOTH_FAILED.attaching(Attachment.PROGRAM, Map.of(Feed.FIRST.id(), first, Feed.SECOND.id(), second));
    }

    private static Session ending(int status) {
        return new Session(Map.of(FAULT.name(), new Result(status, "FAIL: a | b")), "stopped");
    }

    @Test
    void toldApartWhenItFailsOnTheOneAndPassesOnTheOther() {
        Run run = leaving("int main(void) {}", "int main(void) {}");
        Reproduction row = Reproduction.of(FAULT, run, ending(1), ending(0));
        assertThat(row.test()).isEqualTo(Feed.FIRST.id());
        assertThat(row.reason()).isEmpty();
        assertThat(row.isToldApart()).isTrue();
        assertThat(Reproduction.of(FAULT, run, ending(1), ending(1)).isToldApart())
                .isFalse();
        assertThat(Reproduction.of(FAULT, run, ending(0), ending(0)).isToldApart())
                .isFalse();
        assertThat(Reproduction.of(FAULT, run, ending(2), ending(0)).isToldApart())
                .isFalse();
        assertThat(Reproduction.of(FAULT, run, ending(4), ending(0)).isToldApart())
                .isFalse();
    }

    @Test
    void aGuestThatDiedTellsNothing() {
        Run run = leaving("int main(void) {}", "int main(void) {}");
        Reproduction row =
                Reproduction.of(FAULT, run, new Session(Map.of(), "killed, its last line was 'x'"), ending(0));
        assertThat(row.isToldApart()).isFalse();
        assertThat(row.reason()).contains("killed, its last line was 'x'");
    }

    @Test
    void takesTheFirstFailureThatLeftAProgram() {
        Run run = leaving(Attachment.NOT_EXPORTABLE + "it takes 2 threads", "int main(void) {}");
        Reproduction row = Reproduction.of(FAULT, run, ending(1), ending(0));
        assertThat(row.test()).isEqualTo(Feed.SECOND.id());
        assertThat(row.rules()).containsExactly("ARM-003", "ARM-004");
        assertThat(row.reason()).contains(Feed.FIRST.id(), "it takes 2 threads");
        assertThat(row.isToldApart()).isTrue();
    }

    @Test
    void tables() {
        Run run = leaving("int main(void) {}", "int main(void) {}");
        var table = new ReproductionTable(
                "7.3.4",
                List.of(
                        Reproduction.of(FAULT, run, ending(1), ending(0)),
                        Reproduction.impossible(FAULT, run, "not exportable: it takes 2 threads")));
        assertThat(table.summary()).isEqualTo("1 of 2 caught faults are told apart by a C program");
        assertThat(table.markdown())
                .contains(
                        "| arming | 2 | 1 |", "1, FAIL: a \\| b", "| told apart |", "| not: not exportable: it takes");
        assertThat(table.json()).contains("\"told_apart\" : 1", "\"faulty\" : null", "\"said\" : \"FAIL: a | b\"");
    }
}
