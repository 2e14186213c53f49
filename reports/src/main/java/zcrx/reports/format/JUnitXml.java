// SPDX-License-Identifier: MIT
package zcrx.reports.format;

import java.io.StringWriter;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.time.temporal.ChronoUnit;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.stream.Collectors;
import javax.xml.stream.XMLOutputFactory;
import javax.xml.stream.XMLStreamException;
import javax.xml.stream.XMLStreamWriter;
import zcrx.reports.run.Catalogue;
import zcrx.reports.run.Column;
import zcrx.reports.run.Failure;
import zcrx.reports.run.Run;
import zcrx.reports.run.Status;

/**
 * The XML that JUnit once wrote, as Surefire, Jenkins and GitLab know it: one suite for each subject. Says nothing about
 * the host.
 */
public final class JUnitXml {
    private final XMLStreamWriter xml;
    private final Catalogue catalogue;
    private String label = "";

    private JUnitXml(XMLStreamWriter xml, Catalogue catalogue) {
        this.xml = xml;
        this.catalogue = catalogue;
    }

    public static String of(Run run, Catalogue catalogue) {
        // Nothing to tell it from.
        return of(List.of(new Column("", run)), catalogue);
    }

    /** Several runs: the label is in front of each suite's and each class's name. */
    public static String of(List<Column> columns, Catalogue catalogue) {
        var text = new StringWriter();
        try {
            XMLStreamWriter xml = XMLOutputFactory.newFactory().createXMLStreamWriter(text);
            new JUnitXml(xml, catalogue).write(columns);
            xml.close();
        } catch (XMLStreamException e) {
            throw new IllegalStateException("a string can always be written to", e);
        }
        return text.append('\n').toString();
    }

    private void write(List<Column> columns) throws XMLStreamException {
        xml.writeStartDocument("UTF-8", "1.0");
        start("testsuites");
        xml.writeAttribute("name", "zcrx-conformance");
        xml.writeAttribute(
                "time",
                seconds(columns.stream().mapToLong(c -> c.run().durationMs()).sum()));
        for (Column column : columns) {
            label = column.label();
            write(column.run());
        }
        xml.writeEndElement();
        xml.writeEndDocument();
    }

    private void write(Run run) throws XMLStreamException {
        Map<String, List<Run.Test>> subjects = run.tests().stream()
                .collect(Collectors.groupingBy(t -> t.planned().subject(), LinkedHashMap::new, Collectors.toList()));
        for (Map.Entry<String, List<Run.Test>> subject : subjects.entrySet()) {
            List<Run.Test> tests = subject.getValue();
            startSuite(
                    run,
                    subject.getKey(),
                    tests.size(),
                    count(tests, Status.FAIL),
                    count(tests, Status.BROKEN),
                    // There is no word for a test that was not run; the suite of the run itself says why.
                    count(tests, Status.SKIP) + count(tests, Status.XFAIL) + count(tests, Status.NOT_RUN),
                    tests.stream().mapToLong(Run.Test::durationMs).sum());
            for (Run.Test test : tests) {
                write(test);
            }
            xml.writeEndElement();
        }
        writeRunItself(run);
    }

    private static int count(List<Run.Test> tests, Status status) {
        return (int) tests.stream().filter(t -> t.status() == status).count();
    }

    private void startSuite(Run run, String name, int tests, int failures, int errors, int skipped, long durationMs)
            throws XMLStreamException {
        start("testsuite");
        xml.writeAttribute("name", label.isEmpty() ? name : label + " " + name);
        xml.writeAttribute("tests", Integer.toString(tests));
        xml.writeAttribute("failures", Integer.toString(failures));
        xml.writeAttribute("errors", Integer.toString(errors));
        xml.writeAttribute("skipped", Integer.toString(skipped));
        xml.writeAttribute("time", seconds(durationMs));
        // The format knows no time zone.
        xml.writeAttribute(
                "timestamp",
                run.setup()
                        .started()
                        .truncatedTo(ChronoUnit.SECONDS)
                        .atOffset(ZoneOffset.UTC)
                        .format(DateTimeFormatter.ISO_LOCAL_DATE_TIME));
        start("properties");
        for (Map.Entry<String, String> fact : Facts.of(run).entrySet()) {
            xml.writeEmptyElement("property");
            xml.writeAttribute("name", fact.getKey());
            xml.writeAttribute("value", fact.getValue());
        }
        xml.writeEndElement();
    }

    private void write(Run.Test test) throws XMLStreamException {
        start("testcase");
        int dot = test.id().indexOf('.');
        xml.writeAttribute(
                "classname",
                dot < 0 ? packageName() : packageName() + "." + test.id().substring(0, dot));
        xml.writeAttribute("name", test.id().substring(dot + 1));
        xml.writeAttribute("time", seconds(test.durationMs()));
        switch (test.status()) {
            case PASS -> {}
            case FAIL -> problem("failure", "kernel", test.reason(), whole(test));
            case BROKEN -> problem("error", "broken", test.reason(), whole(test));
            case XFAIL -> problem("skipped", "", "expected failure: " + test.reason(), "");
            case SKIP -> problem("skipped", "", test.reason(), "");
            case NOT_RUN -> problem("skipped", "", "not run: " + test.reason(), "");
        }
        var out = new StringBuilder(test.planned().name());
        if (!test.planned().requirements().isEmpty()) {
            out.append("\nrequirements: ")
                    .append(String.join(" ", test.planned().requirements()));
        }
        if (!test.kernelLog().isEmpty()) {
            out.append("\nkernel log:\n").append(String.join("\n", test.kernelLog()));
        }
        element("system-out", out.toString());
        xml.writeEndElement();
    }

    private String whole(Run.Test test) {
        return String.join("\n", Failure.of(test, catalogue).all()) + "\n" + test.details();
    }

    /** Jenkins makes a package of what stands before the last dot, and shows the rest as the class. */
    private String packageName() {
        return label.isEmpty() ? "zcrx" : "zcrx." + label.replace('.', '_');
    }

    private void writeRunItself(Run run) throws XMLStreamException {
        List<String> reasons = run.reasons();
        if (reasons.isEmpty()) {
            return;
        }
        boolean failed = !run.failures().isEmpty();
        startSuite(run, Run.RUN_ITSELF, 1, failed ? 1 : 0, failed ? 0 : 1, 0, 0);
        start("testcase");
        xml.writeAttribute("classname", packageName());
        xml.writeAttribute("name", "run");
        xml.writeAttribute("time", seconds(0));
        problem(
                failed ? "failure" : "error",
                failed ? "kernel" : "could not test",
                reasons.getFirst(),
                String.join("\n", reasons));
        element("system-out", String.join("\n", run.console()));
        xml.writeEndElement();
        xml.writeEndElement();
    }

    private void problem(String element, String type, String message, String text) throws XMLStreamException {
        start(element);
        xml.writeAttribute("message", message);
        if (!type.isEmpty()) {
            xml.writeAttribute("type", type);
        }
        xml.writeCharacters(text.strip());
        xml.writeEndElement();
    }

    private void element(String name, String text) throws XMLStreamException {
        start(name);
        xml.writeCharacters(text);
        xml.writeEndElement();
    }

    private void start(String name) throws XMLStreamException {
        xml.writeCharacters("\n");
        xml.writeStartElement(name);
    }

    private static String seconds(long ms) {
        return String.format(Locale.ROOT, "%.3f", ms / 1000.0);
    }
}
