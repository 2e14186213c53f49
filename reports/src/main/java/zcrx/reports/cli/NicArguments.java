// SPDX-License-Identifier: MIT
package zcrx.reports.cli;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;
import zcrx.fixtures.path.NetConfig;
import zcrx.fixtures.sys.UnavailableException;
import zcrx.vm.BadRequestException;

/** The option that says which NIC, wherever there is one. */
final class NicArguments {
    @Option(
            names = "--net-config",
            paramLabel = "FILE",
            description = {
                "Which NIC --data-path nic is, as for the kernel's selftests: NETIF, LOCAL_V4, REMOTE_TYPE and so on.",
                "Goes before the environment. Default: net.config in this directory, if there is one.",
                "In a virtual machine only the file counts, and the default is the simulated NIC."
            })
    private @Nullable Path file;

    Optional<Path> file() {
        return Optional.ofNullable(file).map(Path::toAbsolutePath);
    }

    /** What the user's file says; empty when none was named. */
    Optional<String> text() {
        return file().map(path -> {
            try {
                String text = Files.readString(path);
                NetConfig.parse(text, Map.of());
                return text;
            } catch (IOException e) {
                throw new BadRequestException("--net-config " + file + ": cannot be read; give a readable file");
            } catch (IllegalArgumentException e) {
                throw new BadRequestException("--net-config " + file + ": " + e.getMessage());
            }
        });
    }

    /** The file and the environment; also for what this process and the suite do later. */
    NetConfig config() {
        file().ifPresent(path -> {
            if (!Files.isReadable(path)) {
                throw new BadRequestException("--net-config " + file + ": cannot be read; give a readable file");
            }
            System.setProperty(NetConfig.FILE_PROPERTY, path.toString());
        });
        try {
            return NetConfig.load();
        } catch (UnavailableException e) {
            throw new BadRequestException("--data-path nic: " + e.getMessage());
        }
    }
}
