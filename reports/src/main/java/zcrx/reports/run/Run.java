// SPDX-License-Identifier: MIT
package zcrx.reports.run;

import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import zcrx.conformance.results.ResultEvent;
import zcrx.conformance.results.ResultEvent.PlannedTest;
import zcrx.fixtures.path.PathKind;

/**
 * All that is known about a run. No text in it holds control characters, see {@link Text#clean}.
 *
 * @param kernel as the suite found it; null when it never said
 * @param tests in the order of the plan
 * @param splats in the order of the kernel log
 * @param failures what speaks against the kernel and belongs to no test; one line each
 * @param errors why the run is no ground for a judgement; one line each
 * @param notes what has to be known to read it, and speaks neither for nor against the kernel; one line each
 * @param unsupported why the kernel cannot be tested at all; null when it can
 * @param console the last lines of the kernel log
 * @param durationMs from the start of the machine to its end
 */
public record Run(
        Setup setup,
        ResultEvent.@Nullable Kernel kernel,
        List<Test> tests,
        List<Splat> splats,
        List<String> failures,
        List<String> errors,
        List<String> notes,
        @Nullable String unsupported,
        List<String> console,
        long durationMs) {

    /** The name under which formats that know only tests show {@link #failures} and {@link #errors}. */
    public static final String RUN_ITSELF = "zcrx.run";

    public Run {
        tests = List.copyOf(tests);
        splats = List.copyOf(splats);
        failures = List.copyOf(failures);
        errors = List.copyOf(errors);
        notes = List.copyOf(notes);
        console = List.copyOf(console);
    }

    /**
     * A test and how it came out.
     *
     * @param setup of the run that it was part of
     * @param message why, the first line says it in short; empty for a pass
     * @param details a stack trace or the steps; empty when there are none
     * @param evidence what it saw where documents and kernels disagree
     * @param kernelLog what the kernel said meanwhile
     */
    public record Test(
            Setup setup,
            PlannedTest planned,
            Status status,
            long durationMs,
            String message,
            String details,
            List<ResultEvent.Attachment> attachments,
            List<ResultEvent.Evidence> evidence,
            List<String> kernelLog,
            List<Splat> splats) {

        public Test {
            attachments = List.copyOf(attachments);
            evidence = List.copyOf(evidence);
            kernelLog = List.copyOf(kernelLog);
            splats = List.copyOf(splats);
        }

        public String id() {
            return planned.id();
        }

        /** The text that it has under a name. */
        public Optional<String> attachment(String name) {
            return attachments.stream()
                    .filter(a -> a.name().equals(name))
                    .map(ResultEvent.Attachment::text)
                    .findFirst();
        }

        private Test attaching(String name, @Nullable String text) {
            if (text == null) {
                return this;
            }
            var more = new ArrayList<>(attachments);
            more.add(new ResultEvent.Attachment(id(), name, text));
            return new Test(setup, planned, status, durationMs, message, details, more, evidence, kernelLog, splats);
        }

        /** The same, with one more line to say of it. */
        Test saying(String line) {
            return line.isEmpty()
                    ? this
                    : new Test(
                            setup,
                            planned,
                            status,
                            durationMs,
                            message.isEmpty() ? line : message + "\n" + line,
                            details,
                            attachments,
                            evidence,
                            kernelLog,
                            splats);
        }

        /** What it takes to list it. */
        private Test listed() {
            boolean bad = status == Status.FAIL || status == Status.BROKEN || status == Status.XFAIL;
            return new Test(
                    setup,
                    planned,
                    status,
                    durationMs,
                    message,
                    "",
                    attachments.stream()
                            .filter(a -> a.name().equals(ResultEvent.Attachment.STEPS))
                            .toList(),
                    List.of(),
                    bad ? Failure.end(kernelLog) : List.of(),
                    splats.stream().limit(1).toList());
        }

        /** The same on every data path. */
        private String name() {
            return id().replaceFirst("@.*", "");
        }

        /** The first line of the message. */
        public String reason() {
            return message.lines().findFirst().orElse("");
        }

        /** The first two lines of the message as one: of a call that went wrong, what was asked and what came. */
        public String brief() {
            return String.join(" · ", message.lines().limit(2).toList());
        }
    }

    /** The same run, with a text attached to some of its tests. */
    public Run attaching(String name, Map<String, String> texts) {
        return new Run(
                setup,
                kernel,
                tests.stream().map(t -> t.attaching(name, texts.get(t.id()))).toList(),
                splats,
                failures,
                errors,
                notes,
                unsupported,
                console,
                durationMs);
    }

    /** A run of the same that ran nothing. */
    Run nothing() {
        return new Run(setup, kernel, List.of(), List.of(), List.of(), List.of(), List.of(), null, List.of(), 0);
    }

    /** The same run, with no more than it takes to list its tests and to judge it. */
    Run brief() {
        return new Run(
                setup,
                kernel,
                tests.stream().map(Test::listed).toList(),
                List.of(),
                failures,
                errors,
                notes,
                unsupported,
                List.of(),
                durationMs);
    }

    public Verdict verdict() {
        if (!failures.isEmpty() || count(Status.FAIL) > 0 || count(Status.BROKEN) > 0) {
            return Verdict.FAIL;
        }
        if (!errors.isEmpty()) {
            return Verdict.ERROR;
        }
        // Where everything was skipped, nothing was tested: that must not look like a pass.
        return count(Status.PASS) == 0 ? Verdict.SKIP : Verdict.PASS;
    }

    /** What its tests saw where documents and kernels disagree on a rule. */
    public List<ResultEvent.Evidence> evidence(String rule) {
        return tests.stream()
                .flatMap(test -> test.evidence().stream())
                .filter(e -> e.rule().equals(rule))
                .toList();
    }

    /**
     * Where to look for the reason of a failure: what the same test did on other data paths.
     *
     * @return one line; empty for what did not fail, or when no other path ran it
     */
    public Optional<String> suspect(Test failed) {
        if (failed.status() != Status.FAIL) {
            return Optional.empty();
        }
        String others = on(failed, Status.FAIL);
        if (!others.isEmpty()) {
            return Optional.of("the core, as it fails on " + others + " too");
        }
        String passed = on(failed, Status.PASS);
        String path = failed.planned().dataPath();
        return passed.isEmpty()
                ? Optional.empty()
                : Optional.of((path.equals(PathKind.NIC.word()) ? "the driver" : "what is behind " + path)
                        + ", as it passes on " + passed);
    }

    /** The paths on which the same test came out like that. */
    private String on(Test test, Status status) {
        return tests.stream()
                .filter(t -> !t.id().equals(test.id())
                        && t.status() == status
                        && t.name().equals(test.name()))
                .map(t -> t.planned().dataPath())
                .collect(Collectors.joining(" and "));
    }

    public int count(Status status) {
        return (int) tests.stream().filter(t -> t.status() == status).count();
    }

    /**
     * This run, of which a guest's death had left a rest, and that rest.
     *
     * @param last test that this run reached
     */
    public Run continuedBy(Run rest, String last) {
        Map<String, Test> again = rest.tests.stream().collect(Collectors.toMap(Test::id, test -> test));
        var all = new ArrayList<Test>();
        var left = new HashSet<String>();
        for (Test test : tests) {
            boolean isLeft = test.status == Status.NOT_RUN && again.containsKey(test.id());
            all.add(isLeft ? again.get(test.id()) : test);
            if (isLeft) {
                left.add(test.id());
            }
        }
        var allErrors = concat(errors, rest.errors);
        if (!left.containsAll(again.keySet())) {
            allErrors.add("after the start that followed " + last + " other tests ran than were left");
        }
        return new Run(
                setup,
                kernel,
                all,
                concat(splats, rest.splats),
                concat(failures, rest.failures),
                allErrors,
                concat(
                        notes,
                        List.of(last + " was the last of its guest: the " + left.size()
                                + " tests behind it ran in a fresh one")),
                rest.unsupported == null ? unsupported : rest.unsupported,
                concat(console, rest.console),
                durationMs + rest.durationMs);
    }

    /** What speaks against it and belongs to none of its tests: failures, then errors. */
    public List<String> reasons() {
        return concat(failures, errors);
    }

    private static <T> List<T> concat(List<T> first, List<T> second) {
        var all = new ArrayList<>(first);
        all.addAll(second);
        return all;
    }

    /** The release, as the suite found it or as it was expected. */
    public String release() {
        return kernel == null ? setup.kernel() : kernel.release();
    }
}
