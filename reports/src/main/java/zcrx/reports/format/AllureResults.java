// SPDX-License-Identifier: MIT
package zcrx.reports.format;

import io.qameta.allure.AllureResultsWriteException;
import io.qameta.allure.AllureResultsWriter;
import io.qameta.allure.FileSystemResultsWriter;
import io.qameta.allure.model.Attachment;
import io.qameta.allure.model.Label;
import io.qameta.allure.model.Link;
import io.qameta.allure.model.Parameter;
import io.qameta.allure.model.Stage;
import io.qameta.allure.model.StatusDetails;
import io.qameta.allure.model.TestResult;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import java.util.UUID;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.json.JsonMapper;
import zcrx.conformance.results.ResultEvent;
import zcrx.reports.run.Catalogue;
import zcrx.reports.run.Column;
import zcrx.reports.run.Failure;
import zcrx.reports.run.Run;
import zcrx.reports.run.Status;

/**
 * The files from which Allure makes its report. Behaviors are subject and requirement, suites are subjects. Where
 * Allure takes HTML, text from the guest is escaped; where it takes Markdown, there is none.
 */
public final class AllureResults {
    /** Whose bug it is. The first category that matches a test in state and message is shown. */
    private static final List<Map<String, Object>> CATEGORIES = List.of(
            Map.of(
                    "name", "The kernel reported a bug of its own",
                    "matchedStatuses", List.of("failed"),
                    "messageRegex", "(?s).*(^|\n)(kernel: |the kernel reported|Kernel panic).*"),
            Map.of("name", "The kernel broke a rule", "matchedStatuses", List.of("failed")),
            Map.of(
                    "name", "The harness could not do its work",
                    "matchedStatuses", List.of("broken"),
                    "messageRegex", "(?s)could not test.*"),
            Map.of("name", "The test itself went wrong", "matchedStatuses", List.of("broken")),
            Map.of("name", "Not run: the run ended before", "matchedStatuses", List.of("unknown")),
            Map.of(
                    "name", "Failed as expected",
                    "matchedStatuses", List.of("skipped"),
                    "messageRegex", "(?s)(.*\n)?(known bug: |expected until ).*"),
            Map.of("name", "Skipped: something is missing", "matchedStatuses", List.of("skipped")));

    /** Allure's overview has one place for a link of ours: to what made the report. */
    private static final Map<String, Object> LINK_TO_MATRIX = Map.of(
            "name", "zcrx-conformance",
            "buildName", "Matrix: each rule and its verdict",
            "buildUrl", MatrixHtml.FILE);

    private final Column column;
    private final Run run;
    private final Catalogue catalogue;
    private final AllureResultsWriter writer;
    private long clock;

    private AllureResults(Column column, Catalogue catalogue, Path directory) {
        this.column = column;
        this.run = column.run();
        this.catalogue = catalogue;
        this.writer = new FileSystemResultsWriter(directory);
        this.clock = run.setup().started().toEpochMilli();
    }

    /** Writes into a new directory. Tests of several runs are told apart by their parameters. */
    public static void write(List<Column> columns, Catalogue catalogue, Path directory) throws IOException {
        Files.createDirectory(directory);
        try {
            for (Column column : columns) {
                new AllureResults(column, catalogue, directory).write();
            }
        } catch (AllureResultsWriteException e) {
            // Allure says which of its files; why, such as a full disk, is in the cause.
            throw new IOException(
                    e.getCause() == null ? e.getMessage() : e.getCause().getMessage(), e);
        }
        var environment = new Properties();
        for (Column column : columns) {
            String prefix = columns.size() == 1 ? "" : column.label() + " ";
            Facts.of(column.run()).forEach((name, value) -> environment.put(prefix + name, value));
        }
        try (var out = Files.newBufferedWriter(directory.resolve("environment.properties"))) {
            environment.store(out, null);
        }
        JsonMapper json = JsonMapper.shared();
        Files.writeString(directory.resolve("categories.json"), json.writeValueAsString(CATEGORIES));
        Files.writeString(directory.resolve("executor.json"), json.writeValueAsString(LINK_TO_MATRIX));
    }

    private void write() {
        for (Run.Test test : run.tests()) {
            write(test);
        }
        writeRunItself();
    }

    /** What is the same for the same test of the same column in two reports; its page says it, too. */
    static String historyId(Column column, String id) {
        return uuid(id + " " + column.label());
    }

    private void write(Run.Test test) {
        var labels = new ArrayList<Label>();
        String subject = test.planned().subject();
        labels.add(label("feature", subject));
        labels.add(label("suite", subject));
        for (String requirement : test.planned().requirements()) {
            labels.add(label(
                    "story", requirement + "  " + catalogue.get(requirement).rule()));
            labels.add(label("tag", requirement));
        }
        var attachments = new ArrayList<Attachment>();
        for (ResultEvent.Attachment a : test.attachments()) {
            attach(attachments, test.id(), a.name(), a.text());
        }
        for (ResultEvent.Evidence e : test.evidence()) {
            attach(attachments, test.id(), "evidence, " + e.rule() + ": " + e.side(), e.seen());
        }
        attach(attachments, test.id(), "suspect", run.suspect(test).orElse(""));
        attach(attachments, test.id(), "kernel log", String.join("\n", test.kernelLog()));
        boolean failed =
                test.status() == Status.FAIL || test.status() == Status.BROKEN || test.status() == Status.XFAIL;
        String message = failed ? String.join("\n", Failure.of(test, catalogue).lines()) : test.message();
        writer.write(result(test.id(), test.planned().name(), test.durationMs())
                .setStatus(
                        switch (test.status()) {
                            case PASS -> io.qameta.allure.model.Status.PASSED;
                            case FAIL -> io.qameta.allure.model.Status.FAILED;
                            // Its own category tells it from what was skipped.
                            case XFAIL, SKIP -> io.qameta.allure.model.Status.SKIPPED;
                            case BROKEN -> io.qameta.allure.model.Status.BROKEN;
                            case NOT_RUN -> null;
                        })
                .setStatusDetails(details(message, test.details()))
                .setLabels(labels)
                .setAttachments(attachments)
                .setDescriptionHtml(rules(test))
                .setLinks(test.planned().requirements().stream()
                        .map(rule -> new Link().setName(rule + " in the matrix").setUrl(MatrixHtml.FILE + "#" + rule))
                        .toList())
                .setParameters(parameters(test)));
    }

    /** The rules that a test checks, with their sentences and where these are from. */
    private String rules(Run.Test test) {
        var html = new StringBuilder();
        for (String id : test.planned().requirements()) {
            Catalogue.Rule rule = catalogue.get(id);
            html.append("<p><b>").append(escape(id)).append("</b> ").append(escape(rule.rule()));
            html.append("<br><i>").append(escape(rule.source())).append("</i></p>");
        }
        return html.toString();
    }

    /** Allure's page shows both as they are, so they have to be HTML; everything else it escapes itself. */
    private static StatusDetails details(String message, String trace) {
        return new StatusDetails().setMessage(escape(message)).setTrace(escape(trace));
    }

    private static String escape(String text) {
        return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;");
    }

    /** What the report lists as rows of their own, so that runs of several kernels can be told apart. */
    private List<Parameter> parameters(Run.Test test) {
        var parameters = new ArrayList<Parameter>();
        parameters.add(parameter("checks", String.join(" ", test.planned().requirements())));
        parameters.add(parameter("kernel", run.release()));
        if (run.kernel() != null) {
            parameters.add(parameter("dialect", run.kernel().dialect()));
        }
        parameters.add(parameter("data path", test.planned().dataPath()));
        return parameters;
    }

    private static Parameter parameter(String name, String value) {
        return new Parameter().setName(name).setValue(value);
    }

    private static Label label(String name, String value) {
        return new Label().setName(name).setValue(value);
    }

    private void writeRunItself() {
        if (run.failures().isEmpty() && run.errors().isEmpty()) {
            return;
        }
        boolean failed = !run.failures().isEmpty();
        var attachments = new ArrayList<Attachment>();
        attach(attachments, Run.RUN_ITSELF, "end of the console", String.join("\n", run.console()));
        var reasons = new ArrayList<>(run.failures());
        run.errors().forEach(e -> reasons.add("could not test: " + e));
        writer.write(result(Run.RUN_ITSELF, "the run as a whole", 0)
                .setStatus(failed ? io.qameta.allure.model.Status.FAILED : io.qameta.allure.model.Status.BROKEN)
                .setStatusDetails(details(String.join("\n", reasons), ""))
                .setLabels(List.of(label("suite", Run.RUN_ITSELF), label("feature", Run.RUN_ITSELF)))
                .setAttachments(attachments));
    }

    private TestResult result(String id, String name, long durationMs) {
        long start = clock;
        // Tests say how long they took, not when: one after the other is near enough for the timeline.
        clock += durationMs;
        return new TestResult()
                .setUuid(uuid("result of " + id + " " + column.label()))
                .setHistoryId(historyId(column, id))
                .setTestCaseId(uuid("test " + id))
                .setFullName(id)
                .setName(id + ": " + name)
                .setStage(Stage.FINISHED)
                .setStart(start)
                .setStop(clock);
    }

    /** The same for the same name, so that a report made twice is the same report. */
    private static String uuid(String name) {
        return UUID.nameUUIDFromBytes(name.getBytes(StandardCharsets.UTF_8)).toString();
    }

    private void attach(List<Attachment> to, String id, String name, @Nullable String text) {
        if (text == null || text.isEmpty()) {
            return;
        }
        String source = uuid(id + " " + column.label() + " " + to.size()) + "-attachment.txt";
        writer.write(source, new ByteArrayInputStream(text.getBytes(StandardCharsets.UTF_8)));
        to.add(new Attachment().setName(name).setType("text/plain").setSource(source));
    }
}
