// SPDX-License-Identifier: MIT
package zcrx.reports.format;

import static org.assertj.core.api.Assertions.assertThat;

import com.networknt.schema.Error;
import com.networknt.schema.InputFormat;
import com.networknt.schema.Schema;
import com.networknt.schema.SchemaRegistry;
import com.networknt.schema.SpecificationVersion;
import java.io.IOException;
import java.io.InputStream;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;
import zcrx.conformance.results.ResultEvent;
import zcrx.reports.run.Catalogue;
import zcrx.reports.run.Column;
import zcrx.reports.run.Feed;
import zcrx.reports.run.Run;
import zcrx.vm.Ending;

class KcidbTest {
    private static final Catalogue CATALOGUE = new Catalogue(Map.of());

    private static List<Error> errors(String json) throws IOException {
        try (InputStream in = KcidbTest.class.getResourceAsStream("kcidb-subset.schema.json")) {
            Schema schema = SchemaRegistry.withDefaultDialect(SpecificationVersion.DRAFT_2020_12)
                    .getSchema(in, InputFormat.JSON);
            return schema.validate(
                    json,
                    InputFormat.JSON,
                    context -> context.executionConfig(config -> config.formatAssertionsEnabled(true)));
        }
    }

    private static JsonNode report(@Nullable String build, Column... columns) throws IOException {
        String json = Kcidb.of(List.of(columns), "mylab", build, CATALOGUE);
        assertThat(errors(json)).isEmpty();
        return JsonMapper.shared().readTree(json);
    }

    private static Run run() {
        return Feed.planned()
                .pass(Feed.FIRST.id())
                .start(Feed.SECOND.id())
                .end(Feed.SECOND.id(), ResultEvent.Status.FAIL, "returned 0\u0000, expected -EINVAL")
                .start(Feed.THIRD.id())
                .end(Feed.THIRD.id(), ResultEvent.Status.SKIP, "no NIC")
                .bye(3)
                .finish();
    }

    private static List<String> statuses(JsonNode report) {
        return report.at("/tests")
                .valueStream()
                .map(t -> t.at("/path").asString() + " " + t.at("/status").asString())
                .toList();
    }

    @Test
    void theSchemaRefusesWhatItShould() throws IOException {
        assertThat(errors("{\"version\": {\"major\": 5, \"minor\": 3}}")).isEmpty();
        assertThat(errors("{\"version\": {\"major\": 4}}")).isNotEmpty();
        assertThat(errors("{\"version\": {\"major\": 5}, \"tests\": [{\"id\": \"a:b\"}]}"))
                .isNotEmpty();
        String test = "{\"version\": {\"major\": 5}, \"tests\": [{\"id\": \"a:b\", \"origin\": \"a\","
                + " \"build_id\": \"a:c\", \"path\": \"%s\", \"start_time\": \"%s\"}]}";
        assertThat(errors(test.formatted("zcrx.A.b", "2026-11-22T10:41:00Z"))).isEmpty();
        assertThat(errors(test.formatted("zcrx.A.b@nic", "2026-11-22T10:41:00Z")))
                .isNotEmpty();
        assertThat(errors(test.formatted("zcrx.A.b", "yesterday"))).isNotEmpty();
    }

    @Test
    void everyVerdictHasItsWord() throws IOException {
        assertThat(statuses(report(null, new Column(run()))))
                .containsExactly(
                        "zcrx FAIL", "zcrx.Port.noBuffers PASS", "zcrx.Arm.notFired FAIL", "zcrx.Counters.bytes SKIP");
        Run cut = Feed.planned()
                .start(Feed.FIRST.id())
                .end(Feed.FIRST.id(), ResultEvent.Status.BROKEN, "a bug of the test's own")
                .finish(Ending.Kind.INTERRUPTED, "");
        assertThat(statuses(report(null, new Column(cut))))
                .containsExactly(
                        "zcrx FAIL", "zcrx.Port.noBuffers ERROR", "zcrx.Arm.notFired MISS", "zcrx.Counters.bytes MISS");
        Run never = new Feed().finish(Ending.Kind.TIMEOUT, "");
        assertThat(statuses(report(null, new Column(never)))).containsExactly("zcrx MISS");
    }

    @Test
    void severalKernelsAreSeveralBuilds() throws IOException {
        JsonNode report = report(null, new Column(run()), new Column(new Feed().finish(Ending.Kind.TIMEOUT, "")));
        assertThat(report.at("/builds").size()).isEqualTo(2);
        assertThat(report.at("/builds/0/architecture").asString()).isEqualTo("x86_64");
        assertThat(report.at("/tests/0/build_id")).isEqualTo(report.at("/builds/0/id"));
        assertThat(report.at("/tests/4/build_id")).isEqualTo(report.at("/builds/1/id"));
        assertThat(report.at("/tests").valueStream().map(t -> t.at("/id").asString()))
                .doesNotHaveDuplicates()
                .allMatch(id -> id.startsWith("mylab:zcrx-"));
    }

    @Test
    void aBuildThatIsKnownThere() throws IOException {
        JsonNode report = report("mylab:build-17", new Column(run()));
        assertThat(report.at("/builds")).isEmpty();
        assertThat(report.at("/checkouts")).isEmpty();
        assertThat(report.at("/tests/1/build_id").asString()).isEqualTo("mylab:build-17");
    }

    @Test
    void ofADataPathIsANodeOfItsOwn() throws IOException {
        var onNic = new ResultEvent.PlannedTest("Arm.twice@simnic", "s", "n", List.of("ARM-001"), "simnic");
        Run run = new Feed().hello().plan(onNic).pass(onNic.id()).bye(1).finish();
        assertThat(statuses(report(null, new Column(run)))).containsExactly("zcrx PASS", "zcrx.Arm.twice.simnic PASS");
    }
}
