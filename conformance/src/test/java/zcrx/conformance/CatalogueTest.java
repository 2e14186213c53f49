// SPDX-License-Identifier: MIT
package zcrx.conformance;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.TreeSet;
import org.junit.jupiter.api.Test;
import tools.jackson.core.type.TypeReference;
import tools.jackson.dataformat.yaml.YAMLMapper;
import zcrx.conformance.SuiteOptions.Profile;
import zcrx.conformance.results.ResultEvent.PlannedTest;
import zcrx.fixtures.abi.Dialect;
import zcrx.fixtures.path.PathKind;
import zcrx.fixtures.ring.BasicRule;

/** The catalogue and the tests name each other. */
class CatalogueTest {
    private static final Set<String> CLASSES = Set.of("documented", "header comment", "implied by errno", "observed");

    private final Map<String, Map<String, Object>> catalogue =
            new YAMLMapper().readValue(Path.of("requirements.yaml").toFile(), new TypeReference<>() {});

    private static java.util.List<PlannedTest> everything() {
        return Suite.plan(new SuiteOptions(
                Profile.FULL, 0, java.util.List.of(), java.util.List.of(zcrx.fixtures.path.PathKind.values())));
    }

    @Test
    void everyRuleHasATestAndEveryNamedRuleExists() {
        var named = new TreeSet<String>();
        everything().forEach(test -> named.addAll(test.requirements()));
        assertThat(named).containsExactlyInAnyOrderElementsOf(catalogue.keySet());
    }

    @Test
    void rulesThatEveryTestStandsOnExist() {
        assertThat(BasicRule.values()).allSatisfy(rule -> assertThat(catalogue).containsKey(rule.id()));
    }

    @Test
    void programsQuoteRulesAsTheyStand() {
        assertThat(RuleSentences.all())
                .hasSameSizeAs(catalogue)
                .allSatisfy((id, sentence) -> assertThat(sentence).isEqualTo(rule(id).get("rule")));
    }

    @Test
    void everyTestNamesARule() {
        assertThat(everything())
                .allSatisfy(
                        test -> assertThat(test.requirements()).as(test.id()).isNotEmpty());
    }

    private Map<String, Object> rule(String id) {
        return Objects.requireNonNull(catalogue.get(id), id);
    }

    @Test
    void testsHoldInTheDialectsOfTheRuleThatTheyAreAbout() {
        var everywhere = Dialect.choices().stream().map(Dialect::word).toList();
        assertThat(TestList.all())
                .filteredOn(test -> !test.rules().isEmpty())
                .allSatisfy(test -> assertThat(
                                test.dialects().stream().map(Dialect::word).toList())
                        .as(test.id(PathKind.NODEV))
                        .isEqualTo(rule(test.rules().getFirst()).getOrDefault("dialects", everywhere)));
    }

    @Test
    void everyRuleIsComplete() {
        assertThat(catalogue).allSatisfy((id, rule) -> {
            assertThat(id).matches("(QRY|LAY|REG|OFF|EVT|ARM|CNT|CTL|IMP|BUF|NIC)-\\d{3}");
            assertThat(rule.get("rule")).as(id).asString().endsWith(".");
            assertThat(CLASSES).as(id).contains((String) rule.get("class"));
            assertThat(rule.get("source")).as(id).asString().isNotBlank();
            assertThat(Set.of("rule", "class", "source", "dialects", "since", "paths", "finding"))
                    .as(id)
                    .containsAll(rule.keySet());
        });
    }
}
