// SPDX-License-Identifier: MIT
package zcrx.reports.cli;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Supplier;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import zcrx.conformance.SuiteOptions;
import zcrx.conformance.SuiteOptions.Profile;
import zcrx.fixtures.path.KernelModule;
import zcrx.fixtures.path.PathKind;
import zcrx.reports.RunDirectory;
import zcrx.reports.prove.Faults;
import zcrx.reports.prove.Proof;
import zcrx.reports.prove.Proof.Outcome;
import zcrx.reports.prove.ProofTable;
import zcrx.reports.run.Catalogue;
import zcrx.reports.run.ExitCode;
import zcrx.reports.run.KnownBugs;
import zcrx.reports.run.Run;
import zcrx.reports.run.RunRecorder;
import zcrx.reports.run.Verdict;
import zcrx.reports.terminal.Terminal;
import zcrx.vm.BadRequestException;
import zcrx.vm.CannotTestException;
import zcrx.vm.HostTools;
import zcrx.vm.Limits;
import zcrx.vm.image.GuestExtras;
import zcrx.vm.image.GuestImage;
import zcrx.vm.kernel.Fault;
import zcrx.vm.kernel.Kernel;
import zcrx.vm.kernel.KernelSources;

@Command(
        name = "prove",
        sortOptions = false,
        description = {
            "Shows that the suite can fail, on a kernel with faults.",
            "Builds a kernel with the faults of vm-image/faults/faults.yaml in it, boots it without a fault and then with",
            "one at a time, and says which the suite caught, by the rule they break.",
            "Ends with 0 when the fault-free kernel passed and every fault was caught. Takes hours, see docs/prove.md."
        })
final class ProveCommand implements Callable<Integer> {
    static final Path CONFIG = Path.of("vm-image", "faults", "kernel.config");

    /** A fault that breaks everything is seen by then; the suite would wait for what never comes, test by test. */
    private static final int ENOUGH_FAILURES = 3;

    /** Below the output directory, like the names of the faults. */
    static final String CONTROL = "control";

    /** In this order they run the gate as it always runs, and then the rest; each is for faults not seen before. */
    private static final List<Stage> STAGES = List.of(
            new Stage(Profile.GATE, List.of(PathKind.NODEV)),
            new Stage(Profile.GATE, List.of(PathKind.SIMNIC)),
            new Stage(Profile.FULL, List.of(PathKind.NODEV, PathKind.SIMNIC)));

    @Option(
            names = "--faults",
            paramLabel = "PATTERN",
            description = "Only faults whose name, section or rule matches, such as arm-* or EVT-003. Repeatable.")
    private List<String> patterns = new ArrayList<>();

    @Option(
            names = "--jobs",
            paramLabel = "N",
            defaultValue = "1",
            description = "Guests at a time. Default: ${DEFAULT-VALUE}")
    private int jobs;

    @Option(
            names = "--timeout",
            paramLabel = "TIME",
            defaultValue = "10m",
            description = "For each boot, such as 90s, 10m or 1h. Default: ${DEFAULT-VALUE}")
    private String timeout = "";

    @Option(
            names = "--seed",
            paramLabel = "N",
            defaultValue = "1",
            description = "Seed of every random choice. Default: ${DEFAULT-VALUE}")
    private long seed;

    @Option(
            names = "--out",
            paramLabel = "DIR",
            description = {
                "A new or empty directory for the table, prove.md and prove.json, and for the record of each run.",
                "Default: reports/out/<time>-prove"
            })
    private @Nullable Path out;

    @Option(
            names = "--reproduce",
            description = {
                "Afterwards also run the C program of each caught fault on the kernel with the fault and on the one",
                "without, and say which it tells apart, in reproduce.md and reproduce.json.",
                "The command './zcrx reproduce DIR' does it later."
            })
    private boolean reproduce;

    /** A part of the suite that is run at once. */
    private record Stage(Profile profile, List<PathKind> paths) {
        String paths(String between) {
            return paths.stream().map(PathKind::word).collect(Collectors.joining(between));
        }

        @Override
        public String toString() {
            return profile.word() + ", " + paths(" and ");
        }
    }

    /** What all runs have in common. */
    private record Bench(
            Kernel kernel,
            Path image,
            Path directory,
            KnownBugs knownBugs,
            Duration timeout,
            Control control,
            Stop stop) {}

    /** The runs without a fault: of each stage one, before the first fault that needs it. */
    private static final class Control {
        private final Map<Stage, CompletableFuture<Verdict>> verdicts = new ConcurrentHashMap<>();

        /** Who needs a stage that is being run waits for it, and nobody else. */
        boolean passes(Stage stage, Supplier<Run> trial) {
            var mine = new CompletableFuture<Verdict>();
            CompletableFuture<Verdict> earlier = verdicts.putIfAbsent(stage, mine);
            if (earlier != null) {
                return earlier.join() == Verdict.PASS;
            }
            try {
                mine.complete(verdict() == Verdict.PASS ? trial.get().verdict() : Verdict.ERROR);
            } finally {
                mine.complete(Verdict.ERROR);
            }
            return mine.join() == Verdict.PASS;
        }

        /** The worst of those that have ended. */
        Verdict verdict() {
            return verdicts.values().stream()
                    .map(verdict -> verdict.getNow(Verdict.PASS))
                    .min(Comparator.naturalOrder())
                    .orElse(Verdict.PASS);
        }
    }

    @Override
    public Integer call() {
        Duration limit = SuiteArguments.time("--timeout", timeout);
        if (jobs < 1) {
            throw new BadRequestException("--jobs " + jobs + ": give 1 or more");
        }
        if (out != null) {
            RunDirectory.check(out);
        }
        try (Terminal terminal = Terminal.forPeople(System.getenv())) {
            Faults faults = Faults.read(Main.home(), Catalogue.read(Main.home()));
            List<Fault> wanted = faults.matching(patterns);
            HostTools.install(HostTools.forKernelBuilds(), terminal::note);
            var sources = new KernelSources(KernelSources.defaultCacheDir(), terminal);
            Kernel kernel = sources.faulty(Main.home().resolve(CONFIG), faults.all());
            Path directory = out != null
                    ? out
                    : RunDirectory.createBelow(Main.outputs(), Instant.now(), "prove")
                            .path();
            ExitCode code;
            try (var stop = new Stop()) {
                Path image = new GuestExtras()
                        .module(VmCommand.module(sources, kernel, KernelModule.SIMNIC))
                        .with(GuestImage.built());
                try {
                    stop.listen();
                    var bench = new Bench(
                            kernel, image, directory, KnownBugs.read(Main.home()), limit, new Control(), stop);
                    code = prove(bench, faults, wanted, terminal);
                } finally {
                    Files.delete(image);
                }
            }
            if (reproduce) {
                ExitCode told = FaultPrograms.run(directory, jobs, terminal);
                code = code == ExitCode.PASS ? told : code;
            }
            return code.number();
        } catch (IOException e) {
            throw CannotTestException.because(e, "cannot prove anything", "give a directory with room, --out");
        }
    }

    private ExitCode prove(Bench bench, Faults faults, List<Fault> wanted, Terminal terminal) throws IOException {
        terminal.line("kernel", bench.kernel.release() + " (" + bench.kernel.origin() + ")");
        terminal.line("faults", wanted.size() + " of " + faults.all().size());
        List<Proof> proofs = tryAll(bench, faults, wanted, terminal);
        proofs.sort(Comparator.comparingInt(p -> faults.number(p.fault())));
        var table = new ProofTable(bench.kernel.release(), bench.control.verdict(), wanted.size(), proofs);
        Files.createDirectories(bench.directory);
        Files.writeString(bench.directory.resolve("prove.md"), table.markdown());
        Files.writeString(bench.directory.resolve("prove.json"), table.json());
        ExitCode code = exitCode(table);
        terminal.line(
                code == ExitCode.PASS ? Terminal.Colour.GOOD : Terminal.Colour.BAD,
                code == ExitCode.CANNOT_TEST ? Verdict.ERROR.name() : code.name(),
                table.control() == Verdict.PASS
                        ? table.summary()
                        : "the kernel without a fault did not pass, so nothing is proved: see "
                                + bench.directory.resolve(CONTROL));
        terminal.line("table", bench.directory.resolve("prove.md").toString());
        bench.stop.exitCode(code);
        return code;
    }

    private static ExitCode exitCode(ProofTable table) {
        if (table.control() != Verdict.PASS) {
            return table.control() == Verdict.FAIL ? ExitCode.FAIL : ExitCode.CANNOT_TEST;
        }
        if (table.count(Outcome.MISSED) + table.count(Outcome.MISATTRIBUTED) > 0) {
            return ExitCode.FAIL;
        }
        return table.count(Outcome.CAUGHT) == table.asked() ? ExitCode.PASS : ExitCode.CANNOT_TEST;
    }

    private List<Proof> tryAll(Bench bench, Faults faults, List<Fault> wanted, Terminal terminal) {
        List<Callable<Proof>> trials = wanted.stream()
                .<Callable<Proof>>map(fault -> () -> prove(bench, fault, faults.number(fault)))
                .toList();
        return Trials.of(jobs, trials, terminal, proof -> {
            if (bench.stop.requested() || bench.control.verdict() != Verdict.PASS) {
                return false;
            }
            show(terminal, proof);
            return true;
        });
    }

    private static void show(Terminal terminal, Proof proof) {
        String seconds = String.format(Locale.ROOT, "%.0f s", proof.durationMs() / 1000.0);
        terminal.line(
                proof.outcome() == Outcome.CAUGHT ? Terminal.Colour.GOOD : Terminal.Colour.BAD,
                proof.outcome().name(),
                proof.fault().name() + "  breaks "
                        + String.join(" ", proof.fault().breaks()) + "; "
                        + (proof.outcome() == Outcome.CAUGHT
                                ? "first broken: " + String.join(" ", proof.broken()) + ", by "
                                        + String.join(" ", proof.tests()) + " in " + proof.stage()
                                : proof.reason())
                        + "  " + seconds);
    }

    private Proof prove(Bench bench, Fault fault, int number) {
        Proof proof = null;
        for (Stage stage : STAGES) {
            String name = stage.profile().word() + "-" + stage.paths("-");
            if (!bench.control.passes(
                    stage,
                    () -> run(bench, stage, 0, bench.directory.resolve(CONTROL).resolve(name), Integer.MAX_VALUE))) {
                return Proof.untried(fault, stage.toString());
            }
            Run run = run(
                    bench, stage, number, bench.directory.resolve(fault.name()).resolve(name), ENOUGH_FAILURES);
            proof = Proof.of(fault, stage.toString(), run, proof == null ? 0 : proof.durationMs());
            if (proof.isFinal()) {
                return proof;
            }
        }
        return Objects.requireNonNull(proof);
    }

    /** Runs a stage with a fault switched on, or with none for 0, until enough has failed. */
    private Run run(Bench bench, Stage stage, int number, Path directory, int enough) {
        String append = Fault.SWITCH + "=" + number;
        var options = new SuiteOptions(stage.profile(), seed, List.of(), stage.paths());
        var vm = PlainVm.of(bench.kernel, bench.image, append, options, "--strict");
        Thread running = Thread.currentThread();
        var untilEnough = new RunRecorder.Listener() {
            private int failed;

            @Override
            public void finished(Run.Test test) {
                if (Proof.isBad(test) && ++failed == enough) {
                    running.interrupt();
                }
            }
        };
        try {
            return new RecordedRun(options, Limits.whole(bench.timeout), bench.knownBugs, bench.stop)
                    .on(vm.machine(), vm.setup(), RunDirectory.create(directory), untilEnough);
        } finally {
            // It may have been enough just when the guest had ended by itself.
            Thread.interrupted();
        }
    }
}
