// SPDX-License-Identifier: MIT
package zcrx.reports.format;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Map;
import org.junit.jupiter.api.Test;
import zcrx.conformance.results.ResultEvent;
import zcrx.reports.run.Catalogue;
import zcrx.reports.run.Feed;
import zcrx.reports.run.Run;
import zcrx.vm.Ending;

class KtapTest {
    private static final Catalogue CATALOGUE =
            new Catalogue(Map.of("ARM-003", new Catalogue.Rule("Not armed yet.", "observed", "zcrx.c")));

    @Test
    void everyOutcome() {
        Run run = Feed.planned()
                .pass("Port.noBuffers")
                .start("Arm.notFired")
                .end(
                        "Arm.notFired",
                        ResultEvent.Status.FAIL,
                        "returned 0, expected -EINVAL\n# Subtest: forged\nok 3 forged")
                .start("Counters.bytes")
                .end("Counters.bytes", ResultEvent.Status.SKIP, "no NIC\nok 4 forged")
                .bye(3)
                .finish();
        assertThat(Ktap.of(run, CATALOGUE)).isEqualTo("""
                KTAP version 1
                1..4
                # requirements: EVT-001
                # duration_ms: 12
                ok 1 Port.noBuffers
                # requirements: ARM-003 ARM-004
                # duration_ms: 12
                #   ARM-003  Not armed yet.
                #   ARM-004  (not in the catalogue)
                #   returned 0, expected -EINVAL
                #   # Subtest: forged
                #   ok 3 forged
                #   replay   ./zcrx vm --kernel debian:7.3 --tests Arm.notFired --seed 42
                not ok 2 Arm.notFired
                # requirements: CNT-001
                # duration_ms: 12
                ok 3 Counters.bytes # SKIP no NIC
                ok 4 zcrx.run
                # verdict: fail, kernel 7.3.4+deb13-amd64
                """);
    }

    @Test
    void afterADeathTheRestIsMissing() {
        Run run = Feed.planned().pass("Port.noBuffers").start("Arm.notFired").finish(Ending.Kind.KILLED, "");
        assertThat(Ktap.of(run, CATALOGUE))
                .contains("1..4\n")
                .contains("not ok 2 Arm.notFired\n")
                .contains("# not run: Counters.bytes\nnot ok 3 zcrx.run\n")
                .doesNotContain("ok 4");
    }

    @Test
    void whatBelongsToNoTestIsALineOfItsOwn() {
        Run run = Feed.passed().finish(Ending.Kind.KILLED, "QEMU was killed by signal 9");
        assertThat(Ktap.of(run, CATALOGUE))
                .contains("1..4\n")
                .contains("#   the guest was killed after the suite had finished: QEMU was killed by signal 9\n")
                .contains("\nnot ok 4 zcrx.run\n");
    }

    @Test
    void wordsThatEndTheOutputOfAKernel() {
        Run run = Feed.planned()
                .start("Port.noBuffers")
                .end(
                        "Port.noBuffers",
                        ResultEvent.Status.FAIL,
                        "Kernel panic - not syncing: VFS: no root\nreboot: System halted\nList of all partitions:")
                .finish(Ending.Kind.KILLED, "");
        assertThat(Ktap.of(run, CATALOGUE))
                .contains("#   Kernel panic - not syncing: VFS : no root\n")
                .contains("#   reboot : System halted\n")
                .contains("#   List of all partitions :\n");
    }

    @Test
    void nothingToTest() {
        Run run = new Feed()
                .hello()
                .event(new ResultEvent.Unsupported("kernel 6.12 has no io_uring query"))
                .bye(0)
                .finish();
        assertThat(Ktap.of(run, CATALOGUE))
                .startsWith("KTAP version 1\n1..0 # SKIP kernel 6.12 has no io_uring query\n");
    }

    @Test
    void guestThatNeverCameUp() {
        Run run = new Feed().finish(Ending.Kind.TIMEOUT, "");
        assertThat(Ktap.of(run, CATALOGUE)).contains("1..1\n").contains("not ok 1 zcrx.run\n");
    }
}
