// SPDX-License-Identifier: MIT
package zcrx.reports.cli;

import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import zcrx.conformance.SuiteOptions;
import zcrx.reports.run.Setup;
import zcrx.vm.kernel.Kernel;
import zcrx.vm.kernel.KernelSources;
import zcrx.vm.qemu.QemuVm;
import zcrx.vm.qemu.VmOptions;

/**
 * A virtual machine of the default size, for commands that run the suite to their own ends.
 *
 * @param setup of a run in it, in which failures that are known count like any other
 */
record PlainVm(QemuVm machine, Setup setup) {

    /** For a run that begins now; {@code words} end the command line that repeats it. */
    static PlainVm of(Kernel kernel, Path image, String append, SuiteOptions options, String... words) {
        var machine = new QemuVm(
                kernel,
                image,
                new VmOptions(
                        append,
                        VmOptions.Accel.AUTO,
                        VmOptions.parseMemory(VmCommand.DEFAULT_MEMORY),
                        VmCommand.DEFAULT_CPUS),
                KernelSources.defaultCacheDir());
        var command = new ArrayList<>(List.of("vm", "--kernel", kernel.spec(), "--append", append));
        command.addAll(options.pathWords());
        command.addAll(List.of(words));
        var setup = new Setup(
                Main.version(),
                Instant.now(),
                command,
                options.profile().word(),
                options.tests(),
                options.selection(),
                options.seed(),
                kernel.release(),
                kernel.origin(),
                VmCommand.DEFAULT_CPUS + " cpus, " + VmCommand.DEFAULT_MEMORY,
                true,
                List.of(),
                List.of(),
                "qemu " + machine.qemuVersion(),
                machine.accelerator());
        return new PlainVm(machine, setup);
    }
}
