// SPDX-License-Identifier: MIT
package zcrx.reports.cli;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
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
import zcrx.vm.program.ProgramGuest.Result;
import zcrx.vm.qemu.QemuVm;
import zcrx.vm.qemu.VmOptions;

@Command(
        name = "reproduce",
        sortOptions = false,
        description = {
            "Writes the failures of a run as C programs, compiles them, and runs them in a virtual machine.",
            "Ends with 1 when a program shows its failure there, with 0 when the kernel behaves."
        })
final class ReproduceCommand implements Callable<Integer> {
    private static final long MEMORY_MIB = 1024;
    private static final Pattern FAULT = Pattern.compile("zcrx_fault=([0-9]+)");

    @Parameters(index = "0", paramLabel = "RUN", description = "The directory of a run.")
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
            names = "--faults",
            description = {
                "RUN holds many runs, each of a kernel with one fault (zcrx_fault=N): runs the first program of each",
                "with its fault and without any, and says of which faults both come out right."
            })
    private boolean faults;

    @Override
    public Integer call() {
        try (Terminal terminal = Terminal.forPeople(System.getenv())) {
            Path temporary = Files.createTempDirectory("zcrx-");
            try {
                return (faults ? table(terminal, temporary) : failures(terminal, temporary)).number();
            } finally {
                Reproducers.delete(temporary);
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
                .map(t -> new Case(t.id(), t, directory, Optional.empty()))
                .toList();
        if (cases.isEmpty()) {
            throw new BadRequestException(directory + ": no test failed; give the directory of a run with failures");
        }
        var reproducers = new Reproducers(cases, temporary, false);
        boot(run, appended(run), terminal, reproducers);
        ExitCode code = ExitCode.CANNOT_TEST;
        for (Case c : cases) {
            Result result = reproducers.result(c.name(), c.fault());
            boolean shows = result != null && result.status() == 1;
            code = shows
                    ? ExitCode.FAIL
                    : code != ExitCode.FAIL && result != null && result.status() == 0
                            ? ExitCode.PASS
                            : code != ExitCode.FAIL && result != null && result.status() == 4 ? ExitCode.SKIP : code;
            terminal.line(
                    shows ? Terminal.Colour.BAD : Terminal.Colour.ODD,
                    shows ? "FAIL" : "-",
                    c.name() + "  " + reproducers.verdict(c.name(), c.fault()));
        }
        terminal.line("programs", directory.resolve(Reproducers.DIRECTORY).toString());
        return code;
    }

    private ExitCode table(Terminal terminal, Path temporary) throws IOException {
        var cases = new ArrayList<Case>();
        Run any = null;
        List<Path> runs;
        try (Stream<Path> all = Files.walk(directory)) {
            runs = all.filter(p -> p.endsWith("run.json"))
                    .map(Path::getParent)
                    .sorted()
                    .toList();
        }
        var known = KnownBugs.read(Main.home());
        for (Path path : runs) {
            Run run = RunDirectory.of(path).replay(known);
            Matcher m = FAULT.matcher(appended(run));
            List<Run.Test> failed = Reproducers.failures(run);
            if (m.find() && !m.group(1).equals("0") && !failed.isEmpty()) {
                any = run;
                Run.Test first = failed.stream()
                        .filter(t -> Reproducers.program(t)
                                .filter(p -> p.contains("int main"))
                                .isPresent())
                        .findFirst()
                        .orElse(failed.getFirst());
                String name = directory.relativize(path).toString().replaceAll("[^A-Za-z0-9_.@-]", ".");
                cases.add(new Case(name, first, path, Optional.of(Integer.parseInt(m.group(1)))));
            }
        }
        if (any == null) {
            throw new BadRequestException(directory + ": holds no failed run of a kernel with a fault");
        }
        var reproducers = new Reproducers(cases, temporary, true);
        boot(any, FAULT.matcher(appended(any)).replaceAll("zcrx_fault=0"), terminal, reproducers);
        int right = 0;
        for (Case c : cases) {
            Result bad = reproducers.result(c.name(), c.fault());
            Result good = reproducers.result(c.name(), Optional.of(0));
            boolean both = bad != null && bad.status() == 1 && good != null && good.status() == 0;
            right += both ? 1 : 0;
            terminal.line(
                    both ? Terminal.Colour.GOOD : Terminal.Colour.ODD,
                    both ? "RIGHT" : "-",
                    "%-28s %-34s %s %s  %s"
                            .formatted(
                                    c.name(),
                                    c.test().id(),
                                    status(bad),
                                    status(good),
                                    reproducers.verdict(c.name(), c.fault())));
        }
        terminal.line("faults", right + " of " + cases.size() + " fail with the fault and pass without");
        return right == cases.size() ? ExitCode.PASS : ExitCode.FAIL;
    }

    private static String status(@Nullable Result result) {
        return result == null ? "-" : Integer.toString(result.status());
    }

    private void boot(Run run, String append, Terminal terminal, Reproducers reproducers) {
        Path cache = KernelSources.defaultCacheDir();
        Kernel chosen = new KernelSources(cache, terminal).resolve(kernel == null ? kernelOf(run) : kernel);
        terminal.line("kernel", chosen.release() + " (" + chosen.origin() + ")");
        try (Progress.Task _ = terminal.begin("running C programs in a guest")) {
            var options = new VmOptions(kernel == null ? append : "", VmOptions.Accel.AUTO, MEMORY_MIB, 2);
            reproducers.run(image -> new QemuVm(chosen, image, options, cache));
        }
    }

    private static String kernelOf(Run run) {
        return option(run, "--kernel")
                .orElseThrow(() -> new BadRequestException(
                        "this run was not in a virtual machine; say by --kernel which one to boot"));
    }

    private static String appended(Run run) {
        return option(run, "--append").orElse("");
    }

    private static Optional<String> option(Run run, String name) {
        List<String> words = run.setup().command();
        int at = words.indexOf(name);
        return at < 0 || at + 1 == words.size() ? Optional.empty() : Optional.of(words.get(at + 1));
    }
}
