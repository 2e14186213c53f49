// SPDX-License-Identifier: MIT
package zcrx.reports.cli;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.apache.commons.io.file.PathUtils;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import zcrx.fixtures.path.KernelModule;
import zcrx.reports.RunDirectory;
import zcrx.reports.repro.Reproducers;
import zcrx.reports.repro.Reproducers.Case;
import zcrx.reports.run.ExitCode;
import zcrx.reports.run.KnownBugs;
import zcrx.reports.run.Run;
import zcrx.reports.terminal.Terminal;
import zcrx.vm.BadRequestException;
import zcrx.vm.CannotTestException;
import zcrx.vm.Progress;
import zcrx.vm.kernel.Kernel;
import zcrx.vm.kernel.KernelSources;
import zcrx.vm.program.ProgramGuest.Machine;
import zcrx.vm.program.ProgramGuest.Result;
import zcrx.vm.program.ProgramGuest.Session;
import zcrx.vm.qemu.QemuVm;
import zcrx.vm.qemu.VmOptions;

@Command(
        name = "reproduce",
        sortOptions = false,
        description = {
            "Writes the failures of a run as C programs, compiles them, and runs them in a virtual machine.",
            "Ends with 1 when a program shows its failure there; else with 125 when one did not run to its end, or none could",
            "be run; else with 0 when the kernel behaves, and with 4 when it lacks what every program needs.",
            "Given the directory of ./zcrx prove, runs the program of each caught fault on the kernel with that fault and",
            "on the one without; ends with 0 when every program fails on the one and passes on the other."
        })
final class ReproduceCommand implements Callable<Integer> {
    static final long MEMORY_MIB = 1024;

    @Parameters(index = "0", paramLabel = "RUN", description = "The directory of a run, or of ./zcrx prove.")
    private Path directory = Path.of("");

    @Parameters(
            index = "1..*",
            arity = "0..*",
            paramLabel = "TEST",
            description = "Ids of tests that failed in it. Default: all of them")
    private List<String> tests = new ArrayList<>();

    @Option(names = "--kernel", paramLabel = "SPEC", description = "As for ./zcrx vm. Default: the kernel of the run")
    private @Nullable String kernel;

    @Option(
            names = "--jobs",
            paramLabel = "N",
            defaultValue = "1",
            description = "Guests at a time, for the directory of ./zcrx prove. Default: ${DEFAULT-VALUE}")
    private int jobs;

    @Override
    public Integer call() {
        if (jobs < 1) {
            throw new BadRequestException("--jobs " + jobs + ": give 1 or more");
        }
        try (Terminal terminal = Terminal.forPeople(System.getenv())) {
            if (FaultPrograms.isIn(directory)) {
                if (kernel != null || !tests.isEmpty()) {
                    throw new BadRequestException(
                            directory + ": is of ./zcrx prove, which has its own kernel and tests; give it alone");
                }
                return FaultPrograms.run(directory, jobs, terminal).number();
            }
            Path temporary = Files.createTempDirectory("zcrx-");
            try {
                return failures(terminal, temporary).number();
            } finally {
                PathUtils.deleteDirectory(temporary);
            }
        } catch (IOException e) {
            throw CannotTestException.because(e, "cannot reproduce", "give a directory that can be written to");
        }
    }

    private ExitCode failures(Terminal terminal, Path temporary) throws IOException {
        Run run = RunDirectory.of(directory).replay(KnownBugs.read(Main.home()));
        List<Run.Test> failed = Reproducers.failures(run);
        for (String id : tests) {
            if (failed.stream().noneMatch(t -> t.id().equals(id))) {
                throw new BadRequestException(id + ": did not fail in " + directory + "; give one of: "
                        + String.join(" ", failed.stream().map(Run.Test::id).toList()));
            }
        }
        List<Case> cases = failed.stream()
                .filter(t -> tests.isEmpty() || tests.contains(t.id()))
                .map(t -> Case.of(t.id(), t, directory))
                .toList();
        if (cases.isEmpty()) {
            throw new BadRequestException(directory + ": no test failed; give the directory of a run with failures");
        }
        var reproducers = new Reproducers(cases, temporary);
        Session session = boot(run, terminal, reproducers);
        for (Case c : cases) {
            boolean shows = code(session.results().get(c.name())) == ExitCode.FAIL;
            terminal.line(
                    shows ? Terminal.Colour.BAD : Terminal.Colour.ODD,
                    shows ? "FAIL" : "-",
                    c.name() + "  " + reproducers.verdict(c.name(), session));
        }
        terminal.line("programs", directory.resolve(Reproducers.DIRECTORY).toString());
        return code(
                cases.stream()
                        .map(Case::name)
                        .filter(name -> reproducers.impossible(name).isEmpty())
                        .toList(),
                session);
    }

    /** The worst of programs that could be run, whatever their order: one that never ended may be the one that fails. */
    static ExitCode code(List<String> names, Session session) {
        Set<ExitCode> codes =
                names.stream().map(name -> code(session.results().get(name))).collect(Collectors.toSet());
        return Stream.of(ExitCode.FAIL, ExitCode.CANNOT_TEST, ExitCode.PASS, ExitCode.SKIP)
                .filter(codes::contains)
                .findFirst()
                .orElse(ExitCode.CANNOT_TEST);
    }

    private static ExitCode code(@Nullable Result result) {
        if (result == null) {
            return ExitCode.CANNOT_TEST;
        }
        return result.shows()
                ? ExitCode.FAIL
                : result.passes() ? ExitCode.PASS : result.skips() ? ExitCode.SKIP : ExitCode.CANNOT_TEST;
    }

    private Session boot(Run run, Terminal terminal, Reproducers reproducers) {
        Path cache = KernelSources.defaultCacheDir();
        var sources = new KernelSources(cache, terminal);
        Kernel chosen = sources.resolve(kernel == null ? kernelOf(run) : kernel);
        terminal.line("kernel", chosen.release() + " (" + chosen.origin() + ")");
        try (Progress.Task _ = terminal.begin("running C programs in a guest")) {
            String append = kernel == null ? option(run, "--append").orElse("") : "";
            var options = new VmOptions(append, VmOptions.Accel.AUTO, MEMORY_MIB, VmCommand.DEFAULT_CPUS);
            return reproducers.run(new Machine(
                    image -> new QemuVm(chosen, image, options, cache),
                    () -> VmCommand.module(sources, chosen, KernelModule.SIMNIC)));
        }
    }

    private static String kernelOf(Run run) {
        return option(run, "--kernel")
                .orElseThrow(() -> new BadRequestException(
                        "this run was not in a virtual machine; say by --kernel which one to boot"));
    }

    private static Optional<String> option(Run run, String name) {
        List<String> words = run.setup().command();
        int at = words.indexOf(name);
        return at < 0 || at + 1 == words.size() ? Optional.empty() : Optional.of(words.get(at + 1));
    }
}
