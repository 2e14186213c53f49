// SPDX-License-Identifier: MIT
package zcrx.reports.cli;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.stream.Collectors;
import org.apache.commons.io.file.PathUtils;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import zcrx.conformance.Suite;
import zcrx.conformance.SuiteOptions;
import zcrx.conformance.SuiteOptions.Profile;
import zcrx.conformance.results.ResultEvent;
import zcrx.fixtures.path.KernelModule;
import zcrx.fixtures.path.PathKind;
import zcrx.reports.RunDirectory;
import zcrx.reports.repro.Reproducers;
import zcrx.reports.repro.Reproducers.Case;
import zcrx.reports.run.ExitCode;
import zcrx.reports.run.KnownBugs;
import zcrx.reports.run.Run;
import zcrx.reports.run.RunRecorder;
import zcrx.reports.run.Status;
import zcrx.reports.terminal.Terminal;
import zcrx.vm.BadRequestException;
import zcrx.vm.CannotTestException;
import zcrx.vm.Limits;
import zcrx.vm.Progress;
import zcrx.vm.image.GuestExtras;
import zcrx.vm.image.GuestImage;
import zcrx.vm.kernel.GuestModule;
import zcrx.vm.kernel.Kernel;
import zcrx.vm.kernel.KernelSources;
import zcrx.vm.program.ProgramGuest.Machine;
import zcrx.vm.program.ProgramGuest.Result;
import zcrx.vm.program.ProgramGuest.Session;
import zcrx.vm.qemu.QemuVm;
import zcrx.vm.qemu.VmOptions;

@Command(
        name = "export",
        sortOptions = false,
        description = {
            "Makes C programs of tests that pass.",
            "Runs the tests in a virtual machine, writes what each did and checked as TEST/repro.c, with TEST/journal.txt",
            "beside it, compiles the programs, and runs them on the same kernel.",
            "Ends with 0 when each of them ends with 0."
        })
final class ExportCommand implements Callable<Integer> {
    @Parameters(
            index = "0..*",
            arity = "1..*",
            paramLabel = "TEST",
            description = "Ids or rules of tests, such as Arm.notFired, Arm.notFired@simnic or 'ARM-*'.")
    private List<String> tests = new ArrayList<>();

    @Option(
            names = "--out",
            paramLabel = "DIR",
            description = "A new or empty directory for the programs. Default: reports/out/<time>-export")
    private @Nullable Path out;

    @Option(
            names = "--kernel",
            paramLabel = "SPEC",
            defaultValue = "debian:latest",
            description = "As for ./zcrx vm. Default: ${DEFAULT-VALUE}")
    private String kernelSpec = "";

    @Option(
            names = "--seed",
            paramLabel = "N",
            defaultValue = "1",
            description = "Seed of every random choice. Default: ${DEFAULT-VALUE}")
    private long seed;

    @Option(
            names = "--timeout",
            paramLabel = "TIME",
            defaultValue = "10m",
            description = "For the run of the tests, such as 90s, 10m or 1h. Default: ${DEFAULT-VALUE}")
    private String timeout = "";

    @Override
    public Integer call() {
        Duration limit = SuiteArguments.time("--timeout", timeout);
        var options = new SuiteOptions(Profile.FULL, seed, tests, paths());
        if (out != null) {
            RunDirectory.check(out);
        }
        try (Terminal terminal = Terminal.forPeople(System.getenv())) {
            Path cache = KernelSources.defaultCacheDir();
            var sources = new KernelSources(cache, terminal);
            Kernel kernel = sources.resolve(kernelSpec);
            terminal.line("kernel", kernel.release() + " (" + kernel.origin() + ")");
            GuestModule simnic = VmCommand.module(sources, kernel, KernelModule.SIMNIC);
            Path directory = out != null
                    ? RunDirectory.create(out).path()
                    : RunDirectory.createBelow(Main.outputs(), Instant.now(), "export")
                            .path();
            Run run = run(options, kernel, simnic, limit, directory.resolve("run"), terminal);
            Path temporary = Files.createTempDirectory("zcrx-");
            try {
                var vmOptions =
                        new VmOptions("", VmOptions.Accel.AUTO, ReproduceCommand.MEMORY_MIB, VmCommand.DEFAULT_CPUS);
                var machine = new Machine(image -> new QemuVm(kernel, image, vmOptions, cache), () -> simnic);
                return export(run, directory, temporary, machine, terminal).number();
            } finally {
                PathUtils.deleteDirectory(temporary);
            }
        } catch (IOException e) {
            throw CannotTestException.because(e, "cannot export", "give a directory that can be written to, --out");
        }
    }

    /** Without a device, and with the simulated one for those that say so or need it. */
    private List<PathKind> paths() {
        var paths = new ArrayList<PathKind>();
        Set<String> possible = possible();
        for (PathKind path : List.of(PathKind.NODEV, PathKind.SIMNIC)) {
            boolean any = tests.stream()
                    .anyMatch(t -> t.contains("@")
                            ? t.endsWith("@" + path.word())
                            : path == PathKind.NODEV || !isOn(t, PathKind.NODEV, possible));
            if (any) {
                paths.add(path);
            }
        }
        for (String test : tests) {
            if (paths.stream().noneMatch(path -> isOn(test, path, possible))) {
                throw new BadRequestException("export " + test
                        + ": matches no test; give an id such as Arm.notFired or Arm.notFired@simnic, or a rule");
            }
        }
        return paths;
    }

    private boolean isOn(String test, PathKind path, Set<String> possible) {
        return Suite.plan(new SuiteOptions(Profile.FULL, seed, List.of(test), List.of(path))).stream()
                .anyMatch(
                        t -> t.dataPath().equals(path.word()) && (path != PathKind.NODEV || possible.contains(t.id())));
    }

    /** Where no path has a queue, the tests that need one are planned all the same, to be skipped: these are not here. */
    private static Set<String> possible() {
        return Suite.plan(new SuiteOptions(Profile.FULL, 0, List.of(), List.of(PathKind.NODEV, PathKind.SIMNIC)))
                .stream()
                .map(ResultEvent.PlannedTest::id)
                .collect(Collectors.toSet());
    }

    private Run run(
            SuiteOptions options, Kernel kernel, GuestModule simnic, Duration limit, Path directory, Terminal terminal)
            throws IOException {
        String append = Suite.EXPORT + "=passed";
        try (var stop = new Stop()) {
            Path image = new GuestExtras().module(simnic).with(GuestImage.built());
            stop.listen();
            try (Progress.Task _ = terminal.begin("running the tests")) {
                var vm = PlainVm.of(kernel, image, append, options);
                return new RecordedRun(options, Limits.whole(limit), KnownBugs.read(Main.home()), stop)
                        .on(vm.machine(), vm.setup(), RunDirectory.create(directory), new RunRecorder.Listener() {});
            } finally {
                Files.delete(image);
            }
        }
    }

    private static ExitCode export(Run run, Path directory, Path temporary, Machine machine, Terminal terminal)
            throws IOException {
        if (run.tests().isEmpty()) {
            throw new CannotTestException("no test ran: "
                    + Optional.ofNullable(run.unsupported())
                            .orElse(
                                    run.errors().isEmpty()
                                            ? "see " + directory.resolve("run")
                                            : run.errors().getFirst()));
        }
        var cases = new ArrayList<Case>();
        for (Run.Test test : run.tests()) {
            Path own = directory.resolve(test.id());
            Optional<String> lack = lack(test);
            if (lack.isEmpty()) {
                Files.createDirectories(own);
                Files.writeString(
                        own.resolve(ResultEvent.Attachment.JOURNAL),
                        test.attachment(ResultEvent.Attachment.JOURNAL).orElse(""));
                cases.add(new Case(test.id(), test, own.resolve(ResultEvent.Attachment.PROGRAM)));
            } else if (run.tests().size() == 1) {
                throw new CannotTestException(test.id() + ": " + lack.get());
            } else {
                terminal.line(Terminal.Colour.ODD, "-", test.id() + "  " + lack.get());
            }
        }
        var reproducers = new Reproducers(cases, temporary);
        Session session;
        try (Progress.Task _ = terminal.begin("running C programs in a guest")) {
            session = reproducers.run(machine);
        }
        int good = 0;
        for (Case c : cases) {
            Result result = session.results().get(c.name());
            boolean passes = result != null && result.passes();
            good += passes ? 1 : 0;
            terminal.line(
                    passes ? Terminal.Colour.GOOD : Terminal.Colour.BAD,
                    passes ? "ok" : "FAIL",
                    c.name() + "  "
                            + (result != null
                                    ? "ends with " + result.status() + ": " + result.said()
                                    : reproducers.verdict(c.name(), session)));
        }
        terminal.line(
                "programs",
                "%d of %d tests exported, %d of them end with 0, in %s"
                        .formatted(cases.size(), run.tests().size(), good, directory));
        return cases.isEmpty() ? ExitCode.CANNOT_TEST : good == cases.size() ? ExitCode.PASS : ExitCode.FAIL;
    }

    private static Optional<String> lack(Run.Test test) {
        return test.status() == Status.PASS
                ? Reproducers.lack(test)
                : Optional.of("did not pass (" + test.status().word() + "): " + test.reason());
    }
}
