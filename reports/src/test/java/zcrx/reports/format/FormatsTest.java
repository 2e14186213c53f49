// SPDX-License-Identifier: MIT
package zcrx.reports.format;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.StringReader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.LocalDate;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;
import javax.xml.parsers.DocumentBuilderFactory;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.w3c.dom.Document;
import org.w3c.dom.Element;
import org.xml.sax.InputSource;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;
import zcrx.conformance.results.ResultEvent;
import zcrx.conformance.results.ResultEvent.PlannedTest;
import zcrx.reports.run.Catalogue;
import zcrx.reports.run.Column;
import zcrx.reports.run.Expectation;
import zcrx.reports.run.Feed;
import zcrx.reports.run.Matrix;
import zcrx.reports.run.Run;
import zcrx.vm.Ending;

class FormatsTest {
    /** What would be obeyed by a terminal, refused by XML, or run by a browser. */
    private static final String HOSTILE =
            "\u001b[2J\u0007\u0000\ufffe\u202e\ud800]]><script>alert(1)</script>&amp;\"' # SKIP\r\nok 1 forged";

    private static final Catalogue.Finding FINDING = new Catalogue.Finding("one <b>side", null, "another");

    private static final Catalogue CATALOGUE = new Catalogue(
            Map.of("ARM-003", new Catalogue.Rule("a < b", "documented", "zcrx.h", List.of(), null, FINDING)));

    private static Run hostile() {
        var planned = new PlannedTest("Evil.test", HOSTILE, HOSTILE, List.of(HOSTILE), HOSTILE);
        return new Feed()
                .event(new ResultEvent.Hello(
                        ResultEvent.PROTOCOL,
                        new ResultEvent.Kernel(HOSTILE, HOSTILE, HOSTILE, HOSTILE, List.of(HOSTILE), 4096)))
                .plan(planned)
                .start("Evil.test")
                .log(HOSTILE)
                .event(new ResultEvent.Attachment("Evil.test", HOSTILE, HOSTILE))
                .event(new ResultEvent.End("Evil.test", ResultEvent.Status.FAIL, 1, HOSTILE, HOSTILE))
                .log(HOSTILE)
                .finish(Ending.Kind.KILLED, HOSTILE);
    }

    private static String matrix(Run run) {
        return MatrixHtml.of(
                Matrix.of(List.of(new Column(run)), CATALOGUE),
                (_, test) -> Optional.of("index.html#testresult/" + test.id()));
    }

    private static void assertPlain(String text) {
        assertThat(text.chars().filter(c -> c < ' ' && c != '\n' && c != '\t')).isEmpty();
        assertThat(text).doesNotContain("\u202e").doesNotContain("\ufffe").doesNotContain("\ud800");
    }

    private static Document xml(Run run) throws Exception {
        String text = JUnitXml.of(run, CATALOGUE);
        assertPlain(text);
        return DocumentBuilderFactory.newDefaultInstance()
                .newDocumentBuilder()
                .parse(new InputSource(new StringReader(text)));
    }

    private static Element only(Document xml, String name, int index) {
        return (Element) xml.getElementsByTagName(name).item(index);
    }

    @Test
    void hostileTextStaysText() throws Exception {
        Run run = hostile();
        Document xml = xml(run);
        assertThat(xml.getElementsByTagName("script").getLength()).isZero();
        assertThat(xml.getElementsByTagName("testcase").getLength()).isEqualTo(2);
        assertPlain(SummaryJson.of(run, CATALOGUE));
        String matrix = matrix(run);
        assertPlain(matrix);
        assertThat(matrix).containsOnlyOnce("<script>").contains("&lt;script&gt;alert(1)");
        String ktap = Ktap.of(run, CATALOGUE);
        assertPlain(ktap);
        assertThat(ktap.lines().filter(l -> l.startsWith("ok ") || l.startsWith("not ok ")))
                .containsExactly("not ok 1 Evil.test", "not ok 2 zcrx.run");
    }

    /** Seen in a browser: the page of a test takes message and trace for HTML, and a description is HTML anyway. */
    @Test
    void hostileTextIsNoMarkupWhereAllureTakesMarkup(@TempDir Path directory) throws IOException {
        Path results = directory.resolve("allure-results");
        AllureResults.write(List.of(new Column(hostile())), new Catalogue(Map.of()), results);
        for (JsonNode test : results(results)) {
            assertThat(test.at("/statusDetails").toString()).doesNotContain("<").contains("&lt;script");
            assertThat(test.path("descriptionHtml").asString("")).doesNotContain("<script");
            assertThat(test.has("description")).isFalse();
        }
    }

    private static List<JsonNode> results(Path directory) throws IOException {
        try (Stream<Path> files = Files.list(directory)) {
            return files.filter(f -> f.toString().endsWith("-result.json"))
                    .map(f -> JsonMapper.shared().readTree(f.toFile()))
                    .toList();
        }
    }

    @Test
    void junitXml() throws Exception {
        Run run = Feed.planned()
                .pass("Port.noBuffers")
                .start("Arm.notFired")
                .log("[    3.1] hello")
                .end("Arm.notFired", ResultEvent.Status.FAIL, "returned 0\nexpected -EINVAL")
                .start("Counters.bytes")
                .finish(Ending.Kind.KILLED, "QEMU was killed by signal 9");
        Document xml = xml(run);
        assertThat(xml.getElementsByTagName("testsuite").getLength()).isEqualTo(3);
        Element suite = only(xml, "testsuite", 1);
        assertThat(suite.getAttribute("name")).isEqualTo("fire-once and re-arm");
        assertThat(suite.getAttribute("failures")).isEqualTo("1");
        assertThat(suite.getAttribute("timestamp")).isEqualTo("2026-11-22T10:41:00");
        assertThat(suite.hasAttribute("hostname")).isFalse();
        Element failure = only(xml, "failure", 0);
        assertThat(failure.getAttribute("message")).isEqualTo("returned 0");
        assertThat(failure.getTextContent()).contains("expected -EINVAL");
        Element test = (Element) failure.getParentNode();
        assertThat(test.getAttribute("classname")).isEqualTo("zcrx.Arm");
        assertThat(test.getAttribute("name")).isEqualTo("notFired");
        assertThat(test.getTextContent()).contains("ARM-003").contains("hello");
    }

    @Test
    void junitXmlOfARunThatCouldNotTest() throws Exception {
        Document xml = xml(new Feed().log("[    0.0] Linux").finish(Ending.Kind.TIMEOUT, ""));
        assertThat(only(xml, "error", 0).getAttribute("message")).contains("never reached");
        assertThat(only(xml, "testsuite", 0).getAttribute("errors")).isEqualTo("1");
    }

    @Test
    void summary() {
        Run run = Feed.planned()
                .pass("Port.noBuffers")
                .console("warn")
                .event(new ResultEvent.Start("Arm.notFired"))
                .event(new ResultEvent.Evidence("Arm.notFired", "ARM-003", "kernels", "came 1"))
                .event(new ResultEvent.End("Arm.notFired", ResultEvent.Status.PASS, 7, null, null))
                .pass("Counters.bytes")
                .bye(3)
                .finish();
        JsonNode json = JsonMapper.shared().readTree(SummaryJson.of(run, CATALOGUE));
        assertThat(json.propertyNames())
                .containsExactly(
                        "verdict",
                        "exit_code",
                        "reasons",
                        "notes",
                        "kernel",
                        "counts",
                        "duration_ms",
                        "tests",
                        "splats",
                        "rule_counts",
                        "rules",
                        "findings",
                        "seed",
                        "profile",
                        "selection",
                        "host",
                        "qemu",
                        "accelerator",
                        "started",
                        "version");
        assertThat(json.at("/verdict").asString()).isEqualTo("fail");
        assertThat(json.at("/exit_code").asInt()).isEqualTo(1);
        assertThat(json.at("/kernel/release").asString()).isEqualTo("7.3.4+deb13-amd64");
        assertThat(json.at("/kernel/dialect").asString()).isEqualTo("event");
        assertThat(json.at("/kernel/features/0").asString()).isEqualTo("EVENT");
        assertThat(json.at("/counts").propertyNames())
                .containsExactly("pass", "fail", "xfail", "skip", "broken", "not_run");
        assertThat(json.at("/counts/pass").asInt()).isEqualTo(2);
        assertThat(json.at("/tests/1/id").asString()).isEqualTo("Arm.notFired");
        assertThat(json.at("/tests/1/status").asString()).isEqualTo("fail");
        assertThat(json.at("/tests/1/duration_ms").asInt()).isEqualTo(7);
        assertThat(json.at("/tests/1/requirements/1").asString()).isEqualTo("ARM-004");
        assertThat(json.at("/splats/0/fingerprint").asString()).startsWith("warning:zcrx_warn<");
        assertThat(json.at("/splats/0/test").asString()).isEqualTo("Arm.notFired");
        assertThat(json.at("/seed").asInt()).isEqualTo(42);
        assertThat(json.at("/findings").toString())
                .isEqualTo(
                        "[{\"rule\":\"ARM-003\",\"document\":\"one <b>side\",\"header\":null,\"kernels\":\"another\","
                                + "\"evidence\":[{\"test\":\"Arm.notFired\",\"side\":\"kernels\",\"seen\":\"came 1\"}]}]");
        assertThat(json.at("/rule_counts/fail").asInt()).isEqualTo(2);
        assertThat(json.at("/rules/0").toString())
                .isEqualTo("{\"id\":\"ARM-003\",\"rule\":\"a < b\",\"class\":\"documented\",\"source\":\"zcrx.h\","
                        + "\"verdict\":\"fail\",\"reason\":\""
                        + json.at("/rules/0/reason").asString()
                        + "\",\"paths\":{\"nodev\":\"fail\"},\"tests\":[\"Arm.notFired\"]}");
    }

    @Test
    void matrix() throws Exception {
        Run run = Feed.planned()
                .pass("Port.noBuffers")
                .start("Arm.notFired")
                .event(new ResultEvent.Evidence("Arm.notFired", "ARM-003", "kernels", "came <1"))
                .end("Arm.notFired", ResultEvent.Status.FAIL, "returned 0 < 1")
                .pass("Counters.bytes")
                .bye(3)
                .finish();
        String html = matrix(run);
        assertThat(html)
                .contains("<tr id=\"ARM-003\"")
                .contains("a &lt; b")
                .contains("<a href=\"index.html#testresult/Arm.notFired\">Arm.notFired</a>")
                .contains("Arm.notFired: returned 0 &lt; 1")
                .contains("2 fail, 2 pass")
                .contains("one &lt;b&gt;side")
                .contains("<pre>came &lt;1</pre>")
                .doesNotContainPattern("(src|href)=\"https?:");
        // A browser takes scripts and styles as they stand, escaped or not.
        for (String name : List.of("script", "style")) {
            String content = html.substring(html.indexOf("<" + name + ">"), html.indexOf("</" + name + ">"));
            assertThat(content).doesNotContain("&").hasSizeGreaterThan(100);
        }
    }

    @Test
    void whatFailedAsExpectedIsNotAmongWhatWasSkipped(@TempDir Path directory) throws IOException {
        var expected = new Expectation("Arm.notFired", "to be fixed", LocalDate.of(2027, 3, 31));
        Run run = new Feed(Feed.setup(false, List.of(), List.of(expected)), Feed.KNOWN_BUGS)
                .hello()
                .plan(Feed.FIRST, Feed.SECOND)
                .start("Port.noBuffers")
                .end("Port.noBuffers", ResultEvent.Status.SKIP, "no NIC")
                .start("Arm.notFired")
                .end("Arm.notFired", ResultEvent.Status.FAIL, "because")
                .bye(2)
                .finish();
        AllureResults.write(List.of(new Column(run)), CATALOGUE, directory.resolve("allure-results"));
        JsonNode categories =
                JsonMapper.shared().readTree(Files.readString(directory.resolve("allure-results/categories.json")));
        assertThat(results(directory.resolve("allure-results")))
                .filteredOn(t -> t.at("/status").asString().equals("skipped"))
                .extracting(t -> t.at("/fullName").asString() + ": "
                        + category(categories, t.at("/statusDetails/message").asString()))
                .containsExactlyInAnyOrder(
                        "Port.noBuffers: Skipped: something is missing", "Arm.notFired: Failed as expected");
    }

    /** The first that fits a message of what Allure calls skipped. */
    private static String category(JsonNode categories, String message) {
        return categories
                .valueStream()
                .filter(c -> c.at("/matchedStatuses/0").asString().equals("skipped"))
                .filter(c -> message.matches(c.path("messageRegex").asString("(?s).*")))
                .findFirst()
                .orElseThrow()
                .at("/name")
                .asString();
    }

    @Test
    void allureResults(@TempDir Path directory) throws IOException {
        Run run = Feed.planned()
                .pass("Port.noBuffers")
                .start("Arm.notFired")
                .log("[    3.1] hello")
                .event(new ResultEvent.Attachment("Arm.notFired", "evidence", "two kernels disagree"))
                .event(new ResultEvent.Evidence("Arm.notFired", "ARM-003", "header", "it did"))
                .end("Arm.notFired", ResultEvent.Status.FAIL, "returned 0, expected -EINVAL")
                .finish(Ending.Kind.KILLED, "QEMU was killed by signal 9");
        Path results = directory.resolve("allure-results");
        AllureResults.write(List.of(new Column(run)), CATALOGUE, results);
        List<JsonNode> tests = results(results);
        assertThat(tests).hasSize(4);
        JsonNode failed = tests.stream()
                .filter(t -> t.at("/fullName").asString().equals("Arm.notFired"))
                .findFirst()
                .orElseThrow();
        assertThat(failed.at("/status").asString()).isEqualTo("failed");
        assertThat(failed.at("/labels").toString())
                .contains("{\"name\":\"feature\",\"value\":\"fire-once and re-arm\"}")
                .contains("{\"name\":\"story\",\"value\":\"ARM-003  a < b\"}")
                .contains("{\"name\":\"tag\",\"value\":\"ARM-004\"}");
        assertThat(failed.at("/descriptionHtml").asString()).startsWith("<p><b>ARM-003</b> a &lt; b");
        assertThat(failed.at("/links/0/url").asString()).isEqualTo("matrix.html#ARM-003");
        assertThat(failed.at("/parameters").toString())
                .contains("7.3.4+deb13-amd64")
                .contains("event");
        assertThat(failed.at("/attachments").values())
                .extracting(a -> a.at("/name").asString())
                .containsExactly("evidence", "evidence, ARM-003: header", "kernel log");
        assertThat(failed.at("/statusDetails/message").asString())
                .isEqualTo("ARM-003  a &lt; b\nARM-004  (not in the catalogue)\nreturned 0, expected -EINVAL\n"
                        + "replay   ./zcrx vm --kernel debian:7.3 --tests Arm.notFired --seed 42");
        JsonNode notRun = tests.stream()
                .filter(t -> t.at("/fullName").asString().equals("Counters.bytes"))
                .findFirst()
                .orElseThrow();
        assertThat(notRun.has("status") && !notRun.get("status").isNull()).isFalse();
        assertThat(Files.readString(results.resolve("environment.properties"))).contains("seed=42");
    }
}
