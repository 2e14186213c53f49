// SPDX-License-Identifier: MIT
package zcrx.reports.cli;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.stream.Stream;
import org.apache.commons.io.file.PathUtils;
import zcrx.fixtures.path.KernelModule;
import zcrx.reports.RunDirectory;
import zcrx.reports.prove.Faults;
import zcrx.reports.prove.Proof;
import zcrx.reports.prove.Proof.Outcome;
import zcrx.reports.prove.Reproduction;
import zcrx.reports.prove.ReproductionTable;
import zcrx.reports.repro.Reproducers;
import zcrx.reports.repro.Reproducers.Case;
import zcrx.reports.run.Catalogue;
import zcrx.reports.run.ExitCode;
import zcrx.reports.run.KnownBugs;
import zcrx.reports.run.Run;
import zcrx.reports.terminal.Terminal;
import zcrx.vm.BadRequestException;
import zcrx.vm.CannotTestException;
import zcrx.vm.HostTools;
import zcrx.vm.Progress;
import zcrx.vm.kernel.Fault;
import zcrx.vm.kernel.GuestModule;
import zcrx.vm.kernel.Kernel;
import zcrx.vm.kernel.KernelSources;
import zcrx.vm.program.ProgramGuest.Machine;
import zcrx.vm.program.ProgramGuest.Result;
import zcrx.vm.program.ProgramGuest.Session;
import zcrx.vm.qemu.QemuVm;
import zcrx.vm.qemu.VmOptions;

/**
 * The C programs of the faults that {@code prove} caught: all of them on the kernel without a fault, in one guest, and
 * each on the kernel with its fault, in a guest of its own.
 */
final class FaultPrograms {
    private final Path directory;
    private final int jobs;
    private final Terminal terminal;
    private final Faults faults;
    private final List<Caught> caught;

    /** A fault and the run that caught it. */
    private record Caught(Fault fault, Run run, Path directory) {}

    private FaultPrograms(Path directory, int jobs, Terminal terminal) throws IOException {
        this.directory = directory;
        this.jobs = jobs;
        this.terminal = terminal;
        this.faults = Faults.read(Main.home(), Catalogue.read(Main.home()));
        this.caught = new ArrayList<>();
        KnownBugs known = KnownBugs.read(Main.home());
        for (Fault fault : faults.all()) {
            caught(fault, known).ifPresent(caught::add);
        }
    }

    /** Whether that is a directory of {@code prove}. */
    static boolean isIn(Path directory) {
        return Files.isDirectory(directory.resolve(ProveCommand.CONTROL));
    }

    /** Tries them, writes the table, and says what each says; 1 when a program does not tell its fault from none. */
    static ExitCode run(Path directory, int jobs, Terminal terminal) {
        try {
            var programs = new FaultPrograms(directory, jobs, terminal);
            if (programs.caught.isEmpty()) {
                throw new BadRequestException(directory + ": holds no run that caught a fault; see ./zcrx prove");
            }
            Path temporary = Files.createTempDirectory("zcrx-");
            try {
                return programs.run(temporary);
            } finally {
                PathUtils.deleteDirectory(temporary);
            }
        } catch (IOException e) {
            throw CannotTestException.because(e, "cannot reproduce", "give a directory that can be written to");
        }
    }

    private Optional<Caught> caught(Fault fault, KnownBugs known) throws IOException {
        Path runs = directory.resolve(fault.name());
        if (!Files.isDirectory(runs)) {
            return Optional.empty();
        }
        List<Path> stages;
        try (Stream<Path> all = Files.list(runs)) {
            stages = all.sorted().toList();
        }
        for (Path stage : stages) {
            Run run = RunDirectory.of(stage).replay(known);
            if (Proof.of(fault, "", run, 0).outcome() == Outcome.CAUGHT) {
                return Optional.of(new Caught(fault, run, stage));
            }
        }
        return Optional.empty();
    }

    private ExitCode run(Path temporary) throws IOException {
        var reproducers = new Reproducers(
                caught.stream()
                        .map(c -> Case.of(c.fault.name(), Reproduction.test(c.run), c.directory))
                        .toList(),
                temporary);
        HostTools.install(HostTools.forKernelBuilds(), terminal::note);
        var sources = new KernelSources(KernelSources.defaultCacheDir(), terminal);
        Kernel kernel = sources.faulty(Main.home().resolve(ProveCommand.CONFIG), faults.all());
        terminal.line("kernel", kernel.release() + " (" + kernel.origin() + ")");
        GuestModule simnic = VmCommand.module(sources, kernel, KernelModule.SIMNIC);
        Session good;
        try (Progress.Task _ = terminal.begin("running C programs on the kernel without a fault")) {
            good = reproducers.run(machine(kernel, simnic, 0));
        }
        List<Reproduction> rows = tryAll(kernel, simnic, reproducers, good);
        var table = new ReproductionTable(kernel.release(), rows);
        Files.writeString(directory.resolve("reproduce.md"), table.markdown());
        Files.writeString(directory.resolve("reproduce.json"), table.json());
        boolean all = rows.stream()
                .allMatch(r -> r.isToldApart()
                        || reproducers.impossible(r.fault().name()).isPresent());
        terminal.line(all ? Terminal.Colour.GOOD : Terminal.Colour.ODD, all ? "PASS" : "FAIL", table.summary());
        terminal.line("table", directory.resolve("reproduce.md").toString());
        return all ? ExitCode.PASS : ExitCode.FAIL;
    }

    private static Machine machine(Kernel kernel, GuestModule simnic, int fault) {
        var options = new VmOptions(
                Fault.SWITCH + "=" + fault, VmOptions.Accel.AUTO, ReproduceCommand.MEMORY_MIB, VmCommand.DEFAULT_CPUS);
        return new Machine(image -> new QemuVm(kernel, image, options, KernelSources.defaultCacheDir()), () -> simnic);
    }

    private List<Reproduction> tryAll(Kernel kernel, GuestModule simnic, Reproducers reproducers, Session good) {
        List<Callable<Reproduction>> trials = caught.stream()
                .<Callable<Reproduction>>map(c -> () -> reproduction(kernel, simnic, c, reproducers, good))
                .toList();
        List<Reproduction> rows = Trials.of(jobs, trials, terminal, row -> {
            show(row);
            return true;
        });
        rows.sort(Comparator.comparingInt(r -> faults.number(r.fault())));
        return rows;
    }

    private Reproduction reproduction(
            Kernel kernel, GuestModule simnic, Caught c, Reproducers reproducers, Session good) {
        String name = c.fault.name();
        return reproducers
                .impossible(name)
                .map(why -> Reproduction.impossible(c.fault, c.run, why))
                .orElseGet(() -> Reproduction.of(
                        c.fault, c.run, reproducers.run(name, machine(kernel, simnic, faults.number(c.fault))), good));
    }

    private void show(Reproduction row) {
        Result faulty = row.faulty();
        Result good = row.good();
        terminal.line(
                row.isToldApart() ? Terminal.Colour.GOOD : Terminal.Colour.ODD,
                ReproductionTable.word(row),
                "%s  %s  %s, without the fault %s%s"
                        .formatted(
                                row.fault().name(),
                                row.test(),
                                faulty == null ? "-" : faulty.status() + ": " + faulty.said(),
                                good == null ? "-" : good.status(),
                                row.reason().isEmpty() ? "" : "; " + row.reason()));
    }
}
