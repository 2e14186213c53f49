// SPDX-License-Identifier: MIT
package zcrx.vm.kernel;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import zcrx.vm.BadRequestException;

/** A directory with a kernel in it: a build tree, what a build service left, or packages. */
final class KernelDirectory {
    /** Below a build tree; what {@code make bzImage} and what {@code make vmlinux} leave. */
    private static final List<Path> BUILT = List.of(Path.of("arch/x86/boot/bzImage"), Path.of("vmlinux"));

    /** As tuxmake and KernelCI name what they built, beside modules.tar.xz. */
    private static final List<Path> ARTIFACTS = List.of(Path.of("bzImage"), Path.of("vmlinuz"), Path.of("vmlinux"));

    /** As a build tree, tuxmake and KernelCI name it. */
    private static final List<Path> CONFIGS = List.of(Path.of(".config"), Path.of("config"), Path.of("kernel.config"));

    private final String spec;
    private final Path path;

    /**
     * @param spec as the user wrote it, for messages
     * @param path absolute
     */
    KernelDirectory(String spec, Path path) {
        this.spec = spec;
        this.path = path;
    }

    /** Absolute. */
    Path path() {
        return path;
    }

    boolean isTree() {
        return Files.exists(path.resolve("arch/x86/boot/bzImage"))
                || (Files.exists(path.resolve("Kbuild")) && Files.exists(path.resolve("Kconfig")))
                // What make O= leaves.
                || (Files.exists(path.resolve("include/generated")) && Files.exists(path.resolve(".config")));
    }

    /** The image or the package; throws {@link BadRequestException} when there is none, or more than one. */
    Path kernel() throws IOException {
        if (isTree()) {
            return first(BUILT)
                    .orElseThrow(() -> new BadRequestException(spec
                            + ": a kernel tree without a built image, arch/x86/boot/bzImage: run make bzImage there"));
        }
        Optional<Path> artifact = first(ARTIFACTS);
        if (artifact.isPresent()) {
            return artifact.get();
        }
        List<Path> packages = packages();
        var withKernel = new ArrayList<Path>();
        for (Path deb : packages) {
            Optional<KernelArchive> archive = KernelArchive.of(deb);
            if (archive.isPresent() && archive.get().hasKernel()) {
                withKernel.add(deb);
            }
        }
        if (withKernel.size() > 1) {
            throw new BadRequestException(spec + ": has several kernels: give one of "
                    + withKernel.stream()
                            .map(p -> String.valueOf(p.getFileName()))
                            .collect(Collectors.joining(", ")));
        }
        return withKernel.stream()
                .findFirst()
                .orElseThrow(() -> new BadRequestException(
                        packages.isEmpty()
                                ? spec + ": a directory, but neither a kernel build tree, with arch/x86/boot/bzImage,"
                                        + " nor one with a bzImage or packages in it"
                                : spec + ": none of its packages has a kernel in it; add linux-image-….deb"));
    }

    /** All that are in it, in the order of their names. */
    List<Path> packages() throws IOException {
        try (Stream<Path> files = Files.list(path)) {
            return files.filter(f -> f.toString().endsWith(".deb")).sorted().toList();
        }
    }

    /** The package to build modules for a release with, as {@code make bindeb-pkg} leaves it. */
    Optional<Path> headers(String release) throws IOException {
        for (Path deb : packages()) {
            Optional<KernelArchive> archive = String.valueOf(deb.getFileName()).startsWith("linux-headers-")
                    ? KernelArchive.of(deb)
                    : Optional.empty();
            if (archive.isPresent()
                    && archive.get().has(ModuleBuild.headers(release).resolve("Makefile"))) {
                return Optional.of(deb);
            }
        }
        return Optional.empty();
    }

    /** The configuration that lies beside the kernel. */
    Optional<Path> config() {
        return first(CONFIGS);
    }

    /** The configuration that goes with an image by itself: as in /boot, or as where images are built. */
    static Optional<Path> configOf(Path image, String release) {
        Path inBoot = image.resolveSibling("config-" + release);
        if (Files.exists(inBoot)) {
            return Optional.of(inBoot);
        }
        Path built = BUILT.getFirst();
        if (image.endsWith(built)) {
            return new KernelDirectory(
                            image.toString(), image.resolve("../../../..").normalize())
                    .config();
        }
        return ARTIFACTS.stream().anyMatch(image::endsWith)
                ? new KernelDirectory(image.toString(), image.resolveSibling("").normalize()).config()
                : Optional.empty();
    }

    private Optional<Path> first(List<Path> names) {
        return names.stream().map(path::resolve).filter(Files::isRegularFile).findFirst();
    }
}
