// SPDX-License-Identifier: MIT
package zcrx.vm.image;

import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.List;
import java.util.Map;
import java.util.SequencedMap;
import java.util.stream.Stream;
import org.apache.commons.io.file.PathUtils;
import zcrx.fixtures.path.KernelModule;
import zcrx.fixtures.path.NetConfig;
import zcrx.fixtures.path.Simnic;
import zcrx.vm.CannotTestException;
import zcrx.vm.Command;
import zcrx.vm.HostTools;
import zcrx.vm.kernel.GuestModule;

/** What a run wants in its guest that the build didn't put there: it depends on the kernel, or on what was asked for. */
public final class GuestExtras {
    private final Initramfs files = new Initramfs();

    /** A module, or the reason why there is none. */
    public GuestExtras module(GuestModule module) {
        String path = GuestImage.pathOf(module.name());
        module.file()
                .ifPresentOrElse(
                        file -> files.add(path, file),
                        () -> files.add(path + KernelModule.REASON_SUFFIX, module.reason()));
        return this;
    }

    /**
     * C programs, which run instead of the suite.
     *
     * @param init the script that is the first process
     * @param programs by name, in the order in which they are to run; statically linked
     */
    public GuestExtras programs(String init, SequencedMap<String, Path> programs) {
        ProgramImage.add(files, init, programs);
        return this;
    }

    /**
     * A net.config; and an ssh server in the namespace of the other end, if that is how it is reached.
     *
     * @param netConfig its text
     */
    public GuestExtras nic(String netConfig) {
        files.add(GuestImage.NET_CONFIG, netConfig);
        if (NetConfig.parse(netConfig, Map.of()).ssh()) {
            try {
                ssh();
            } catch (IOException e) {
                throw CannotTestException.because(e, "cannot put ssh into the guest", "make room, or set TMPDIR");
            }
        }
        return this;
    }

    private void ssh() throws IOException {
        List<Path> programs =
                Stream.of("ssh", "dropbear").map(GuestExtras::program).toList();
        for (Path program : programs) {
            files.add("bin/" + program.getFileName(), program);
        }
        for (Path library : SharedLibraries.neededBy(programs)) {
            files.add(library.toString().substring(1), library.toRealPath());
        }
        Path keys = Files.createTempDirectory("zcrx-keys-");
        try {
            addKeys(keys);
        } finally {
            PathUtils.deleteDirectory(keys);
        }
        files.add("root/.ssh/config", "StrictHostKeyChecking no\nUserKnownHostsFile /dev/null\nLogLevel ERROR\n");
        files.add("etc/passwd", "root:x:0:0:root:/root:/bin/sh\n");
        files.add("etc/shells", "/bin/sh\n");
        files.add("init-remote", """
                #!/bin/sh
                busybox chmod 600 /root/.ssh/id_ed25519
                busybox mkdir -p /run/netns
                >/run/netns/%1$s
                exec busybox unshare --net=/run/netns/%1$s /bin/dropbear -r /etc/dropbear/host -s -P /run/dropbear.pid
                """.formatted(Simnic.NAMESPACE));
    }

    /** Makes them in a directory for that. */
    private void addKeys(Path keys) throws IOException {
        Path user = keys.resolve("user");
        Path host = keys.resolve("host");
        must(List.of(program("ssh-keygen").toString(), "-q", "-t", "ed25519", "-N", "", "-f", user.toString()));
        must(List.of(program("dropbearkey").toString(), "-t", "ed25519", "-f", host.toString()));
        files.add("root/.ssh/id_ed25519", Files.readString(user));
        files.add("root/.ssh/authorized_keys", Files.readString(Path.of(user + ".pub")));
        files.add("etc/dropbear/host", Files.readAllBytes(host));
    }

    private static Path program(String name) {
        return HostTools.onPath(name)
                .orElseThrow(() -> new CannotTestException("REMOTE_TYPE=ssh in a guest needs " + name
                        + " on this host: sudo apt-get install openssh-client dropbear-bin"));
    }

    private static void must(List<String> words) {
        Command.Result result = Command.run(words);
        if (!result.ok()) {
            throw new CannotTestException(words.getFirst() + ": " + result.complaint("Error: "));
        }
    }

    /** A copy of an image with all of it; for the caller to delete. */
    public Path with(Path image) {
        try {
            Path copy = Files.createTempFile("zcrx-", "-" + GuestImage.NAME);
            copy.toFile().deleteOnExit();
            Files.copy(image, copy, StandardCopyOption.REPLACE_EXISTING);
            try (OutputStream out = Files.newOutputStream(copy, StandardOpenOption.APPEND)) {
                files.write(out);
            }
            return copy;
        } catch (IOException e) {
            throw CannotTestException.because(e, "cannot complete the guest's image", "make room, or set TMPDIR");
        }
    }
}
