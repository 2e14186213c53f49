// SPDX-License-Identifier: MIT
package zcrx.conformance;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import zcrx.conformance.SuiteOptions.Profile;
import zcrx.conformance.results.ResultEvent.PlannedTest;
import zcrx.fixtures.abi.Dialect;
import zcrx.fixtures.path.PathKind;

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
    void eachPathHasItsOwnIdsAndWhatNeedsAQueueIsThereInAnyCase() {
        List<PathKind> both = List.of(PathKind.NODEV, PathKind.SIMNIC);
        var options =
                new SuiteOptions(Profile.GATE, 0, List.of("Arm.twice", "AllocFail.recovery", "Control.*Id"), both);
        assertThat(Suite.plan(options))
                .extracting(PlannedTest::id)
                .containsExactly("Arm.twice", "Control.unknownId", "Arm.twice@simnic", "AllocFail.recovery@simnic");
        assertThat(ids(Profile.GATE, "AllocFail.recovery")).containsExactly("AllocFail.recovery");
        var named = new SuiteOptions(Profile.GATE, 0, List.of("arm.twice@*"), both);
        assertThat(Suite.plan(named)).extracting(PlannedTest::dataPath).containsExactly("simnic");
    }

    @Test
    void theRestOfARunIsWhatComesBehindATestOnWhateverPath() {
        var all = new SuiteOptions(Profile.FULL, 0, List.of(), List.of(PathKind.values()));
        List<PlannedTest> plan = Suite.plan(all);
        for (int last : new int[] {0, plan.size() / 2, plan.size() - 2, plan.size() - 1}) {
            assertThat(Suite.plan(all.restAfter(plan.get(last).id()))).isEqualTo(plan.subList(last + 1, plan.size()));
        }
    }

    private static SuiteOptions part(Shard shard, @Nullable Long shuffle, String after) {
        return new SuiteOptions(Profile.FULL, 0, List.of(), List.of(PathKind.values()), shard, shuffle, null, after);
    }

    private static List<PlannedTest> plan(Shard shard, @Nullable Long shuffle) {
        return Suite.plan(part(shard, shuffle, ""));
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 2, 3, 7, 64})
    void shardsAreDisjointAndCompleteInWhateverOrder(int of) {
        List<PlannedTest> whole = plan(Shard.WHOLE, null);
        var together = new ArrayList<PlannedTest>();
        for (int number = 1; number <= of; number++) {
            var shard = new Shard(number, of);
            List<PlannedTest> its = plan(shard, null);
            assertThat(its).isEqualTo(plan(shard, null)).isSubsetOf(whole);
            assertThat(its.size()).isBetween(whole.size() / of, whole.size() / of + 1);
            assertThat(plan(shard, (long) of)).containsExactlyInAnyOrderElementsOf(its);
            together.addAll(its);
        }
        assertThat(together).containsExactlyInAnyOrderElementsOf(whole).doesNotHaveDuplicates();
    }

    @Test
    void thereMayBeMoreShardsThanTests() {
        int tests = plan(Shard.WHOLE, null).size();
        assertThat(plan(new Shard(tests, tests + 1), null)).hasSize(1);
        assertThat(plan(new Shard(tests + 1, tests + 1), null)).isEmpty();
    }

    @Test
    void aShuffledPlanIsTheSameForTheSameSeedAndItsRestIsWhatComesBehind() {
        List<PlannedTest> plan = plan(Shard.WHOLE, 7L);
        assertThat(plan)
                .isEqualTo(plan(Shard.WHOLE, 7L))
                .isNotEqualTo(plan(Shard.WHOLE, 8L))
                .isNotEqualTo(plan(Shard.WHOLE, null))
                .containsExactlyInAnyOrderElementsOf(plan(Shard.WHOLE, null));
        assertThat(plan)
                .extracting(PlannedTest::dataPath)
                .isEqualTo(plan(Shard.WHOLE, null).stream()
                        .map(PlannedTest::dataPath)
                        .toList());
        int last = plan.size() / 3;
        assertThat(Suite.plan(part(Shard.WHOLE, 7L, plan.get(last).id())))
                .isEqualTo(plan.subList(last + 1, plan.size()));
    }

    @ParameterizedTest
    @ValueSource(strings = {"0/2", "3/2", "1", "1/0", "-1/2", "1/2/3", "a/b", "01/2", ""})
    void whatIsNoShard(String word) {
        assertThatThrownBy(() -> Shard.parse(word)).hasMessageContaining("no shard; give I/N");
    }

    @Test
    void optionsTravelAsWords() {
        SuiteOptions part = part(new Shard(2, 5), -3L, "Arm.twice");
        assertThat(SuiteOptions.parse(part.words())).isEqualTo(part);
        var options = new SuiteOptions(Profile.FULL, -7, List.of("ARM-*", "Buffers.limit"), List.of(PathKind.SIMNIC));
        assertThat(SuiteOptions.parse(options.words())).isEqualTo(options);
        for (Dialect dialect : Dialect.choices()) {
            SuiteOptions rest =
                    SuiteOptions.parse(List.of("--dialect", dialect.word())).restAfter("Arm.twice@simnic");
            assertThat(rest.dialect()).isEqualTo(dialect);
            assertThat(SuiteOptions.parse(rest.words())).isEqualTo(rest);
        }
        assertThatThrownBy(() -> SuiteOptions.parse(List.of("--profile", "slow")))
                .hasMessage("unknown profile: slow");
        assertThatThrownBy(() -> SuiteOptions.parse(List.of("--data-path", "pigeon")))
                .hasMessage("unknown data path: pigeon");
        assertThatThrownBy(() -> SuiteOptions.parse(List.of("--dialect", "none")))
                .hasMessage("unknown dialect: none");
        assertThatThrownBy(() -> SuiteOptions.parse(List.of("--seed"))).hasMessage("--seed needs a value");
    }
}
