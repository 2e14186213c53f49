// SPDX-License-Identifier: MIT
package zcrx.reports.cli;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.Callable;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import zcrx.conformance.Shard;
import zcrx.conformance.Suite;
import zcrx.conformance.SuiteOptions;
import zcrx.conformance.SuiteOptions.Profile;
import zcrx.fixtures.path.KernelModule;
import zcrx.fixtures.path.PathKind;
import zcrx.fixtures.path.Simnic;
import zcrx.fixtures.sys.Await;
import zcrx.reports.repro.Reproducers;
import zcrx.reports.run.Column;
import zcrx.reports.run.Repetition;
import zcrx.reports.run.Setup;
import zcrx.reports.terminal.Terminal;
import zcrx.vm.BadRequestException;
import zcrx.vm.CannotTestException;
import zcrx.vm.Progress;
import zcrx.vm.image.GuestExtras;
import zcrx.vm.image.GuestImage;
import zcrx.vm.kernel.GuestModule;
import zcrx.vm.kernel.Kernel;
import zcrx.vm.kernel.KernelSources;
import zcrx.vm.program.ProgramGuest;
import zcrx.vm.qemu.HostRoom;
import zcrx.vm.qemu.QemuVm;
import zcrx.vm.qemu.VmOptions;
import zcrx.vm.qemu.VmOptions.Accel;

@Command(
        name = "vm",
        sortOptions = false,
        description = "Boots a kernel in a virtual machine, runs the suite in it, and says pass or fail.")
final class VmCommand implements Callable<Integer> {
    /** Below the project's root. */
    private static final Path MODULES = Path.of("fixtures");

    /** Failures that are tried as C programs without being asked to. */
    private static final int TRIED = 3;

    static final String DEFAULT_MEMORY = "2G";
    static final int DEFAULT_CPUS = 2;
    private static final List<PathKind> DEFAULT_PATHS = List.of(PathKind.NODEV, PathKind.SIMNIC);

    @Option(
            names = "--kernel",
            paramLabel = "SPEC",
            defaultValue = "debian:latest",
            description = {
                "debian:latest, debian:7.3, debian:7.2.9 or debian:rc for a packaged one; or a bzImage, a vmlinux, a kernel",
                "build tree, a kernel's .deb, or a directory or tar file with one of these. Default: ${DEFAULT-VALUE}",
                "Several run side by side, in one report; --timeout is for each."
            })
    private List<String> kernels = new ArrayList<>();

    @Option(
            names = "--guests",
            paramLabel = "N",
            defaultValue = "1",
            description = {
                "How many guests share the tests of a kernel, side by side, in one report; each has a directory of its own",
                "below --out, and --timeout for itself. Default: ${DEFAULT-VALUE}"
            })
    private int guests;

    @Option(
            names = "--jobs",
            paramLabel = "N",
            description = "How many guests may run at the same time. Default: what processors and memory allow")
    private @Nullable Integer jobs;

    @Option(
            names = "--append",
            paramLabel = "ARGS",
            defaultValue = "",
            description = "More words for the kernel's command line, such as panic_on_warn=1.")
    private String append = "";

    @Option(
            names = "--accel",
            paramLabel = "auto|kvm|tcg",
            defaultValue = "auto",
            description =
                    "What runs the guest's instructions; auto finds out whether KVM works. Default: ${DEFAULT-VALUE}")
    private String accel = "";

    @Option(
            names = "--memory",
            paramLabel = "SIZE",
            defaultValue = DEFAULT_MEMORY,
            description = "The guest's memory. Default: ${DEFAULT-VALUE}")
    private String memory = "";

    @Option(
            names = "--cpus",
            paramLabel = "N",
            defaultValue = "" + DEFAULT_CPUS,
            description = "The guest's processors. Default: ${DEFAULT-VALUE}")
    private int cpus;

    @Mixin
    private SuiteArguments suite = new SuiteArguments();

    @Override
    public Integer call() {
        SuiteOptions options = suite.options(DEFAULT_PATHS);
        VmOptions vmOptions = vmOptions();
        if (cpus < 1) {
            throw new BadRequestException("--cpus " + cpus + ": give 1 or more");
        }
        if (jobs != null && jobs < 1) {
            throw new BadRequestException("--jobs " + jobs + ": give 1 or more");
        }
        Repetition repetition = suite.repetition();
        checkGuests(options, repetition);
        try (var stop = new Stop();
                Terminal terminal = Terminal.forPeople(System.getenv());
                var machines =
                        new Machines(options, suite.nic().text().orElseGet(Simnic::netConfig), vmOptions, terminal)) {
            var session = new Session(suite, options, terminal, stop);
            if (kernels.size() == 1 && guests == 1 && repetition.runsOnce()) {
                Kernel kernel = machines.resolve(kernels.getFirst());
                QemuVm vm = machines.machine(kernel);
                return session.run(
                                vm,
                                setup(options, kernel, vm, terminal),
                                (run, directory) -> Reproducers.tryFirst(
                                        run,
                                        TRIED,
                                        directory,
                                        new ProgramGuest.Machine(
                                                image -> new QemuVm(
                                                        kernel, image, vmOptions, KernelSources.defaultCacheDir()),
                                                () -> machines.module(kernel, KernelModule.SIMNIC))))
                        .number();
            }
            return runAll(session, machines, options, vmOptions, repetition, terminal);
        } catch (IOException e) {
            throw CannotTestException.because(e, "cannot remove a guest's image", "see to the directory it is in");
        }
    }

    private int runAll(
            Session session,
            Machines machines,
            SuiteOptions options,
            VmOptions vmOptions,
            Repetition repetition,
            Terminal terminal) {
        var byKernel = new LinkedHashMap<String, List<Guest>>();
        var labels = new HashSet<String>();
        int threads = 1;
        for (String spec : kernels) {
            try {
                Kernel kernel = machines.resolve(spec);
                if (byKernel.containsKey(kernel.sha256())) {
                    terminal.note("--kernel " + spec + " is "
                            + byKernel.get(kernel.sha256()).getFirst().label() + ", which is there already");
                    continue;
                }
                QemuVm vm = machines.machine(kernel);
                Setup setup = setup(options, kernel, vm, terminal);
                String label = Column.unique(kernel.release(), labels);
                byKernel.put(
                        kernel.sha256(),
                        guests == 1
                                ? List.of(new Guest(label, setup, vm, repetition))
                                : IntStream.rangeClosed(1, guests)
                                        .mapToObj(i ->
                                                new Guest(label, setup.inShard(new Shard(i, guests)), vm, repetition))
                                        .toList());
                if (vm.isAccelerated()) {
                    threads = cpus;
                }
            } catch (CannotTestException e) {
                if (kernels.size() == 1) {
                    throw e;
                }
                // One that cannot be had keeps no other from being tested, and the whole from a pass.
                byKernel.put(
                        spec,
                        List.of(new Guest(
                                Column.unique(spec, labels),
                                unavailable(options, spec),
                                (_, _, _) -> {
                                    throw e;
                                },
                                Repetition.ONCE)));
            }
        }
        int room = jobs == null ? HostRoom.now().guests(threads, vmOptions.memoryMiB()) : jobs;
        List<Guest> all = byKernel.values().stream().flatMap(List::stream).toList();
        return session.runAll(all, Math.min(room, all.size())).number();
    }

    private void checkGuests(SuiteOptions options, Repetition repetition) {
        if (guests < 1) {
            throw new BadRequestException("--guests " + guests + ": give 1 or more");
        }
        if (guests == 1) {
            return;
        }
        if (!options.shard().equals(Shard.WHOLE) || !repetition.runsOnce()) {
            throw new BadRequestException("--guests " + guests + ": not with "
                    + (repetition.runsOnce() ? Shard.OPTION : "--repeat or --until-fail") + "; leave one of them out");
        }
        if (Suite.plan(options).size() < guests) {
            throw new BadRequestException("--guests " + guests + ": there are fewer tests; give a smaller N");
        }
    }

    /** Kernels, and what is needed to boot them, which is gone when this is closed. */
    private static final class Machines implements AutoCloseable {
        private final SuiteOptions options;
        private final String netConfig;
        private final VmOptions vmOptions;
        private final Path cache = KernelSources.defaultCacheDir();
        private final KernelSources sources;
        private final List<Path> images = new ArrayList<>();

        Machines(SuiteOptions options, String netConfig, VmOptions vmOptions, Progress progress) {
            this.options = options;
            this.netConfig = netConfig;
            this.vmOptions = vmOptions;
            this.sources = new KernelSources(cache, progress);
        }

        Kernel resolve(String spec) {
            return sources.resolve(spec);
        }

        QemuVm machine(Kernel kernel) {
            Path image = GuestImage.built();
            if (options.profile() == Profile.DEATHS
                    || options.paths().stream().anyMatch(path -> path != PathKind.NODEV)) {
                image = more(kernel).with(image);
                images.add(image);
            }
            return new QemuVm(kernel, image, vmOptions, cache);
        }

        /** What the chosen paths need in the guest beyond the suite. */
        private GuestExtras more(Kernel kernel) {
            var more = new GuestExtras();
            if (options.paths().contains(PathKind.NETDEVSIM)) {
                more.module(sources.netdevsim(kernel));
            }
            if (options.paths().contains(PathKind.SIMNIC) || options.paths().contains(PathKind.NIC)) {
                more.module(module(kernel, KernelModule.SIMNIC));
            }
            if (options.paths().contains(PathKind.NIC)) {
                more.nic(netConfig);
            }
            if (options.profile() == Profile.DEATHS) {
                more.module(module(kernel, KernelModule.DEATHS));
            }
            return more;
        }

        private GuestModule module(Kernel kernel, KernelModule module) {
            return VmCommand.module(sources, kernel, module);
        }

        @Override
        public void close() throws IOException {
            for (Path image : images) {
                Files.delete(image);
            }
        }
    }

    /** A module of ours for a kernel. */
    static GuestModule module(KernelSources sources, Kernel kernel, KernelModule module) {
        return sources.module(kernel, Main.home().resolve(MODULES).resolve(module.name()));
    }

    private VmOptions vmOptions() {
        return new VmOptions(append(), accelerator(), VmOptions.parseMemory(memory), cpus);
    }

    /** A kernel gives its init whatever looks like a variable of the environment. */
    private String append() {
        return Await.isSlow(System.getenv()) ? (append + " " + Await.SLOW + "=yes").strip() : append;
    }

    private Accel accelerator() {
        return Arrays.stream(Accel.values())
                .filter(a -> a.name().toLowerCase(Locale.ROOT).equals(accel))
                .findFirst()
                .orElseThrow(() -> new BadRequestException("--accel " + accel + ": unknown; give auto, kvm or tcg"));
    }

    private Setup setup(SuiteOptions options, Kernel chosen, QemuVm vm, Terminal terminal) {
        String accelerator;
        try (Progress.Task _ = terminal.begin("finding out whether KVM works here")) {
            accelerator = vm.accelerator();
        }
        return setup(
                options,
                chosen.spec(),
                chosen.release(),
                chosen.origin() + (chosen.cached() ? ", cached" : ""),
                "qemu " + vm.qemuVersion(),
                accelerator);
    }

    private Setup unavailable(SuiteOptions options, String spec) {
        return setup(options, spec, spec, "cannot be had", null, null);
    }

    private Setup setup(
            SuiteOptions options,
            String spec,
            String release,
            String origin,
            @Nullable String qemu,
            @Nullable String accelerator) {
        var command = new ArrayList<>(List.of("vm", "--kernel", spec));
        if (!append().isEmpty()) {
            command.addAll(List.of("--append", append()));
        }
        if (!memory.equals(DEFAULT_MEMORY)) {
            command.addAll(List.of("--memory", memory));
        }
        if (cpus != DEFAULT_CPUS) {
            command.addAll(List.of("--cpus", Integer.toString(cpus)));
        }
        if (!options.paths().equals(DEFAULT_PATHS)) {
            command.addAll(options.pathWords());
        }
        suite.nic().file().ifPresent(file -> command.addAll(List.of("--net-config", file.toString())));
        command.addAll(suite.kernelWords());
        return new Setup(
                Main.version(),
                Instant.now(),
                command,
                options.profile().word(),
                options.tests(),
                options.selection(),
                options.seed(),
                release,
                origin,
                cpus + (cpus == 1 ? " cpu, " : " cpus, ") + memory,
                suite.strict(),
                suite.ignoredSplats(),
                suite.expected(),
                qemu,
                accelerator);
    }
}
