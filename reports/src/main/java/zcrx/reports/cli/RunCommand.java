// SPDX-License-Identifier: MIT
package zcrx.reports.cli;

import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import zcrx.conformance.SuiteOptions;
import zcrx.fixtures.path.PathKind;
import zcrx.fixtures.probe.KernelProbe;
import zcrx.reports.run.Repetition;
import zcrx.reports.run.Setup;
import zcrx.reports.run.Verdict;
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
    private static final List<PathKind> DEFAULT_PATHS = List.of(PathKind.NODEV);

    @Mixin
    private SuiteArguments suite = new SuiteArguments();

    @Override
    public Integer call() {
        SuiteOptions options = suite.options(DEFAULT_PATHS);
        try (var stop = new Stop();
                Terminal terminal = Terminal.forPeople(System.getenv())) {
            var session = new Session(suite, options, terminal, stop);
            var host = new LocalHost(trouble -> terminal.line(Terminal.Colour.BAD, Verdict.ERROR.name(), trouble));
            if (options.paths().contains(PathKind.NIC)) {
                suite.nic().config();
            }
            KernelProbe kernel = KernelProbe.get();
            var setup = new Setup(
                    Main.version(),
                    Instant.now(),
                    command(options),
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
            Repetition repetition = suite.repetition();
            return (repetition.runsOnce()
                            ? session.run(host, setup)
                            : session.runAll(List.of(new Guest(setup.kernel(), setup, host, repetition)), 1))
                    .number();
        }
    }

    private List<String> command(SuiteOptions options) {
        var command = new ArrayList<>(List.of("run"));
        if (!options.paths().equals(DEFAULT_PATHS)) {
            command.addAll(options.pathWords());
        }
        suite.nic().file().ifPresent(file -> command.addAll(List.of("--net-config", file.toString())));
        command.addAll(suite.kernelWords());
        return command;
    }
}
