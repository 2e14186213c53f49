// SPDX-License-Identifier: MIT
package zcrx.vm.kernel;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import zcrx.vm.CannotTestException;
import zcrx.vm.Command;

/** The kernel's netdevsim, taken out of Debian's package of that kernel's source, to be built as a module. */
final class NetdevsimSource {
    static final String NAME = "netdevsim";

    /** Where it is in a tree; also where a build tree has the module. */
    private static final Path PLACE = Path.of("drivers/net", NAME);

    private static final Pattern RELEASE = Pattern.compile("(([0-9]+\\.[0-9]+)(?:\\.[0-9]+)?(-rc[0-9]+)?).*");

    /** What the headers' configuration lacks, and what is a module of its own that a guest would have to load first. */
    private static final String KBUILD = """
            # SPDX-License-Identifier: GPL-2.0
            CONFIG_NETDEVSIM := m
            CONFIG_PSAMPLE :=
            include $(src)/Makefile
            ccflags-y += -include $(src)/without-psample.h
            """;

    private static final String WITHOUT_PSAMPLE = "#undef CONFIG_PSAMPLE_MODULE\n";

    private NetdevsimSource() {}

    /** In a build tree, if it was built as a module there. */
    static Path module(Path tree) {
        return tree.resolve(PLACE).resolve(NAME + ".ko");
    }

    /** The package with the source of a release of Debian's kernel, such as {@code linux-source-7.3}. */
    static String packageFor(String release) {
        return "linux-source-" + matched(release).group(2);
    }

    /** Whether a version of that package is the source of the release. */
    static boolean isSourceOf(String release, DebianVersion version) {
        return version.upstream().equals(matched(release).group(1).replace('-', '~'));
    }

    private static Matcher matched(String release) {
        Matcher m = RELEASE.matcher(release);
        if (!m.matches()) {
            throw new CannotTestException(release + " is no release of Debian's");
        }
        return m;
    }

    /**
     * Takes it out of an unpacked package.
     *
     * @param into an empty directory
     */
    static void unpack(Path tarball, Path into) throws IOException {
        String whole = String.valueOf(tarball.getFileName()).replaceFirst("\\.tar\\.xz$", "");
        Command.Result result = Command.run(List.of(
                "tar",
                "-xf",
                tarball.toString(),
                "-C",
                into.toString(),
                "--strip-components=" + (1 + PLACE.getNameCount()),
                Path.of(whole).resolve(PLACE).toString()));
        if (!result.ok()) {
            throw new CannotTestException(tarball + ": " + result.complaint("tar: "));
        }
    }

    /** Makes it one that can be built on its own. */
    static void complete(Path source) throws IOException {
        Files.writeString(source.resolve("Kbuild"), KBUILD);
        Files.writeString(source.resolve("without-psample.h"), WITHOUT_PSAMPLE);
    }
}
