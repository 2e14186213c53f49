// SPDX-License-Identifier: MIT
package zcrx.reports.cli;

import java.time.Instant;
import java.util.List;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import zcrx.conformance.SuiteOptions;
import zcrx.fixtures.path.PathKind;
import zcrx.fixtures.probe.KernelProbe;
import zcrx.reports.run.Setup;
import zcrx.reports.terminal.Terminal;
import zcrx.vm.LocalHost;

@Command(
        name = "run",
        sortOptions = false,
        description = {
            "Runs the suite on the running kernel, and says pass or fail. Needs root.",
            "A faulty kernel may take this machine down with it: ./zcrx vm does not."
        })
final class RunCommand implements Callable<Integer> {
    @Mixin
    private SuiteArguments suite = new SuiteArguments();

    @Override
    public Integer call() {
        SuiteOptions options = suite.options(List.of(PathKind.NODEV));
        try (Terminal terminal = Terminal.forPeople(System.getenv())) {
            var session = new Session(suite, options, terminal);
            var host = new LocalHost();
            KernelProbe kernel = KernelProbe.get();
            var setup = new Setup(
                    Main.version(),
                    Instant.now(),
                    suite.strict() ? List.of("run", "--strict") : List.of("run"),
                    options.profile().word(),
                    options.tests(),
                    options.selection(),
                    options.seed(),
                    kernel.release(),
                    "running here",
                    Runtime.getRuntime().availableProcessors() + " cpus",
                    suite.strict(),
                    suite.ignoredSplats(),
                    suite.expected(),
                    null,
                    null);
            return session.run(host, setup).number();
        }
    }
}
