// SPDX-License-Identifier: MIT
package zcrx.reports.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import picocli.CommandLine;
import tools.jackson.core.StreamReadFeature;
import tools.jackson.databind.JsonNode;
import tools.jackson.dataformat.yaml.YAMLMapper;
import zcrx.conformance.Shard;
import zcrx.conformance.Suite;
import zcrx.conformance.SuiteOptions;
import zcrx.conformance.SuiteOptions.Profile;
import zcrx.conformance.results.ResultEvent.PlannedTest;
import zcrx.fixtures.path.PathKind;
import zcrx.vm.Command;

/** The examples in docs/ci: well-formed, with options that there are, and each test in one shard of each kernel. */
class CiExamplesTest {
    private static final YAMLMapper YAML = YAMLMapper.builder()
            .enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION)
            .build();

    /** Says with which words it was called; a script of ours calls it by this name. */
    private static final String STUB = "#!/bin/sh\necho \"$@\" >>called\n";

    @TempDir
    private Path temp;

    private static JsonNode example(String name) throws IOException {
        return YAML.readTree(Files.readString(Main.home().resolve("docs/ci").resolve(name)));
    }

    private void program(String name, String text) throws IOException {
        assertThat(Files.writeString(temp.resolve(name), text).toFile().setExecutable(true))
                .isTrue();
    }

    /** Runs a script beside stubs, and returns what was called. */
    private List<String> called(String script, Map<String, String> environment) throws IOException {
        Files.deleteIfExists(temp.resolve("called"));
        var command = new ArrayList<>(List.of("env", "PATH=" + temp + ":" + System.getenv("PATH")));
        environment.forEach((name, value) -> command.add(name + "=" + value));
        command.addAll(List.of("sh", "-euc", "cd '" + temp + "'\n" + script));
        Command.Result result = Command.run(command);
        assertThat(result.ok()).as(() -> String.join("\n", result.lines())).isTrue();
        return Files.readAllLines(temp.resolve("called"));
    }

    /** Each of these calls is one that vm takes, and of each kernel the shards are the whole, and no test is in two. */
    private static void assertWhole(List<String> calls, int kernels) {
        var seen = new LinkedHashMap<String, List<PlannedTest>>();
        for (String call : calls) {
            List<String> words = List.of(call.split(" "));
            assertThat(words.getFirst()).isEqualTo("vm");
            new CommandLine(new VmCommand())
                    .parseArgs(words.subList(1, words.size()).toArray(String[]::new));
            seen.computeIfAbsent(words.get(words.indexOf("--kernel") + 1), _ -> new ArrayList<>())
                    .addAll(plan(Shard.parse(words.get(words.indexOf("--shard") + 1))));
        }
        assertThat(seen).hasSize(kernels);
        assertThat(seen.values())
                .allSatisfy(tests -> assertThat(tests)
                        .doesNotHaveDuplicates()
                        .containsExactlyInAnyOrderElementsOf(plan(Shard.WHOLE)));
    }

    private static List<PlannedTest> plan(Shard shard) {
        return Suite.plan(new SuiteOptions(
                Profile.GATE, 1, List.of(), List.of(PathKind.NODEV, PathKind.SIMNIC), shard, null, null, ""));
    }

    private static List<String> strings(JsonNode list) {
        return list.valueStream().map(JsonNode::asString).toList();
    }

    @Test
    void github() throws IOException {
        JsonNode jobs = example("github-actions.yml").at("/jobs");
        JsonNode suite = jobs.at("/suite");
        program("zcrx", STUB);
        var calls = new ArrayList<String>();
        for (String kernel : strings(suite.at("/strategy/matrix/kernel"))) {
            for (String shard : strings(suite.at("/strategy/matrix/shard"))) {
                for (JsonNode step : suite.at("/steps")) {
                    if (!step.at("/run").asString("").contains("./zcrx")) {
                        continue;
                    }
                    var environment = new LinkedHashMap<String, String>();
                    step.at("/env")
                            .forEachEntry((name, value) -> environment.put(
                                    name,
                                    value.asString()
                                            .replace("${{ matrix.kernel }}", kernel)
                                            .replace("${{ matrix.shard }}", shard)));
                    calls.addAll(called(step.at("/run").asString(), environment));
                }
            }
        }
        assertWhole(calls, 3);
        assertThat(jobs.at("/report/needs").asString()).isEqualTo("suite");
        assertThat(jobs.at("/report/steps")
                        .valueStream()
                        .map(step -> step.at("/run").asString("")))
                .contains("./zcrx report --merge runs/* --out report");
    }

    @Test
    void kubernetes() throws IOException {
        JsonNode spec = example("kubernetes.yaml").at("/spec");
        JsonNode container = spec.at("/template/spec/containers/0");
        var environment = new LinkedHashMap<String, String>();
        for (JsonNode variable : container.at("/env")) {
            environment.put(
                    variable.at("/name").asString(), variable.at("/value").asString());
        }
        assertThat(spec.at("/completionMode").asString()).isEqualTo("Indexed");
        assertThat(strings(container.at("/command"))).containsExactly("sh", "-euc");
        program("zcrx", STUB);
        var calls = new ArrayList<String>();
        for (int i = 0; i < spec.at("/completions").asInt(); i++) {
            environment.put("JOB_COMPLETION_INDEX", Integer.toString(i));
            calls.addAll(called(container.at("/args/0").asString(), environment));
        }
        assertWhole(calls, 3);
    }

    @Test
    void lava() throws IOException {
        JsonNode definition = example("lava.yaml");
        assertThat(definition.at("/metadata/format").asString()).isEqualTo("Lava-Test Test Definition 1.0");
        String script = String.join("\n", strings(definition.at("/run/steps")));
        program("lava-self", "#!/bin/sh\necho \"$SELF\"\n");
        program("lava-group", "#!/bin/sh\nprintf 'b-1\\tsuite\\nb-10\\tsuite\\nb-2\\tsuite\\n'\n");
        program("lava-test-case", "#!/bin/sh\necho \"$1 $3\" >>cases\n");
        program("zcrx", STUB + """
                mkdir -p results
                cat >results/results.ktap <<'END'
                KTAP version 1
                1..5
                # duration_ms: 12
                ok 1 Arm.twice
                not ok 2 Arm.notFired@simnic
                ok 3 Arm.byMask # SKIP no rule of dialect event
                ok 4 Arm.late # XFAIL known bug
                ok 5 zcrx.run
                # verdict: fail, kernel 7.3.4
                END
                """);
        var calls = new ArrayList<String>();
        for (String device : List.of("b-1", "b-10", "b-2")) {
            calls.addAll(called(
                    script,
                    Map.of(
                            "SELF",
                            device,
                            "KERNEL",
                            definition.at("/params/KERNEL").asString())));
        }
        assertWhole(calls, 1);
        assertThat(Files.readAllLines(temp.resolve("cases")))
                .startsWith(
                        "Arm.twice pass",
                        "Arm.notFired@simnic fail",
                        "Arm.byMask skip",
                        "Arm.late pass",
                        "zcrx.run pass");
    }
}
