// SPDX-License-Identifier: MIT
package zcrx.conformance;

import java.io.PrintWriter;
import java.io.StringWriter;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.junit.platform.engine.TestExecutionResult;
import org.junit.platform.engine.reporting.ReportEntry;
import org.junit.platform.engine.support.descriptor.MethodSource;
import org.junit.platform.launcher.TestExecutionListener;
import org.junit.platform.launcher.TestIdentifier;
import zcrx.conformance.results.KernelLogMark;
import zcrx.conformance.results.ResultEvent;
import zcrx.conformance.results.ResultEvent.Status;
import zcrx.conformance.results.ResultWriter;
import zcrx.fixtures.journal.Journal;
import zcrx.fixtures.path.PathKind;
import zcrx.fixtures.probe.KernelProbe;
import zcrx.fixtures.repro.NotExportableException;
import zcrx.fixtures.repro.Reproducer;
import zcrx.fixtures.ring.RuleViolation;
import zcrx.fixtures.sys.UnavailableException;

/** Turns what the JUnit Platform tells into result events and marks in the kernel log. */
final class ResultListener implements TestExecutionListener, Evidence.Sink {
    /** Of a journal, in characters. */
    private static final int MOST_TEXT = 200_000;

    private final ResultWriter results;
    private final KernelLog kernelLog;
    private final boolean exporting;
    private final Map<String, Long> started = new HashMap<>();
    private final Set<String> shown = new HashSet<>();
    private PathKind path = PathKind.NODEV;
    private String running = "";
    private int ended;

    /**
     * @param exporting whether tests that pass are made into programs, too
     */
    ResultListener(ResultWriter results, KernelLog kernelLog, boolean exporting) {
        this.exporting = exporting;
        this.results = results;
        this.kernelLog = kernelLog;
    }

    /** What comes now is on this path. */
    void on(PathKind kind) {
        path = kind;
    }

    int ended() {
        return ended;
    }

    private @Nullable String id(TestIdentifier test) {
        return test.isTest() && test.getSource().orElse(null) instanceof MethodSource method
                ? ListedTest.id(method.getClassName(), method.getMethodName(), path)
                : null;
    }

    @Override
    public void executionStarted(TestIdentifier test) {
        String id = id(test);
        if (id != null) {
            start(id);
        }
    }

    private void start(String id) {
        running = id;
        shown.clear();
        started.put(id, System.nanoTime());
        Journal.begin();
        results.write(new ResultEvent.Start(id));
        kernelLog.mark(KernelLogMark.Kind.START, id);
    }

    /** A test that cannot be run for a reason that is not its own. */
    void notRun(String id, Status status, String reason) {
        start(id);
        end(id, status, reason, null);
    }

    @Override
    public void executionSkipped(TestIdentifier test, String reason) {
        executionStarted(test);
        String id = id(test);
        if (id != null) {
            end(id, Status.SKIP, reason, null);
        }
    }

    @Override
    public void reportingEntryPublished(TestIdentifier test, ReportEntry entry) {
        String id = id(test);
        if (id != null) {
            entry.getKeyValuePairs().forEach((name, text) -> results.write(new ResultEvent.Attachment(id, name, text)));
        }
    }

    @Override
    public void evidence(String rule, Evidence.Side side, String seen) {
        if (shown.add(rule + " " + side)) {
            results.write(new ResultEvent.Evidence(running, rule, side.word(), seen));
        }
    }

    @Override
    public void executionFinished(TestIdentifier test, TestExecutionResult result) {
        String id = id(test);
        if (id == null) {
            // A class that could not be set up: its tests never start, and are not run.
            result.getThrowable().ifPresent(t -> t.printStackTrace(System.err));
            return;
        }
        Throwable thrown = result.getThrowable().orElse(null);
        switch (result.getStatus()) {
            case SUCCESSFUL -> {
                if (exporting) {
                    Journal.Excerpt journal = Journal.excerpt();
                    attach(id, journal);
                    attach(id, test, "", about -> Reproducer.program(about, journal));
                }
                end(id, Status.PASS, null, null);
            }
            case ABORTED -> end(id, Status.SKIP, thrown == null ? "no reason given" : message(thrown), null);
            case FAILED -> {
                RuleViolation violation = violation(thrown);
                if (thrown instanceof UnavailableException) {
                    end(id, Status.SKIP, message(thrown), null);
                } else if (violation != null) {
                    violation
                            .basic()
                            .filter(rule -> !rules(test).contains(rule.id()))
                            .ifPresent(rule -> results.write(new ResultEvent.Broken(id, rule.id())));
                    attach(id, violation.journal());
                    attach(
                            id,
                            test,
                            message(violation),
                            about -> Reproducer.program(about, violation.journal(), violation.expectation()));
                    end(id, Status.FAIL, message(violation), trace(thrown == null ? violation : thrown));
                } else if (thrown != null) {
                    attach(id, Journal.excerpt());
                    end(id, Status.BROKEN, thrown.getClass().getSimpleName() + ": " + message(thrown), trace(thrown));
                } else {
                    end(id, Status.BROKEN, "failed without a reason", null);
                }
            }
        }
    }

    private static List<String> rules(TestIdentifier test) {
        Rule rule = test.getSource().orElse(null) instanceof MethodSource method
                ? method.getJavaMethod().getAnnotation(Rule.class)
                : null;
        return rule == null ? List.of() : List.of(rule.value());
    }

    private void attach(String id, Journal.Excerpt journal) {
        results.write(new ResultEvent.Attachment(id, ResultEvent.Attachment.JOURNAL, journal.text(MOST_TEXT)));
    }

    /** Makes a program. */
    private interface Exporter {
        String program(Reproducer.About about) throws NotExportableException;
    }

    private void attach(String id, TestIdentifier test, String message, Exporter exporter) {
        Map<String, String> rules = RuleSentences.of(rules(test));
        var about = new Reproducer.About(
                id, test.getDisplayName(), rules, KernelProbe.get().release(), message);
        String text;
        try {
            text = exporter.program(about);
        } catch (NotExportableException e) {
            text = ResultEvent.Attachment.NOT_EXPORTABLE + e.getMessage();
        } catch (RuntimeException e) {
            // A mistake of ours must not change what the test has found.
            text = ResultEvent.Attachment.NOT_EXPORTABLE + "the exporter failed: " + trace(e);
        }
        results.write(new ResultEvent.Attachment(id, ResultEvent.Attachment.PROGRAM, text));
    }

    private void end(String id, Status status, @Nullable String message, @Nullable String details) {
        long nanos = System.nanoTime() - started.getOrDefault(id, System.nanoTime());
        ended++;
        // The mark comes first: whoever has read the event can be sure that the mark is in the log.
        kernelLog.mark(KernelLogMark.Kind.END, id);
        results.write(new ResultEvent.End(id, status, TimeUnit.NANOSECONDS.toMillis(nanos), message, details));
    }

    private static String message(Throwable thrown) {
        String message = thrown.getMessage();
        return message == null ? thrown.getClass().getName() : message;
    }

    /** Properties wrap what their sample threw. */
    private static @Nullable RuleViolation violation(@Nullable Throwable thrown) {
        for (Throwable t = thrown; t != null; t = t.getCause()) {
            if (t instanceof RuleViolation violation) {
                return violation;
            }
        }
        return null;
    }

    private static String trace(Throwable thrown) {
        var text = new StringWriter();
        thrown.printStackTrace(new PrintWriter(text));
        return text.toString();
    }
}
