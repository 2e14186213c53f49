// SPDX-License-Identifier: MIT
package zcrx.reports.cli;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Locale;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import zcrx.fixtures.path.KernelModule;
import zcrx.fixtures.path.PathKind;
import zcrx.fixtures.path.Simnic;
import zcrx.fixtures.path.Site;
import zcrx.fixtures.sys.SyscallException;
import zcrx.fixtures.sys.UnavailableException;
import zcrx.reports.run.ExitCode;
import zcrx.vm.BadRequestException;
import zcrx.vm.CannotTestException;
import zcrx.vm.HostTools;

@Command(
        name = "path",
        sortOptions = false,
        description = {
            "Sets a data path up or down by hand, as the suite does, or says what there is of it. Needs root.",
            "Both can be done twice. status ends with 1 when the path is not up."
        })
final class PathCommand implements Callable<Integer> {
    @Parameters(index = "0", paramLabel = "nodev|netdevsim|simnic|nic", description = "Which.")
    private String kind = "";

    @Parameters(index = "1", paramLabel = "up|down|status", description = "What to do.")
    private String action = "";

    @Option(names = "--module", paramLabel = "FILE", description = "simnic.ko, unless simnic is loaded already.")
    private @Nullable Path module;

    @Mixin
    private NicArguments nic = new NicArguments();

    @Override
    public Integer call() {
        PathKind path = PathKind.of(kind)
                .orElseThrow(() -> new BadRequestException(kind + ": unknown data path; give one of "
                        + String.join(
                                ", ",
                                Arrays.stream(PathKind.values())
                                        .map(PathKind::word)
                                        .toList())));
        if (!HostTools.isRoot()) {
            throw new BadRequestException("a data path needs root: use sudo");
        }
        if (module != null) {
            if (!Files.isReadable(module)) {
                throw new BadRequestException(
                        "--module " + module + ": cannot be read; give simnic.ko, which make -C fixtures/simnic makes");
            }
            System.setProperty(
                    KernelModule.SIMNIC.property(), module.toAbsolutePath().toString());
        }
        if (path == PathKind.NIC) {
            nic.config();
        }
        try {
            return act(path, path.site()).number();
        } catch (UnavailableException | SyscallException | IllegalStateException e) {
            throw new CannotTestException("path " + kind + " " + action + ": " + e.getMessage(), e);
        }
    }

    private ExitCode act(PathKind path, Site site) {
        switch (action.toLowerCase(Locale.ROOT)) {
            case "up" -> {
                if (path == PathKind.SIMNIC) {
                    System.out.print("# By this net.config it poses as a NIC.\n" + Simnic.upForPrograms());
                } else {
                    site.up();
                }
            }
            case "down" -> site.down();
            case "status" -> {
                site.status().forEach(System.out::println);
                return site.isUp() ? ExitCode.PASS : ExitCode.FAIL;
            }
            default -> throw new BadRequestException(action + ": unknown; give up, down or status");
        }
        return ExitCode.PASS;
    }
}
