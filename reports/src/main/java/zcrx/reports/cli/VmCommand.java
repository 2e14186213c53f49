// SPDX-License-Identifier: MIT
package zcrx.reports.cli;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.Callable;
import java.util.stream.Collectors;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import zcrx.conformance.SuiteOptions;
import zcrx.fixtures.path.PathKind;
import zcrx.reports.run.Setup;
import zcrx.reports.terminal.Terminal;
import zcrx.vm.BadRequestException;
import zcrx.vm.CannotTestException;
import zcrx.vm.Progress;
import zcrx.vm.image.GuestImage;
import zcrx.vm.kernel.Kernel;
import zcrx.vm.kernel.KernelSources;
import zcrx.vm.qemu.QemuVm;
import zcrx.vm.qemu.VmOptions;
import zcrx.vm.qemu.VmOptions.Accel;

@Command(
        name = "vm",
        sortOptions = false,
        description = "Boots a kernel in a virtual machine, runs the suite in it, and says pass or fail.")
final class VmCommand implements Callable<Integer> {
    /** Below the project's root. */
    private static final Path SIMNIC_SOURCES = Path.of("fixtures", "simnic");

    private static final String DEFAULT_MEMORY = "2G";
    private static final int DEFAULT_CPUS = 2;
    private static final List<PathKind> DEFAULT_PATHS = List.of(PathKind.NODEV, PathKind.SIMNIC);

    @Option(
            names = "--kernel",
            paramLabel = "SPEC",
            defaultValue = "debian:latest",
            description = {
                "debian:latest, debian:7.3 or debian:7.2.9 for a packaged one;",
                "or a bzImage, a vmlinux, a kernel build tree, or a kernel's .deb. Default: ${DEFAULT-VALUE}"
            })
    private String kernel = "";

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
        var vmOptions = new VmOptions(append, accelerator(), VmOptions.parseMemory(memory), cpus);
        if (cpus < 1) {
            throw new BadRequestException("--cpus " + cpus + ": give 1 or more");
        }
        try (Terminal terminal = Terminal.forPeople(System.getenv())) {
            var session = new Session(suite, options, terminal);
            Path cache = KernelSources.defaultCacheDir();
            var sources = new KernelSources(cache, terminal);
            Kernel chosen = sources.resolve(kernel);
            Path image = GuestImage.built();
            if (!options.paths().contains(PathKind.SIMNIC)) {
                return run(session, options, chosen, new QemuVm(chosen, image, vmOptions, cache), terminal);
            }
            Path withSimnic = GuestImage.with(sources.simnic(chosen, Main.home().resolve(SIMNIC_SOURCES)), image);
            try {
                return run(session, options, chosen, new QemuVm(chosen, withSimnic, vmOptions, cache), terminal);
            } finally {
                Files.delete(withSimnic);
            }
        } catch (IOException e) {
            throw CannotTestException.because(e, "cannot remove a guest's image", "see to the directory it is in");
        }
    }

    private int run(Session session, SuiteOptions options, Kernel chosen, QemuVm vm, Terminal terminal) {
        return session.run(vm, setup(options, chosen, vm, terminal)).number();
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
        var command = new ArrayList<>(List.of("vm", "--kernel", chosen.spec()));
        if (!append.isEmpty()) {
            command.addAll(List.of("--append", append));
        }
        if (!memory.equals(DEFAULT_MEMORY)) {
            command.addAll(List.of("--memory", memory));
        }
        if (cpus != DEFAULT_CPUS) {
            command.addAll(List.of("--cpus", Integer.toString(cpus)));
        }
        if (!options.paths().equals(DEFAULT_PATHS)) {
            command.addAll(List.of(
                    "--data-path", options.paths().stream().map(PathKind::word).collect(Collectors.joining(","))));
        }
        if (suite.strict()) {
            command.add("--strict");
        }
        return new Setup(
                Main.version(),
                Instant.now(),
                command,
                options.profile().word(),
                options.tests(),
                options.seed(),
                chosen.release(),
                chosen.origin() + (chosen.cached() ? ", cached" : ""),
                cpus + (cpus == 1 ? " cpu, " : " cpus, ") + memory,
                suite.strict(),
                "qemu " + vm.qemuVersion(),
                accelerator);
    }
}
