// SPDX-License-Identifier: MIT
package zcrx.conformance;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.platform.engine.TestExecutionResult;
import org.junit.platform.engine.TestExecutionResult.Status;
import org.junit.platform.launcher.TestExecutionListener;
import org.junit.platform.launcher.TestIdentifier;
import org.junit.platform.launcher.core.LauncherDiscoveryRequestBuilder;
import org.opentest4j.TestAbortedException;
import zcrx.conformance.ListedTest.Kind;
import zcrx.conformance.RunsOn.Scope;
import zcrx.conformance.SuiteOptions.Profile;
import zcrx.fixtures.abi.Dialect;

class ExampleEngineTest {
    /** Not found by the build's own run of tests: they have no annotation. */
    static final class Sample {
        private int calls;

        void passes() {
            assertThat(calls++).isZero();
        }

        void skips() {
            if (calls == 0) {
                throw new TestAbortedException("lacks something");
            }
        }

        void fails() {
            assertThat(calls).isEqualTo(1);
        }
    }

    private static ListedTest listed(String method) {
        return new ListedTest(
                Sample.class.getName(),
                method,
                Kind.EXAMPLE,
                Profile.GATE,
                Scope.NODEV,
                Dialect.choices(),
                "subject",
                method,
                List.of());
    }

    @Test
    void testsEndInOrderAsTheirMethodsDo() {
        var ended = new ArrayList<String>();
        var statuses = new ArrayList<Status>();
        var engine = new ExampleEngine(List.of(listed("passes"), listed("skips"), listed("fails"), listed("gone")));
        Suite.launcher(engine).execute(LauncherDiscoveryRequestBuilder.request().build(), new TestExecutionListener() {
            @Override
            public void executionFinished(TestIdentifier test, TestExecutionResult result) {
                if (test.isTest()) {
                    ended.add(test.getDisplayName());
                    statuses.add(result.getStatus());
                }
            }
        });
        assertThat(ended).containsExactly("passes", "skips", "fails", "gone");
        assertThat(statuses).containsExactly(Status.SUCCESSFUL, Status.ABORTED, Status.FAILED, Status.FAILED);
    }
}
