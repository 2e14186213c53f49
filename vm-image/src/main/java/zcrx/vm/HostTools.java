// SPDX-License-Identifier: MIT
package zcrx.vm;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Consumer;
import java.util.stream.Stream;
import zcrx.vm.image.SharedLibraries;

/** What a run needs of this host, by the names of Debian's packages. */
public final class HostTools {
    /** The keys that Debian's archive is signed with. */
    public static final Path ARCHIVE_KEYRING = Path.of("/usr/share/keyrings/debian-archive-keyring.gpg");

    private static final String BUSYBOX = "busybox";

    private HostTools() {}

    /**
     * One thing that is needed.
     *
     * @param name of the program or file
     * @param debianPackage that has it
     * @param purpose what it is for
     * @param found its version, or where it is; empty when it is missing
     */
    public record Tool(String name, String debianPackage, String purpose, Optional<String> found) {}

    /** Everything, whether it is there or not. */
    public static List<Tool> all() {
        return List.of(
                new Tool(
                        "qemu-system-x86_64",
                        "qemu-system-x86",
                        "runs the kernel under test",
                        version("qemu-system-x86_64", "--version")),
                new Tool(
                        BUSYBOX,
                        "busybox-static",
                        "is the guest's shell; must be statically linked",
                        staticBusybox().map(path -> version(path.toString()).orElse(path.toString()))),
                new Tool(
                        "apt-get",
                        "apt",
                        "fetches kernels, without touching this host's packages",
                        version("apt-get", "--version")),
                new Tool(
                        "Debian archive keys",
                        "debian-archive-keyring",
                        "check what is fetched",
                        Optional.of(ARCHIVE_KEYRING).filter(Files::isReadable).map(Path::toString)),
                new Tool("make", "make", "builds the simulated NIC", version("make", "--version")),
                new Tool("gcc", "gcc", "builds the simulated NIC and failures as C", version("gcc", "--version")),
                // The package of the compiler only recommends it.
                new Tool(
                        "libc.a",
                        "libc6-dev",
                        "is what failures as C are linked with",
                        version("gcc", "-print-file-name=libc.a").filter(path -> path.startsWith("/"))),
                new Tool("xz", "xz-utils", "unpacks the source of kernels", version("xz", "--version")),
                setpriv());
    }

    private static Tool setpriv() {
        return new Tool(
                "setpriv", "util-linux", "ends what a killed run leaves behind", version("setpriv", "--version"));
    }

    /** What running the suite on this kernel needs. */
    public static List<Tool> forRuns() {
        return List.of(setpriv());
    }

    /** What building a kernel needs besides. */
    public static List<Tool> forKernelBuilds() {
        String purpose = "builds kernels";
        return List.of(
                new Tool("flex", "flex", purpose, version("flex", "--version")),
                new Tool("bison", "bison", purpose, version("bison", "--version")),
                new Tool("bc", "bc", purpose, version("bc", "--version")),
                new Tool(
                        "libelf",
                        "libelf-dev",
                        purpose,
                        Optional.of(Path.of("/usr/include/gelf.h"))
                                .filter(Files::isReadable)
                                .map(Path::toString)));
    }

    /** Installs what is missing of {@link #all}. */
    public static void install(Consumer<String> tell) {
        install(all(), tell);
    }

    /**
     * Installs what is missing when run by root; else throws with the line to type.
     *
     * @param tell gets a line that says what is being installed
     */
    public static void install(List<Tool> tools, Consumer<String> tell) {
        List<String> missing = tools.stream()
                .filter(tool -> tool.found().isEmpty())
                .map(Tool::debianPackage)
                .toList();
        if (missing.isEmpty()) {
            return;
        }
        String packages = String.join(" ", missing);
        if (!isRoot()) {
            throw new CannotTestException(advice(missing));
        }
        tell.accept("installing " + packages);
        var install = Stream.concat(Stream.of("apt-get", "-y", "--no-install-recommends", "install"), missing.stream())
                .toList();
        // The lists of a fresh machine are missing or name versions that are gone.
        Command.run(List.of("apt-get", "update"));
        Command.Result result = Command.run(install, Map.of("DEBIAN_FRONTEND", "noninteractive"), l -> false);
        if (!result.ok()) {
            throw new CannotTestException("cannot install " + packages + ": " + result.complaint("E: ")
                    + "; install by hand, then run this again");
        }
    }

    /** What a user without root's rights is told. */
    static String advice(List<String> missing) {
        String packages = String.join(" ", missing);
        return "missing on this host: " + packages + "; run: sudo apt-get install --no-install-recommends " + packages;
    }

    /** Whether this process may do anything. */
    public static boolean isRoot() {
        return System.getProperty("user.name").equals("root");
    }

    /** The statically linked one; throws if there is none. */
    public static Path busybox() {
        return staticBusybox()
                .orElseThrow(() -> new CannotTestException("no statically linked busybox: install busybox-static"));
    }

    /** The package busybox has a program of the same name that is not. */
    private static Optional<Path> staticBusybox() {
        return onPath(BUSYBOX).filter(path -> {
            try {
                return SharedLibraries.references(path).isEmpty();
            } catch (IOException e) {
                throw CannotTestException.because(e, "cannot read " + path, "install busybox-static");
            }
        });
    }

    /** Where a program is. */
    public static Optional<Path> onPath(String name) {
        return Stream.of(System.getenv("PATH").split(":"))
                .map(dir -> Path.of(dir, name))
                .filter(Files::isExecutable)
                .findFirst();
    }

    private static Optional<String> version(String... command) {
        Command.Result result = Command.run(List.of(command));
        return result.lines().stream().findFirst().filter(l -> result.status() != 127);
    }
}
