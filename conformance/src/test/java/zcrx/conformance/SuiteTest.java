// SPDX-License-Identifier: MIT
package zcrx.conformance;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.List;
import org.junit.jupiter.api.Test;
import zcrx.conformance.SuiteOptions.Profile;
import zcrx.conformance.results.ResultEvent.PlannedTest;

class SuiteTest {
    private static List<String> ids(Profile profile, String... tests) {
        return Suite.plan(new SuiteOptions(profile, 0, List.of(tests))).stream()
                .map(PlannedTest::id)
                .toList();
    }

    @Test
    void idsAreUnique() {
        assertThat(ids(Profile.FULL)).doesNotHaveDuplicates();
    }

    @Test
    void gateIsAPartOfFullAndDeathsAreInNeither() {
        assertThat(ids(Profile.FULL)).containsAll(ids(Profile.GATE)).contains("Arm.manyRounds");
        assertThat(ids(Profile.GATE)).doesNotContain("Arm.manyRounds");
        assertThat(ids(Profile.FULL)).noneMatch(id -> id.startsWith("Deaths."));
        assertThat(ids(Profile.DEATHS)).isNotEmpty().allMatch(id -> id.startsWith("Deaths."));
    }

    @Test
    void testsAreNamedByIdOrRuleInAnyCase() {
        assertThat(ids(Profile.GATE, "arm.notfired")).containsExactly("Arm.notFired");
        assertThat(ids(Profile.GATE, "ARM-002")).containsExactly("Arm.notFired");
        assertThat(ids(Profile.GATE, "ctl-00[12]"))
                .containsExactlyInAnyOrder("Control.numberOfArguments", "Control.badPointer");
    }

    @Test
    void aSlowTestThatIsNamedRunsInTheGateToo() {
        assertThat(ids(Profile.GATE, "Arm.manyRounds")).containsExactly("Arm.manyRounds");
    }

    @Test
    void noPatternReachesADeathFromAnotherProfile() {
        assertThat(ids(Profile.FULL, "*")).isNotEmpty().noneMatch(id -> id.startsWith("Deaths."));
        assertThat(ids(Profile.GATE, "nothing")).isEmpty();
    }

    @Test
    void optionsTravelAsWords() {
        var options = new SuiteOptions(Profile.FULL, -7, List.of("ARM-*", "Buffers.limit"));
        assertThat(SuiteOptions.parse(options.words())).isEqualTo(options);
        assertThatThrownBy(() -> SuiteOptions.parse(List.of("--profile", "slow")))
                .hasMessage("unknown profile: slow");
        assertThatThrownBy(() -> SuiteOptions.parse(List.of("--seed"))).hasMessage("--seed needs a value");
    }
}
