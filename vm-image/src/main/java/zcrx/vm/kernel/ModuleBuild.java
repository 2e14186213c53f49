// SPDX-License-Identifier: MIT
package zcrx.vm.kernel;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import zcrx.vm.CannotTestException;
import zcrx.vm.Command;

/** Builds a module out of a copy of its sources. */
final class ModuleBuild {
    private static final Pattern DEBIAN_RELEASE = Pattern.compile("[0-9].*-amd64");
    private static final String KERNEL_DIR = "linux-headers-";
    private static final Path LIBRARIES = Path.of("usr/lib/x86_64-linux-gnu");

    /** Programs among the kernel's build tools that want a C library as new as the release they were built for. */
    private static final List<String> PROGRAMS =
            List.of("scripts/mod/modpost.real-lsb-64", "tools/objtool/objtool.real-x86");

    /** That library, and what else these programs link to. */
    private static final List<String> LIBRARY_PACKAGES = List.of("libc6", "libelf1t64", "zlib1g", "libzstd1");

    private final Path sources;

    /**
     * For one folder of sources.
     *
     * @param sources of the module: with a Kbuild file, and named as it is
     */
    ModuleBuild(Path sources) {
        this.sources = sources;
    }

    String name() {
        return String.valueOf(sources.getFileName());
    }

    /** Everything that decides what the module is, as text. */
    String inputs() throws IOException {
        var text = new StringBuilder();
        for (Path file : files()) {
            text.append(file.getFileName())
                    .append(' ')
                    .append(FileCache.sha256(file))
                    .append('\n');
        }
        return text.toString();
    }

    private List<Path> files() throws IOException {
        try (Stream<Path> files = Files.list(sources)) {
            return files.filter(f -> f.toString().endsWith(".c")
                            || f.toString().endsWith(".h")
                            || f.endsWith("Kbuild")
                            || f.endsWith("Makefile"))
                    .sorted()
                    .toList();
        }
    }

    /** With a kernel that was built where it was configured. */
    Path withTree(Path tree, Path dir) throws IOException {
        var words = new ArrayList<>(List.of("make", "-C", tree.toString()));
        // What make bzImage leaves; make modules would make the other of it.
        Path symbols = tree.resolve("vmlinux.symvers");
        if (!Files.exists(tree.resolve("Module.symvers")) && Files.exists(symbols)) {
            words.add("KBUILD_EXTRA_SYMBOLS=" + symbols);
        }
        return make(dir, words);
    }

    /** Where a package has what modules are built with. */
    static Path headers(String release) {
        return Path.of("usr/src", KERNEL_DIR + release);
    }

    /** With the package of headers that {@code make bindeb-pkg} makes. */
    Path withPackage(String release, Path deb, Path dir) throws IOException {
        Path unpacked = Files.createDirectory(dir.resolve("headers"));
        must(List.of("dpkg-deb", "-x", deb.toString(), unpacked.toString()));
        return withTree(unpacked.resolve(headers(release)), dir);
    }

    /** Whether Debian has packages to build modules for this release with. */
    static boolean isDebian(String release) {
        return DEBIAN_RELEASE.matcher(release).matches();
    }

    /** Where Debian has what belongs to a release: a kernel's own programs want the C library that it is for, too. */
    static List<String> suites(String release) {
        return release.contains("+deb13") ? List.of("trixie", DebianSpec.BACKPORTS) : List.of("sid", "experimental");
    }

    /**
     * Fetches what Debian has for building modules for a release of its kernel.
     *
     * @param into a directory to unpack to
     * @param later where that will be when it is used
     */
    static void fetchHeaders(DebianArchive archive, String release, Path into, Path later) throws IOException {
        String main = KERNEL_DIR + release;
        var packages = new ArrayList<>(List.of(main));
        archive.dependencies(suites(release), main).stream()
                .filter(p -> p.startsWith(KERNEL_DIR) || p.startsWith("linux-kbuild-"))
                .forEach(packages::add);
        packages.addAll(LIBRARY_PACKAGES);
        archive.unpack(packages, into);
        try (Stream<Path> kbuilds = Files.list(into.resolve("usr/lib"))) {
            for (Path kbuild : kbuilds.filter(p -> p.getFileName().toString().startsWith("linux-kbuild-"))
                    .toList()) {
                for (String program : PROGRAMS) {
                    runByOwnLibraries(kbuild.resolve(program), later.resolve(LIBRARIES));
                }
            }
        }
    }

    private static void runByOwnLibraries(Path program, Path libraries) throws IOException {
        Files.move(program, Path.of(program + ".bin"));
        Files.writeString(program, """
                #!/bin/sh
                exec %1$s/ld-linux-x86-64.so.2 --library-path %1$s "$0.bin" "$@"
                """.formatted(libraries));
        if (!program.toFile().setExecutable(true, false)) {
            throw new IOException(program + ": cannot be made executable");
        }
    }

    /** With the unpacked packages of {@link #fetchHeaders}. */
    Path withHeaders(String release, Path headers, Path dir) throws IOException {
        Path output = headers.resolve(headers(release));
        try (Stream<Path> trees = Files.list(headers.resolve("usr/src"))) {
            Path source = trees.filter(t -> t.getFileName().toString().contains("-common"))
                    .findFirst()
                    .orElseThrow(() -> new CannotTestException("the packages for " + release + " have no sources"));
            return make(
                    dir,
                    List.of(
                            "make",
                            "-C",
                            source.toString(),
                            "O=" + output,
                            "ARCH=x86",
                            // Older than the compiler of the kernel: what it lacks, modules can do without.
                            "CC=gcc",
                            "CONFIG_CC_HAS_MIN_FUNCTION_ALIGNMENT=",
                            "CONFIG_CC_OPT_INLINE_MEMSET=",
                            "CONFIG_DEBUG_INFO_BTF_MODULES=",
                            "KCFLAGS=-Wno-attributes"));
        }
    }

    private Path make(Path dir, List<String> make) throws IOException {
        for (Path file : files()) {
            Files.copy(file, dir.resolve(file.getFileName().toString()));
        }
        var words = new ArrayList<>(make);
        words.addAll(List.of("M=" + dir, "modules"));
        must(words);
        Path module = dir.resolve(name() + ".ko");
        must(List.of("strip", "-g", module.toString()));
        return module;
    }

    private static void must(List<String> words) {
        Command.Result result = Command.run(words);
        if (!result.ok()) {
            throw new CannotTestException(result.lines().reversed().stream()
                    // Make repeats at every level that something went wrong.
                    .filter(l -> !l.isBlank() && !l.matches("make(\\[\\d+])?: .*"))
                    .findFirst()
                    .orElse(words.getFirst() + " ended with status " + result.status())
                    .strip());
        }
    }
}
