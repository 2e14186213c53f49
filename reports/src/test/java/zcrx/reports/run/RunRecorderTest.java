// SPDX-License-Identifier: MIT
package zcrx.reports.run;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;
import zcrx.conformance.results.KernelLogMark;
import zcrx.conformance.results.ResultEvent;
import zcrx.conformance.results.ResultEvent.PlannedTest;
import zcrx.vm.Ending;

class RunRecorderTest {
    private static final String FIRST = Feed.FIRST.id();
    private static final String SECOND = Feed.SECOND.id();

    private static List<Status> statuses(Run run) {
        return run.tests().stream().map(Run.Test::status).toList();
    }

    @Test
    void allPassed() {
        Run run = Feed.passed().finish();
        assertThat(run.errors()).isEmpty();
        assertThat(run.verdict()).isEqualTo(Verdict.PASS);
        assertThat(run.verdict().exitCode().number()).isZero();
        assertThat(run.count(Status.PASS)).isEqualTo(3);
        assertThat(run.kernel()).isEqualTo(Feed.KERNEL);
    }

    @Test
    void oneFailed() {
        Run run = Feed.planned()
                .pass(FIRST)
                .start(SECOND)
                .end(SECOND, ResultEvent.Status.FAIL, "returned 0, expected -EINVAL\nrule ARM-003")
                .pass(Feed.THIRD.id())
                .bye(3)
                .finish();
        assertThat(run.verdict()).isEqualTo(Verdict.FAIL);
        assertThat(run.tests().get(1).reason()).isEqualTo("returned 0, expected -EINVAL");
    }

    @Test
    void aBrokenTestDidNotPass() {
        Run run = Feed.planned()
                .pass(FIRST)
                .start(SECOND)
                .end(SECOND, ResultEvent.Status.BROKEN, "NullPointerException")
                .pass(Feed.THIRD.id())
                .bye(3)
                .finish();
        assertThat(statuses(run)).containsExactly(Status.PASS, Status.BROKEN, Status.PASS);
        assertThat(run.verdict()).isEqualTo(Verdict.FAIL);
    }

    @Test
    void allSkippedIsNotAPass() {
        Run run = new Feed()
                .hello()
                .plan(Feed.FIRST)
                .start(FIRST)
                .end(FIRST, ResultEvent.Status.SKIP, "no NIC")
                .bye(1)
                .finish();
        assertThat(run.verdict()).isEqualTo(Verdict.SKIP);
        assertThat(run.verdict().exitCode().number()).isEqualTo(4);
    }

    @Test
    void unsupportedKernel() {
        Run run = new Feed()
                .hello()
                .event(new ResultEvent.Unsupported("kernel 6.12 has no io_uring query"))
                .bye(0)
                .finish();
        assertThat(run.verdict()).isEqualTo(Verdict.SKIP);
        assertThat(run.errors()).isEmpty();
        assertThat(run.unsupported()).contains("6.12");
    }

    @Test
    void unsupportedKernelThatWasKilledIsNoAnswer() {
        Run run = new Feed()
                .hello()
                .event(new ResultEvent.Unsupported("kernel 6.12 has no io_uring query"))
                .finish(Ending.Kind.KILLED, "QEMU was killed by signal 9");
        assertThat(run.verdict()).isEqualTo(Verdict.ERROR);
    }

    @Test
    void aPlanWithoutTestsIsNotAPass() {
        assertThat(new Feed().hello().plan().bye(0).finish().verdict()).isEqualTo(Verdict.ERROR);
    }

    @Test
    void killedDuringATest() {
        Run run = Feed.planned().pass(FIRST).start(SECOND).finish(Ending.Kind.KILLED, "QEMU was killed by signal 9");
        assertThat(statuses(run)).containsExactly(Status.PASS, Status.FAIL, Status.NOT_RUN);
        assertThat(run.tests().get(1).reason()).isEqualTo("QEMU was killed by signal 9");
        assertThat(run.tests().get(2).reason()).contains(SECOND).contains("QEMU was killed");
        assertThat(run.verdict().exitCode().number()).isEqualTo(1);
    }

    @Test
    void killedWhenOnlyTheKernelLogHasTheStart() {
        Run run = Feed.planned()
                .pass(FIRST)
                .mark(KernelLogMark.Kind.START, SECOND)
                .finish(Ending.Kind.KILLED, "");
        assertThat(statuses(run)).containsExactly(Status.PASS, Status.FAIL, Status.NOT_RUN);
    }

    @Test
    void killedBetweenTests() {
        Run run = Feed.planned().pass(FIRST).finish(Ending.Kind.KILLED, "QEMU was killed by signal 9");
        assertThat(statuses(run)).containsExactly(Status.PASS, Status.NOT_RUN, Status.NOT_RUN);
        assertThat(run.failures()).singleElement().asString().contains("after " + FIRST);
        assertThat(run.verdict()).isEqualTo(Verdict.FAIL);
    }

    @Test
    void killedAfterAllPassedIsNotAPass() {
        assertThat(Feed.passed().finish(Ending.Kind.KILLED, "").verdict()).isEqualTo(Verdict.ERROR);
    }

    @ParameterizedTest
    @EnumSource(Ending.Kind.class)
    void withoutASuiteNothingCanBeSaid(Ending.Kind how) {
        Run run = new Feed().log("[    0.000000] Linux version 7.3.4").finish(how, "because");
        assertThat(run.verdict()).isEqualTo(Verdict.ERROR);
        assertThat(run.verdict().exitCode().number()).isEqualTo(125);
        assertThat(run.errors()).hasSize(1);
        assertThat(run.console()).containsExactly("[    0.000000] Linux version 7.3.4");
    }

    @ParameterizedTest
    @EnumSource(
            value = Ending.Kind.class,
            names = {"STOPPED", "KILLED", "TIMEOUT"})
    void anEarlyEndWithoutATestIsAnError(Ending.Kind how) {
        assertThat(Feed.planned().finish(how, "").verdict()).isEqualTo(Verdict.ERROR);
    }

    @Test
    void timeoutNamesTheRunningTest() {
        Run run = Feed.planned()
                .pass(FIRST)
                .start(SECOND)
                .log("[    4.000000] the last words")
                .finish(Ending.Kind.TIMEOUT, "");
        assertThat(run.tests().get(1).status()).isEqualTo(Status.FAIL);
        assertThat(run.tests().get(1).reason()).contains("time limit").contains("the last words");
        assertThat(run.verdict()).isEqualTo(Verdict.FAIL);
    }

    @Test
    void aTestThatIsStuckFails() {
        Run run = Feed.planned()
                .pass(FIRST)
                .start(SECOND)
                .event(new ResultEvent.Alive())
                .finish(Ending.Kind.HUNG, "no system call and no result for 120 s");
        assertThat(statuses(run)).containsExactly(Status.PASS, Status.FAIL, Status.NOT_RUN);
        assertThat(run.tests().get(1).reason()).isEqualTo("hung: no system call and no result for 120 s");
        assertThat(run.verdict()).isEqualTo(Verdict.FAIL);
        assertThat(run.errors()).isEmpty();
    }

    @Test
    void signsOfLifeEndWithTheSuite() {
        assertThat(Feed.planned()
                        .event(new ResultEvent.Alive())
                        .pass(FIRST)
                        .finish(Ending.Kind.TIMEOUT, "")
                        .errors())
                .isEmpty();
        assertThat(new Feed()
                        .event(new ResultEvent.Alive())
                        .finish(Ending.Kind.STOPPED, "")
                        .errors())
                .anyMatch(line -> line.contains("a sign of life where none can be"));
    }

    @ParameterizedTest
    @EnumSource(
            value = Ending.Kind.class,
            names = {"TIMEOUT", "HUNG"})
    void aProcessThatDoesNotEndAfterTheSuiteIsTheKernelsFault(Ending.Kind how) {
        Run run = new Feed()
                .hello()
                .plan(Feed.FIRST)
                .pass(FIRST)
                .event(new ResultEvent.Bye(1))
                .finish(how, "");
        assertThat(run.verdict()).isEqualTo(Verdict.FAIL);
    }

    @ParameterizedTest
    @EnumSource(
            value = Ending.Kind.class,
            names = {"TIMEOUT", "HUNG"})
    void aGuestThatDoesNotStopAfterTheSuiteIsNoPass(Ending.Kind how) {
        assertThat(Feed.passed().finish(how, "").verdict()).isEqualTo(Verdict.ERROR);
    }

    @Test
    void interrupted() {
        Run run = Feed.planned().pass(FIRST).start(SECOND).finish(Ending.Kind.INTERRUPTED, "");
        assertThat(statuses(run)).containsExactly(Status.PASS, Status.NOT_RUN, Status.NOT_RUN);
        assertThat(run.verdict()).isEqualTo(Verdict.ERROR);
        assertThat(run.errors()).containsExactly("stopped by the user");
    }

    @Test
    void interruptedAfterAFailure() {
        Run run = Feed.planned()
                .start(FIRST)
                .end(FIRST, ResultEvent.Status.FAIL, "wrong")
                .start(SECOND)
                .finish(Ending.Kind.INTERRUPTED, "");
        assertThat(run.verdict()).isEqualTo(Verdict.FAIL);
    }

    @Test
    void aSuiteThatGivesUpIsNotTheKernelsFault() {
        Run run = Feed.planned()
                .pass(FIRST)
                .start(SECOND)
                .event(new ResultEvent.Exit(3))
                .finish();
        assertThat(run.tests().get(1).status()).isEqualTo(Status.BROKEN);
        assertThat(run.tests().get(1).reason()).contains("status 3");
        assertThat(run.verdict()).isEqualTo(Verdict.FAIL);
    }

    @Test
    void aSuiteThatIsKilledByASignalMayBeTheKernelsFault() {
        Run run = Feed.planned()
                .pass(FIRST)
                .start(SECOND)
                .event(new ResultEvent.Exit(139))
                .finish();
        assertThat(run.tests().get(1).status()).isEqualTo(Status.FAIL);
        assertThat(run.tests().get(1).reason()).contains("SIGSEGV");
    }

    @Test
    void aBadEndOfTheProcessAfterTheSuite() {
        Feed signal = new Feed().hello().plan(Feed.FIRST).pass(FIRST).event(new ResultEvent.Bye(1));
        assertThat(signal.event(new ResultEvent.Exit(139)).finish().verdict()).isEqualTo(Verdict.FAIL);
        Feed status = new Feed().hello().plan(Feed.FIRST).pass(FIRST).event(new ResultEvent.Bye(1));
        assertThat(status.event(new ResultEvent.Exit(1)).finish().verdict()).isEqualTo(Verdict.ERROR);
        Feed unknown = new Feed().hello().plan(Feed.FIRST).pass(FIRST).event(new ResultEvent.Bye(1));
        assertThat(unknown.finish().verdict()).isEqualTo(Verdict.ERROR);
    }

    @Test
    void whatATestFindsBrokenBecomesOneOfItsRules() {
        Feed feed = Feed.planned().start(FIRST).event(new ResultEvent.Broken(FIRST, "BUF-001"));
        feed.event(new ResultEvent.Broken(FIRST, "BUF-001")).end(FIRST, ResultEvent.Status.FAIL, "no data");
        Run run = feed.event(new ResultEvent.Broken(SECOND, "BUF-001")).finish();
        assertThat(run.tests().getFirst().planned().requirements()).containsExactly("EVT-001", "BUF-001");
        assertThat(run.errors()).anyMatch(error -> error.contains("a rule broken in " + SECOND));
    }

    @Test
    void aTestIsFinalOnceBothStreamsHavePassedIt() {
        Feed feed = Feed.planned().start(FIRST);
        feed.event(new ResultEvent.End(FIRST, ResultEvent.Status.PASS, 1, null, null));
        feed.log("[    3.1] WARNING: CPU: 0 PID: 1 at io_uring/zcrx.c:1 io_zcrx+0x1/0x2");
        assertThat(feed.told()).isEmpty();
        feed.mark(KernelLogMark.Kind.END, FIRST);
        assertThat(feed.told()).containsExactly(FIRST + " fail");
    }

    @Test
    void theKernelLogMayComeLate() {
        Feed feed = Feed.planned();
        feed.event(new ResultEvent.Start(FIRST))
                .event(new ResultEvent.End(FIRST, ResultEvent.Status.PASS, 1, null, null))
                .event(new ResultEvent.Start(SECOND));
        assertThat(feed.told()).isEmpty();
        feed.mark(KernelLogMark.Kind.START, FIRST).mark(KernelLogMark.Kind.END, FIRST);
        assertThat(feed.told()).containsExactly(FIRST + " pass");
    }

    @Test
    void theKernelLogMayComeFirst() {
        Run run = new Feed()
                .console("warn")
                .hello()
                .plan(Feed.FIRST, Feed.SECOND)
                .event(new ResultEvent.Start(FIRST))
                .event(new ResultEvent.End(FIRST, ResultEvent.Status.PASS, 1, null, null))
                .event(new ResultEvent.Start(SECOND))
                .event(new ResultEvent.End(SECOND, ResultEvent.Status.PASS, 1, null, null))
                .bye(2)
                .finish();
        assertThat(statuses(run)).containsExactly(Status.PASS, Status.FAIL);
    }

    @Test
    void lostMarksMayHideWhatTheKernelReported() {
        Run run = new Feed()
                .hello()
                .plan(Feed.FIRST)
                .event(new ResultEvent.Start(FIRST))
                .event(new ResultEvent.End(FIRST, ResultEvent.Status.PASS, 1, null, null))
                .bye(1)
                .finish();
        assertThat(run.verdict()).isEqualTo(Verdict.ERROR);
        assertThat(run.errors()).singleElement().asString().contains("lacks the marks of 1 tests");
    }

    @Test
    void droppedKernelLogMayHideWhatTheKernelReported() {
        Run run = new Feed()
                .hello()
                .plan(Feed.FIRST)
                .start(FIRST)
                .log("** 12 printk messages dropped **")
                .end(FIRST, ResultEvent.Status.PASS, null)
                .bye(1)
                .finish();
        assertThat(run.verdict()).isEqualTo(Verdict.ERROR);
    }

    @Test
    void aReportDuringBootIsShownButNotUnderTest() {
        Feed feed = new Feed().log("[    0.1] WARNING: CPU: 0 PID: 1 at mm/x.c:1 f+0x1/0x2");
        Run run = feed.hello().plan(Feed.FIRST).pass(FIRST).bye(1).finish();
        assertThat(run.verdict()).isEqualTo(Verdict.PASS);
        assertThat(run.splats())
                .singleElement()
                .extracting(Splat::phase, Splat::test)
                .containsExactly(Splat.Phase.BOOT, null);
    }

    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void aReportBetweenOrAfterTestsFailsTheRun(boolean last) {
        Feed feed = new Feed().hello().plan(Feed.FIRST, Feed.SECOND).pass(FIRST);
        if (last) {
            feed.pass(SECOND).bye(2);
        }
        feed.log("[    3.1] WARNING: CPU: 0 PID: 1 at io_uring/zcrx.c:1 io_zcrx+0x1/0x2");
        if (!last) {
            feed.pass(SECOND).bye(2);
        }
        Run run = feed.finish();
        assertThat(statuses(run)).containsOnly(Status.PASS);
        assertThat(run.verdict()).isEqualTo(Verdict.FAIL);
        assertThat(run.failures()).singleElement().asString().contains("after " + (last ? SECOND : FIRST));
    }

    @Test
    void aSkippedTestWithAReportFailed() {
        Run run = new Feed()
                .hello()
                .plan(Feed.FIRST)
                .start(FIRST)
                .log("[    3.1] WARNING: CPU: 0 PID: 1 at io_uring/zcrx.c:1 io_zcrx+0x1/0x2")
                .end(FIRST, ResultEvent.Status.SKIP, "no NIC")
                .bye(1)
                .finish();
        assertThat(run.tests().getFirst().status()).isEqualTo(Status.FAIL);
        assertThat(run.tests().getFirst().message())
                .startsWith("kernel: WARNING")
                .contains("no NIC");
    }

    /** Whatever a guest adds to a run in which all passed, it must not stay a pass, and must not change a test. */
    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                "garbage",
                "{",
                "[]",
                "null",
                "\"event\"",
                "{\"event\":\"end\"}",
                "{\"event\":\"nonsense\"}",
                "{\"event\":\"start\",\"id\":\"Unknown.test\"}",
                "{\"event\":\"start\",\"id\":\"Port.noBuffers\"}",
                "{\"event\":\"start\",\"id\":null}",
                "{\"event\":\"start\",\"id\":7}",
                "{\"event\":\"start\",\"id\":\"Arm.notFired\",\"id\":\"Counters.bytes\"}",
                "{\"event\":\"start\",\"id\":\"Arm.notFired\",\"more\":1}",
                "{\"event\":\"start\",\"id\":\"Arm.notFired\"} {}",
                "{\"event\":\"end\",\"id\":\"Arm.notFired\",\"status\":\"PASS\",\"durationMs\":1}",
                "{\"event\":\"end\",\"id\":\"Port.noBuffers\",\"status\":\"PASS\",\"durationMs\":1}",
                "{\"event\":\"end\",\"id\":\"Port.noBuffers\",\"status\":\"FAIL\",\"durationMs\":1,\"message\":\"x\"}",
                "{\"event\":\"end\",\"id\":\"Port.noBuffers\",\"status\":0,\"durationMs\":1}",
                "{\"event\":\"end\",\"id\":\"Port.noBuffers\",\"status\":\"PASS\",\"durationMs\":\"1\"}",
                "{\"event\":\"end\",\"id\":\"Port.noBuffers\",\"status\":\"PASS\",\"durationMs\":1.5}",
                "{\"event\":\"end\",\"id\":\"Port.noBuffers\",\"status\":\"PASS\",\"durationMs\":99999999999999999999}",
                "{\"event\":\"attachment\",\"id\":\"Arm.notFired\",\"name\":\"n\",\"text\":\"t\"}",
                "{\"event\":\"plan\",\"profile\":\"gate\",\"seed\":42,\"tests\":[]}",
                "{\"event\":\"unsupported\",\"reason\":\"none\"}",
                "{\"event\":\"hello\",\"protocol\":1}",
                "\u001b]0;title\u0007\u001b[2J",
            })
    void aLyingGuest(String lie) {
        Feed feed = Feed.planned().pass(FIRST).line(lie);
        Run run = feed.pass(SECOND).pass(Feed.THIRD.id()).bye(3).finish();
        assertThat(statuses(run)).containsOnly(Status.PASS);
        assertThat(run.errors()).isNotEmpty();
        assertThat(run.verdict()).isEqualTo(Verdict.ERROR);
        assertThat(String.join("", run.errors())).doesNotContain("\u001b").doesNotContain("\n");
    }

    @Test
    void resultsAfterAForgedGoodbye() {
        Run run = Feed.planned()
                .pass(FIRST)
                .event(new ResultEvent.Bye(1))
                .pass(SECOND)
                .bye(2)
                .finish();
        assertThat(statuses(run)).containsExactly(Status.PASS, Status.NOT_RUN, Status.NOT_RUN);
        assertThat(run.verdict()).isEqualTo(Verdict.ERROR);
    }

    @Test
    void resultsWithoutHello() {
        Run run = new Feed().plan(Feed.FIRST).pass(FIRST).bye(1).finish();
        assertThat(run.tests()).isEmpty();
        assertThat(run.verdict()).isNotEqualTo(Verdict.PASS);
    }

    @Test
    void anotherProtocol() {
        Run run = new Feed()
                .event(new ResultEvent.Hello(ResultEvent.PROTOCOL + 1, Feed.KERNEL))
                .plan(Feed.FIRST)
                .pass(FIRST)
                .bye(1)
                .finish();
        assertThat(run.verdict()).isEqualTo(Verdict.ERROR);
    }

    @Test
    void aPlanThatWasNotAskedFor() {
        Run run = new Feed()
                .hello()
                .event(new ResultEvent.Plan("gate", 7, List.of(Feed.FIRST)))
                .pass(FIRST)
                .bye(1)
                .finish();
        assertThat(run.verdict()).isEqualTo(Verdict.ERROR);
    }

    @Test
    void aPlanWithTheSameTestTwice() {
        Run run = new Feed()
                .hello()
                .plan(Feed.FIRST, Feed.FIRST)
                .pass(FIRST)
                .bye(1)
                .finish();
        assertThat(run.verdict()).isEqualTo(Verdict.ERROR);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "x\nok 1 y",
                "/tmp/x",
                "../x",
                "Arm/../../x",
                "..",
                ".",
                "-x",
                "",
            })
    void aPlanWithATestThatCouldForgeAReportOrLeaveItsDirectory(String id) {
        var forged = new PlannedTest(id, "s", "n", List.of(), "none");
        Run run = new Feed().hello().plan(forged).bye(0).finish();
        assertThat(run.tests()).isEmpty();
        assertThat(run.verdict()).isEqualTo(Verdict.ERROR);
    }

    @Test
    void aSuiteThatSaysItRanMoreThanItReported() {
        Run run = new Feed()
                .hello()
                .plan(Feed.FIRST, Feed.SECOND)
                .pass(FIRST)
                .bye(2)
                .finish();
        assertThat(run.verdict()).isEqualTo(Verdict.ERROR);
        assertThat(statuses(run)).containsExactly(Status.PASS, Status.NOT_RUN);
    }

    @Test
    void aTestWhoseEndIsMissingIsNotAPass() {
        Run run = new Feed()
                .hello()
                .plan(Feed.FIRST, Feed.SECOND)
                .start(FIRST)
                .pass(SECOND)
                .bye(1)
                .finish();
        assertThat(run.count(Status.PASS)).isEqualTo(1);
        assertThat(run.verdict()).isEqualTo(Verdict.ERROR);
    }

    @Test
    void aLineThatDeathCutOffIsNoLie() {
        Run run = Feed.planned()
                .pass(FIRST)
                .start(SECOND)
                .line("{\"event\":\"end\",\"id\":\"Arm.not")
                .finish(Ending.Kind.KILLED, "QEMU was killed by signal 9");
        assertThat(run.errors()).isEmpty();
        assertThat(statuses(run)).containsExactly(Status.PASS, Status.FAIL, Status.NOT_RUN);
    }

    @Test
    void hugeText() {
        String huge = "x".repeat(2_000_000);
        Run run = new Feed()
                .hello()
                .plan(Feed.FIRST)
                .start(FIRST)
                .log(huge)
                .event(new ResultEvent.Attachment(FIRST, huge, huge))
                .end(FIRST, ResultEvent.Status.FAIL, huge)
                .bye(1)
                .finish();
        Run.Test test = run.tests().getFirst();
        assertThat(test.message().length()).isLessThan(20_000);
        assertThat(test.kernelLog().getFirst().length()).isLessThan(3_000);
        assertThat(test.attachments().getFirst().text().length()).isLessThan(300_000);
        assertThat(run.verdict()).isEqualTo(Verdict.FAIL);
    }

    @ParameterizedTest
    @ValueSource(strings = {ResultEvent.Attachment.REPRODUCTION, " " + ResultEvent.Attachment.REPRODUCTION + "\t"})
    void whatOnlyTheHostCanAttach(String name) {
        Run run = Feed.planned()
                .start(FIRST)
                .event(new ResultEvent.Attachment(FIRST, name, "reproduced"))
                .finish();
        assertThat(run.tests().getFirst().attachments()).isEmpty();
        assertThat(run.errors()).anyMatch(line -> line.contains("that only the host can make"));
    }

    @Test
    void manyLiesAreNotAllKept() {
        Feed feed = Feed.passed();
        for (int i = 0; i < 10_000; i++) {
            feed.line("lie " + i);
        }
        assertThat(feed.finish().errors()).hasSizeLessThan(50);
    }

    @Test
    void whatTheRunnerCouldNotDoKeepsFromAPass() {
        var recorder = new RunRecorder(Feed.SETUP, Feed.KNOWN_BUGS, new RunRecorder.Listener() {});
        recorder.couldNot("cannot write events.jsonl: No space left on device");
        Run run = recorder.finish(Feed.STOPPED, java.time.Duration.ZERO);
        assertThat(run.verdict()).isEqualTo(Verdict.ERROR);
        assertThat(run.errors().getFirst()).contains("No space left");
    }

    private static final String WARNING = "[    3.1] WARNING: CPU: 0 PID: 1 at io_uring/zcrx.c:1 io_zcrx+0x1/0x2";

    /** A run whose only test passed while the kernel reported something that is known. */
    private static Run known(String fingerprint, String report) {
        return new Feed(Feed.setup(false, List.of(fingerprint), List.of()), Feed.KNOWN_BUGS)
                .hello()
                .plan(Feed.FIRST)
                .start(FIRST)
                .log(report)
                .end(FIRST, ResultEvent.Status.PASS, null)
                .log(report)
                .bye(1)
                .finish();
    }

    @Test
    void aReportThatIsKnownFailsNothing() {
        Run blamed = known("", WARNING);
        assertThat(blamed.verdict()).isEqualTo(Verdict.FAIL);
        String fingerprint = blamed.splats().getFirst().fingerprint();
        assertThat(fingerprint).doesNotContainAnyWhitespaces();
        assertThat(blamed.tests().getFirst().message()).contains("fingerprint " + fingerprint);
        Run run = known(fingerprint, WARNING);
        assertThat(run.verdict()).isEqualTo(Verdict.PASS);
        assertThat(run.splats()).hasSize(2);
        assertThat(known("warning:other", WARNING).verdict()).isEqualTo(Verdict.FAIL);
    }

    @Test
    void aPanicIsNeverKnown() {
        Run run = known("panic:Kernel_panic_-_not_syncing:_x", "[    3.1] Kernel panic - not syncing: x");
        assertThat(run.splats().getFirst().fingerprint()).isEqualTo("panic:Kernel_panic_-_not_syncing:_x");
        assertThat(run.verdict()).isEqualTo(Verdict.FAIL);
    }

    @Test
    void onlyADeathUnderTestLeavesARest() {
        assertThat(diedAt(Feed.planned().pass(FIRST).start(SECOND), Ending.Kind.STOPPED))
                .contains(SECOND);
        assertThat(diedAt(Feed.planned().pass(FIRST), Ending.Kind.KILLED)).contains(FIRST);
        assertThat(diedAt(Feed.planned().pass(FIRST).start(SECOND), Ending.Kind.HUNG))
                .contains(SECOND);
        assertThat(diedAt(Feed.planned().pass(FIRST).start(SECOND), Ending.Kind.TIMEOUT))
                .isEmpty();
        assertThat(diedAt(Feed.planned().pass(FIRST).start(SECOND), Ending.Kind.INTERRUPTED))
                .isEmpty();
        assertThat(diedAt(Feed.planned(), Ending.Kind.STOPPED)).isEmpty();
        assertThat(diedAt(Feed.planned().pass(FIRST).pass(SECOND).start(Feed.THIRD.id()), Ending.Kind.STOPPED))
                .isEmpty();
        assertThat(diedAt(Feed.passed(), Ending.Kind.STOPPED)).isEmpty();
    }

    private static java.util.Optional<String> diedAt(Feed feed, Ending.Kind how) {
        feed.finish(how, "");
        return feed.recorder().diedAt();
    }
}
