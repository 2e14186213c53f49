// SPDX-License-Identifier: MIT
package zcrx.reports.cli;

import java.io.IOException;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import zcrx.fixtures.path.Nic;
import zcrx.fixtures.path.PathKind;
import zcrx.fixtures.probe.KernelProbe;
import zcrx.reports.run.ExitCode;
import zcrx.reports.run.Text;
import zcrx.reports.terminal.Terminal;
import zcrx.vm.BadRequestException;
import zcrx.vm.CannotTestException;
import zcrx.vm.HostTools;
import zcrx.vm.Progress;
import zcrx.vm.image.GuestImage;
import zcrx.vm.kernel.Kernel;
import zcrx.vm.kernel.KernelConfig;
import zcrx.vm.kernel.KernelSources;
import zcrx.vm.qemu.QemuVm;
import zcrx.vm.qemu.VmOptions;

@Command(
        name = "doctor",
        description = {
            "Says what is installed, what is missing, and which accelerator really works.",
            "Ends with 0 when ./zcrx vm, or a NIC, has all that is needed, with 125 when it has not."
        })
final class DoctorCommand implements Callable<Integer> {
    private static final VmOptions PLAIN = new VmOptions(
            "", VmOptions.Accel.AUTO, VmOptions.parseMemory(VmCommand.DEFAULT_MEMORY), VmCommand.DEFAULT_CPUS);

    @Option(
            names = "--kernel",
            paramLabel = "SPEC",
            description = {
                "Try the accelerator with this kernel, and say which options it lacks, without a test.",
                "As for vm; without it none is fetched."
            })
    private @Nullable String kernel;

    @Option(
            names = "--data-path",
            paramLabel = "nic",
            description = {
                "Look at a NIC instead, for ./zcrx run: whether it has all that zero-copy receive needs. Needs root.",
                "With --kernel, at both."
            })
    private @Nullable String dataPath;

    @Mixin
    private NicArguments nic = new NicArguments();

    private boolean missing;

    @Override
    public Integer call() {
        print("java", System.getProperty("java.home"), System.getProperty("java.runtime.version"));
        boolean vm = dataPath == null || kernel != null;
        for (HostTools.Tool tool : vm ? HostTools.all() : HostTools.forRuns()) {
            missing |= tool.found().isEmpty();
            print(
                    tool.name(),
                    tool.purpose(),
                    tool.found().orElse("MISSING: sudo apt-get install " + tool.debianPackage()));
        }
        if (vm) {
            check("guest image", "has the suite", () -> GuestImage.built().toString());
            print("cache", "of kernels", KernelSources.defaultCacheDir().toString());
        }
        if (kernel != null) {
            tryOut(kernel);
        }
        if (dataPath != null) {
            lookAtNic(dataPath);
        }
        return (missing ? ExitCode.CANNOT_TEST : ExitCode.PASS).number();
    }

    private void tryOut(String spec) {
        try (Terminal terminal = Terminal.forPeople(System.getenv())) {
            var sources = new KernelSources(KernelSources.defaultCacheDir(), terminal);
            check("kernel", spec, () -> {
                Kernel chosen = sources.resolve(spec);
                check("options", "of that kernel", () -> options(sources, chosen));
                var vm = new QemuVm(chosen, GuestImage.built(), PLAIN, KernelSources.defaultCacheDir());
                try (Progress.Task _ = terminal.begin("finding out whether KVM works here")) {
                    return chosen.release() + " runs under " + vm.accelerator();
                }
            });
        }
    }

    /** A line for each option that it lacks comes first. */
    private String options(KernelSources sources, Kernel chosen) {
        Optional<KernelConfig> found = sources.config(chosen);
        if (found.isEmpty()) {
            return "unknown: no configuration beside it, and it was built without CONFIG_IKCONFIG";
        }
        KernelConfig config = found.get();
        try {
            List<KernelConfig.Wish> lacks = config.lacks(KernelConfig.wishes(Main.home()));
            for (KernelConfig.Wish lack : lacks) {
                missing |= lack.needed();
                print(
                        lack.name(),
                        lack.purpose(),
                        (lack.needed() ? "MISSING: " : "wanted, but ") + config.state(lack.name()));
            }
            return (lacks.isEmpty() ? "all of vm-image/zcrx.config, by " : "the rest of vm-image/zcrx.config, by ")
                    + config.origin();
        } catch (IOException e) {
            throw CannotTestException.because(e, "cannot read what a kernel needs", "run through ./zcrx");
        }
    }

    private void lookAtNic(String path) {
        if (!path.equals(PathKind.NIC.word())) {
            throw new BadRequestException("--data-path " + path + ": doctor looks at " + PathKind.NIC.word() + " only");
        }
        if (!HostTools.isRoot()) {
            throw new BadRequestException("--data-path nic: asking a driver needs root: use sudo");
        }
        var device = new Nic(nic.config());
        Optional<String> unsupported = KernelProbe.get().unsupported();
        if (unsupported.isPresent()) {
            missing = true;
            print("kernel", "that is running", "MISSING: " + unsupported.get());
            return;
        }
        for (Nic.Check check : device.checks()) {
            missing |= !check.good();
            print("nic", check.name(), (check.good() ? "" : "MISSING: ") + check.found());
        }
    }

    private void check(String name, String purpose, Supplier<String> finding) {
        try {
            print(name, purpose, finding.get());
        } catch (CannotTestException | BadRequestException e) {
            missing = true;
            print(name, purpose, "MISSING: " + e.getMessage());
        }
    }

    private static void print(String name, String purpose, String found) {
        System.out.println(Text.oneLine(String.format(Locale.ROOT, "%-27s %-56s %s", name, purpose, found)));
    }
}
