// SPDX-License-Identifier: MIT
package zcrx.reports.format;

import java.io.IOException;
import java.io.InputStream;
import java.io.StringWriter;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Locale;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import javax.xml.stream.XMLOutputFactory;
import javax.xml.stream.XMLStreamException;
import javax.xml.stream.XMLStreamWriter;
import zcrx.conformance.results.ResultEvent;
import zcrx.reports.run.Catalogue;
import zcrx.reports.run.Column;
import zcrx.reports.run.Matrix;
import zcrx.reports.run.Matrix.Cell;
import zcrx.reports.run.Matrix.Part;
import zcrx.reports.run.Matrix.Row;
import zcrx.reports.run.Matrix.Verdict;
import zcrx.reports.run.Repeats;
import zcrx.reports.run.Run;
import zcrx.reports.run.Status;

/** The matrix of rules and runs as one page that needs nothing else. Each rule can be linked to by its id. */
public final class MatrixHtml {
    /** Where the page of a test is. */
    public interface Pages {
        /** A link, relative to the matrix; empty when the test has no page. */
        Optional<String> of(Column column, Run.Test test);
    }

    /** Its name, beside the page of the tests. */
    public static final String FILE = "matrix.html";

    /** Whoever looks at these wants to see the tests. */
    private static final Set<Verdict> OPEN = Set.of(Verdict.FAIL, Verdict.BROKEN, Verdict.XFAIL);

    private final Matrix matrix;
    private final Pages pages;
    private final XMLStreamWriter html;

    private MatrixHtml(Matrix matrix, Pages pages, XMLStreamWriter html) {
        this.matrix = matrix;
        this.pages = pages;
        this.html = html;
    }

    public static String of(Matrix matrix, Pages pages) {
        var text = new StringWriter();
        try {
            // Written as XML, so that all text is escaped; all that is written is HTML, too.
            XMLStreamWriter html = XMLOutputFactory.newFactory().createXMLStreamWriter(text);
            new MatrixHtml(matrix, pages, html).write();
            html.close();
        } catch (XMLStreamException e) {
            throw new IllegalStateException("a string can always be written to", e);
        }
        return text.append('\n').toString();
    }

    private void write() throws XMLStreamException {
        html.writeDTD("<!DOCTYPE html>");
        start("html", "lang", "en");
        start("head");
        html.writeEmptyElement("meta");
        html.writeAttribute("charset", "utf-8");
        element("title", "rules, zcrx-conformance");
        element("style", resource("matrix.css"));
        end();
        start("body");
        element("h1", "Rules of the UAPI, and what kernels make of them");
        runs();
        for (Column column : matrix.columns()) {
            repeats(column);
        }
        start("p", "class", "tools");
        html.writeEmptyElement("input");
        html.writeAttribute("type", "search");
        html.writeAttribute("id", "filter");
        html.writeAttribute("placeholder", "show rules with …");
        html.writeAttribute("aria-label", "show rules with this text");
        html.writeCharacters(" ");
        start("a", "href", AllureHtml.FILE);
        html.writeCharacters("the tests");
        end();
        if (matrix.rows().stream().anyMatch(row -> row.rule().finding() != null)) {
            html.writeCharacters(" ");
            start("a", "href", "#findings");
            html.writeCharacters("findings");
            end();
        }
        end();
        rules();
        findings();
        element("script", resource("matrix.js"));
        end();
        end();
        html.writeEndDocument();
    }

    private void runs() throws XMLStreamException {
        start("table", "class", "runs");
        start("tr");
        for (String head : List.of("kernel", "verdict", "rules", "dialect", "profile", "seed", "from")) {
            element("th", head);
        }
        end();
        for (int i = 0; i < matrix.columns().size(); i++) {
            Column column = matrix.columns().get(i);
            Run run = column.run();
            start("tr");
            element("th", column.label());
            start("td");
            chip(run.verdict().word());
            end();
            element(
                    "td",
                    matrix.counts(i).entrySet().stream()
                            .filter(e -> e.getValue() > 0)
                            .map(e -> e.getValue() + " " + words(e.getKey()))
                            .collect(Collectors.joining(", ")));
            element("td", run.kernel() == null ? "" : run.kernel().dialect());
            element("td", run.setup().profile());
            element("td", Long.toString(run.setup().seed()));
            element("td", run.setup().origin());
            end();
        }
        end();
    }

    /** Each run, with a link to its own report, and how each test came out in them. */
    private void repeats(Column column) throws XMLStreamException {
        if (column.repeats().isEmpty()) {
            return;
        }
        element("h2", column.repeats().size() + " repeats of " + column.label());
        start("table", "class", "runs");
        start("tr");
        for (String head : List.of("repeat", "verdict", "seed", "started", "seconds")) {
            element("th", head);
        }
        end();
        for (Column.Part part : column.repeats()) {
            start("tr");
            start("th");
            // The name of a directory, which has no character that means something in a link.
            start("a", "href", "../" + part.directory() + "/report/" + AllureHtml.FILE);
            html.writeCharacters(part.directory());
            end();
            end();
            start("td");
            chip(part.run().verdict().word());
            end();
            element("td", Long.toString(part.run().setup().seed()));
            element("td", part.run().setup().started().toString());
            element("td", String.format(Locale.ROOT, "%.1f", part.run().durationMs() / 1000.0));
            end();
        }
        end();
        List<Repeats.Tally> flakes = column.flakes();
        tallies(
                flakes.isEmpty() ? "no flakes" : flakes.size() + " flakes: tests that came out differently",
                flakes,
                true);
        tallies("all tests", column.tallies(), false);
    }

    private void tallies(String title, List<Repeats.Tally> tallies, boolean open) throws XMLStreamException {
        start("details");
        if (open) {
            html.writeAttribute("open", "open");
        }
        element("summary", title);
        start("table", "class", "runs");
        start("tr");
        element("th", "test");
        for (Status status : Status.values()) {
            element("th", status.word().replace('_', ' '));
        }
        end();
        for (Repeats.Tally tally : tallies) {
            start("tr");
            element("th", tally.planned().id());
            for (Status status : Status.values()) {
                start("td");
                html.writeAttribute("title", tally.words());
                html.writeCharacters(tally.count(status) == 0 ? "" : Integer.toString(tally.count(status)));
                end();
            }
            end();
        }
        end();
        end();
    }

    private void rules() throws XMLStreamException {
        start("table", "class", "rules");
        start("thead");
        start("tr");
        element("th", "rule");
        element("th", "what holds");
        for (Column column : matrix.columns()) {
            element("th", column.label());
        }
        end();
        end();
        start("tbody");
        String area = "";
        for (Row row : matrix.rows()) {
            String its = row.id().split("-", 2)[0];
            start("tr", "id", row.id());
            if (!its.equals(area)) {
                html.writeAttribute("class", "area");
                area = its;
            }
            start("th");
            start("a", "href", "#" + row.id());
            html.writeCharacters(row.id());
            end();
            end();
            rule(row.rule());
            for (int i = 0; i < matrix.columns().size(); i++) {
                cell(matrix.columns().get(i), row.cells().get(i));
            }
            end();
        }
        end();
        end();
    }

    private void findings() throws XMLStreamException {
        List<Row> findings = matrix.rows().stream()
                .filter(row -> row.rule().finding() != null)
                .toList();
        if (findings.isEmpty()) {
            return;
        }
        start("h2", "id", "findings");
        html.writeCharacters("Findings: where documents and kernels disagree");
        end();
        start("table", "class", "rules findings");
        start("tr");
        element("th", "rule");
        element("th", "what each says");
        for (Column column : matrix.columns()) {
            element("th", "what " + column.label() + " did");
        }
        end();
        for (Row row : findings) {
            finding(row, Objects.requireNonNull(row.rule().finding()));
        }
        end();
    }

    private void finding(Row row, Catalogue.Finding finding) throws XMLStreamException {
        start("tr");
        start("th");
        start("a", "href", "#" + row.id());
        html.writeCharacters(row.id());
        end();
        end();
        start("td");
        for (String side : Stream.of(finding.document(), finding.header(), finding.kernels())
                .filter(Objects::nonNull)
                .toList()) {
            element("div", side);
        }
        end();
        for (int i = 0; i < matrix.columns().size(); i++) {
            List<ResultEvent.Evidence> evidence = matrix.columns().get(i).run().evidence(row.id());
            start("td", "class", "cell");
            for (ResultEvent.Evidence e : evidence) {
                chip("as " + e.side());
                html.writeCharacters(" " + e.id());
                element("pre", e.seen());
            }
            if (evidence.isEmpty()) {
                Cell cell = row.cells().get(i);
                html.writeCharacters("not seen"
                        + (cell.reason().isEmpty() ? "" : ": " + words(cell.verdict()) + ", " + cell.reason()));
            }
            end();
        }
        end();
    }

    private void rule(Catalogue.Rule rule) throws XMLStreamException {
        start("td");
        html.writeCharacters(rule.rule());
        start("div", "class", "source");
        html.writeCharacters(rule.source().isEmpty() ? rule.kind() : rule.kind() + ": " + rule.source());
        end();
        end();
    }

    private void cell(Column column, Cell cell) throws XMLStreamException {
        start("td", "class", "cell");
        chip(words(cell.verdict()));
        if (cell.parts().size() > 1) {
            for (Part part : cell.parts()) {
                html.writeCharacters(" " + part.dataPath() + " ");
                chip(words(part.verdict()));
            }
        }
        if (!cell.reason().isEmpty()) {
            start("div", "class", "reason");
            html.writeCharacters(cell.reason());
            end();
        }
        List<Run.Test> tests =
                cell.parts().stream().flatMap(part -> part.tests().stream()).toList();
        if (!tests.isEmpty()) {
            start("details");
            if (OPEN.contains(cell.verdict())) {
                html.writeAttribute("open", "open");
            }
            element("summary", tests.size() == 1 ? "1 test" : tests.size() + " tests");
            for (Run.Test test : tests) {
                test(column, test);
            }
            end();
        }
        end();
    }

    private void test(Column column, Run.Test test) throws XMLStreamException {
        start("div");
        chip(test.status().word().replace('_', ' '));
        html.writeCharacters(" ");
        Optional<String> page = pages.of(column, test);
        if (page.isPresent()) {
            start("a", "href", page.get());
            html.writeCharacters(test.id());
            end();
        } else {
            html.writeCharacters(test.id());
        }
        end();
    }

    private static String words(Verdict verdict) {
        return verdict.word().replace('_', ' ');
    }

    /** A coloured word. */
    private void chip(String word) throws XMLStreamException {
        start("span", "class", "chip " + word.replace(' ', '-'));
        html.writeCharacters(word);
        end();
    }

    private static String resource(String name) {
        try (InputStream in = MatrixHtml.class.getResourceAsStream(name)) {
            if (in == null) {
                throw new IllegalStateException(name + " is not among the classes");
            }
            return "\n" + new String(in.readAllBytes(), StandardCharsets.UTF_8);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private void start(String name) throws XMLStreamException {
        html.writeCharacters("\n");
        html.writeStartElement(name);
    }

    private void start(String name, String attribute, String value) throws XMLStreamException {
        start(name);
        html.writeAttribute(attribute, value);
    }

    private void element(String name, String text) throws XMLStreamException {
        start(name);
        html.writeCharacters(text);
        end();
    }

    private void end() throws XMLStreamException {
        html.writeEndElement();
    }
}
