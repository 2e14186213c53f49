// SPDX-License-Identifier: MIT
package zcrx.vm.kernel;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import zcrx.vm.BadRequestException;
import zcrx.vm.CannotTestException;
import zcrx.vm.Command;

class KernelSourcesTest {
    private static final byte[] CONFIG = "CONFIG_IO_URING=y\nCONFIG_VETH=m\n# CONFIG_INET is not set\n"
            .getBytes(java.nio.charset.StandardCharsets.US_ASCII);

    @TempDir
    private Path dir;

    private Path cache;
    private KernelSources sources;

    @BeforeEach
    void create() {
        cache = dir.resolve("cache");
        sources = new KernelSources(cache, new QuietProgress());
    }

    private String file(String name, byte[] content) throws IOException {
        Path file = dir.resolve(name);
        Files.createDirectories(file.getParent());
        Files.write(file, content);
        return file.toString();
    }

    @ParameterizedTest
    @ValueSource(strings = {"gz", "xz", "zstd", "bzip2", "lzma", "lz4-legacy"})
    void bootsTheElfFileInsideABzImage(String compression) throws IOException {
        String spec = file("vmlinuz", TinyKernel.bzImage(TinyKernel.elf(true), compression));
        Kernel kernel = sources.resolve(spec);
        assertThat(kernel.image()).startsWith(cache).hasBinaryContent(TinyKernel.elf(true));
        assertThat(kernel.release()).isEqualTo(TinyKernel.RELEASE);
        assertThat(kernel.spec()).isEqualTo(spec);
        assertThat(kernel.origin()).isEqualTo("file " + spec);
    }

    @Test
    void bootsTheBzImageWithoutPvh() throws IOException {
        String spec = file("vmlinuz", TinyKernel.bzImage(TinyKernel.elf(false), "gz"));
        assertThat(sources.resolve(spec).image()).isEqualTo(Path.of(spec));
    }

    @Test
    void bootsTheBzImageThatItCannotUnpack() throws IOException {
        byte[] bytes = TinyKernel.bzImage(TinyKernel.elf(true), "gz");
        bytes[1024 + 16] ^= (byte) 0xff;
        String spec = file("vmlinuz", bytes);
        assertThat(sources.resolve(spec).image()).isEqualTo(Path.of(spec));
    }

    @Test
    void unpacksAgainWhatIsDamaged() throws IOException {
        String spec = file("vmlinuz", TinyKernel.bzImage(TinyKernel.elf(true), "gz"));
        Path image = sources.resolve(spec).image();
        Files.write(image, new byte[7]);
        assertThat(sources.resolve(spec).image()).isEqualTo(image).hasBinaryContent(TinyKernel.elf(true));
    }

    @Test
    void takesAnElfFile() throws IOException {
        String spec = file("vmlinux", TinyKernel.elf(true));
        Kernel kernel = sources.resolve(spec);
        assertThat(kernel.image()).isEqualTo(Path.of(spec));
        assertThat(kernel.release()).isEqualTo(TinyKernel.RELEASE);
    }

    @ParameterizedTest
    @ValueSource(strings = {"xz", "zstd", "gz"})
    void takesAPackage(String compression) throws IOException {
        Path deb = dir.resolve("linux.deb");
        byte[] bzImage = TinyKernel.bzImage(TinyKernel.elf(true), "zstd");
        // dpkg calls it zst.
        TinyKernel.writeDeb(deb, "./usr/lib/modules/9.8.7-tiny/vmlinuz", bzImage, compression);
        Kernel kernel = sources.resolve(deb.toString());
        assertThat(kernel.release()).isEqualTo(TinyKernel.RELEASE);
        assertThat(kernel.cached()).isFalse();
        assertThat(sources.resolve(deb.toString()).cached()).isTrue();
    }

    @Test
    void findsAKernelOfDebiansInTheCache() throws IOException {
        String version = "_7.3.4-1~bpo13+1/";
        String suite = "cache/kernels/debian/trixie-backports/";
        byte[] bzImage = TinyKernel.bzImage(TinyKernel.elf(true), "zstd");
        Path image = Path.of(file(suite + "linux-binary-7.3.4+deb13-amd64" + version + "vmlinuz", bzImage));
        Files.writeString(Path.of(image + ".sha256"), FileCache.sha256(image));
        // A configuration, and a download that was broken off, both of which look newer.
        file(suite + "linux-base-7.3.4+deb13-cloud-amd64_7.3.4-2~bpo13+1/config", CONFIG);
        file(suite + "linux-binary-7.3.4+deb13-amd64_7.3.4-3~bpo13+1/vmlinuz.part", new byte[9]);
        Kernel kernel = sources.resolve("debian:7.3.4");
        assertThat(kernel.cached()).isTrue();
        assertThat(kernel.origin()).isEqualTo("trixie-backports, linux-binary-7.3.4+deb13-amd64 7.3.4-1~bpo13+1");
    }

    @Test
    void takesABuildTree() throws IOException {
        file("tree/arch/x86/boot/bzImage", TinyKernel.bzImage(TinyKernel.elf(true), "zstd"));
        Kernel kernel = sources.resolve(dir.resolve("tree").toString());
        assertThat(kernel.release()).isEqualTo(TinyKernel.RELEASE);
        assertThat(kernel.origin()).isEqualTo("build tree " + dir.resolve("tree"));
    }

    @Test
    void takesATreeWithOnlyAVmlinux() throws IOException {
        file("tree/Kbuild", new byte[0]);
        file("tree/Kconfig", new byte[0]);
        file("tree/vmlinux", TinyKernel.elf(true));
        Kernel kernel = sources.resolve(dir.resolve("tree").toString());
        assertThat(kernel.image()).isEqualTo(dir.resolve("tree/vmlinux"));
        assertThat(kernel.origin()).isEqualTo("build tree " + dir.resolve("tree"));
    }

    @Test
    void takesWhatMakeLeavesInAnotherDirectory() throws IOException {
        file("out/.config", CONFIG);
        file("out/include/generated/autoconf.h", new byte[0]);
        refuses(dir.resolve("out").toString(), "run make bzImage");
        file("out/arch/x86/boot/bzImage", TinyKernel.bzImage(TinyKernel.elf(true), "gz"));
        Kernel kernel = sources.resolve(dir.resolve("out").toString());
        assertThat(kernel.release()).isEqualTo(TinyKernel.RELEASE);
        assertThat(sources.config(kernel)).map(KernelConfig::origin).contains(dir.resolve("out/.config") + "");
    }

    @ParameterizedTest
    @CsvSource({"bzImage, config", "bzImage, kernel.config", "vmlinuz, config", "vmlinux, .config"})
    void takesWhatABuildServiceLeaves(String image, String config) throws IOException {
        byte[] elf = TinyKernel.elf(true);
        file("build/" + image, image.equals("vmlinux") ? elf : TinyKernel.bzImage(elf, "zstd"));
        file("build/modules.tar.xz", new byte[10]);
        file("build/" + config, CONFIG);
        Kernel kernel = sources.resolve(dir.resolve("build").toString());
        assertThat(kernel.origin()).isEqualTo("file " + dir.resolve("build").resolve(image));
        assertThat(sources.config(kernel).orElseThrow().options())
                .containsEntry("CONFIG_IO_URING", "y")
                .doesNotContainKey("CONFIG_INET");
    }

    @Test
    void takesTheOnlyKernelOfADirectoryOfPackages() throws IOException {
        Files.createDirectories(dir.resolve("debs"));
        byte[] bzImage = TinyKernel.bzImage(TinyKernel.elf(true), "zstd");
        TinyKernel.writeDeb(dir.resolve("debs/linux-libc-dev.deb"), "./usr/include/linux/a.h", new byte[9], "xz");
        refuses(dir.resolve("debs").toString(), "none of its packages has a kernel in it");
        TinyKernel.writeDeb(dir.resolve("debs/linux-image-1.deb"), "./boot/vmlinuz-9.8.7-tiny", bzImage, "xz");
        TinyKernel.writeDeb(dir.resolve("debs/linux-base-1.deb"), "./usr/lib/modules/9/config", CONFIG, "xz");
        Kernel kernel = sources.resolve(dir.resolve("debs").toString());
        assertThat(kernel.origin()).isEqualTo("package " + dir.resolve("debs/linux-image-1.deb"));
        assertThat(sources.config(kernel)).isPresent();
        TinyKernel.writeDeb(dir.resolve("debs/linux-image-2.deb"), "./boot/vmlinuz-9.8.8-tiny", bzImage, "xz");
        refuses(dir.resolve("debs").toString(), "linux-image-1.deb, linux-image-2.deb");
    }

    @Test
    void buildsModulesWithThePackageOfHeaders() throws IOException {
        Path debs = Files.createDirectories(dir.resolve("debs"));
        byte[] bzImage = TinyKernel.bzImage(TinyKernel.elf(true), "zstd");
        TinyKernel.writeDeb(debs.resolve("linux-image-1.deb"), "./boot/vmlinuz-9.8.7-tiny", bzImage, "xz");
        Files.writeString(debs.resolve("notes.deb"), "no package");
        Kernel kernel = sources.resolve(debs.toString());
        assertThat(sources.config(kernel)).isEmpty();
        file("module/Kbuild", new byte[0]);
        file("module/module.c", "int here;".getBytes(java.nio.charset.StandardCharsets.US_ASCII));
        GuestModule without = sources.module(kernel, dir.resolve("module"));
        assertThat(without.reason()).contains("add the package linux-headers-9.8.7-tiny");
        assertThat(sources.netdevsim(kernel).reason()).contains("CONFIG_NETDEVSIM");

        // Of another kernel.
        headers("9.8.8", debs);
        assertThat(sources.module(kernel, dir.resolve("module")).file()).isEmpty();
        headers(TinyKernel.RELEASE, debs);
        assertThat(sources.module(kernel, dir.resolve("module")).file()).isPresent();
        try (var left = Files.list(cache)) {
            assertThat(left.map(p -> p.getFileName().toString())).noneMatch(name -> name.startsWith("module-"));
        }
    }

    private void headers(String release, Path into) throws IOException {
        Path tree = dir.resolve("headers-" + release);
        Path make = tree.resolve("usr/src/linux-headers-" + release + "/Makefile");
        Files.createDirectories(make.getParent());
        Files.writeString(make, "modules:\n\tgcc -c $(M)/module.c -o $(M)/module.ko\n");
        Files.createDirectories(tree.resolve("DEBIAN"));
        Files.writeString(tree.resolve("DEBIAN/control"), """
                Package: linux-headers-%s
                Version: 1
                Architecture: amd64
                Maintainer: nobody
                Description: headers
                """.formatted(release));
        String deb = into.resolve("linux-headers-" + release + "_1_amd64.deb").toString();
        assertThat(Command.run(List.of("dpkg-deb", "-b", tree.toString(), deb)).ok())
                .isTrue();
    }

    @ParameterizedTest
    @CsvSource({
        "linux-9.tar.gz, boot/vmlinuz-9.8.7-tiny, gz",
        "build.tar.xz, ./bzImage, xz",
        "build.tar.zst, build-1/bzImage, zstd"
    })
    void takesATarFile(String name, String member, String compression) throws IOException {
        byte[] bzImage = TinyKernel.bzImage(TinyKernel.elf(true), "zstd");
        String spec = file(name, TinyKernel.tar(member, bzImage, compression));
        assertThat(sources.resolve(spec).release()).isEqualTo(TinyKernel.RELEASE);
    }

    @Test
    void modulesAloneAreNoKernel() throws IOException {
        String spec = file("modules.tar.xz", TinyKernel.tar("lib/modules/9/kernel/a.ko.xz", new byte[9], "xz"));
        refuses(spec, "give the bzImage that is beside it");
        refuses(file("other.tar.xz", TinyKernel.tar("README", new byte[9], "xz")), "without a kernel in it");
    }

    @Test
    void findsTheConfigurationInBootAndInTheImage() throws IOException {
        String spec = file("boot/vmlinuz-9", TinyKernel.bzImage(TinyKernel.elf(true), "zstd"));
        assertThat(sources.config(sources.resolve(spec))).isEmpty();
        file("boot/config-" + TinyKernel.RELEASE, CONFIG);
        assertThat(sources.config(sources.resolve(spec)).orElseThrow().origin()).endsWith("boot/config-9.8.7-tiny");
        for (String built : List.of("build/bzImage build/config", "tree/arch/x86/boot/bzImage tree/.config")) {
            String[] names = built.split(" ", -1);
            String image = file(names[0], TinyKernel.bzImage(TinyKernel.elf(true), "zstd"));
            file(names[1], CONFIG);
            assertThat(sources.config(sources.resolve(image)).orElseThrow().origin())
                    .isEqualTo(dir.resolve(names[1]).toString());
        }
        String vmlinux = file("vmlinux", TinyKernel.elfWithConfig(CONFIG));
        assertThat(sources.config(sources.resolve(vmlinux)).orElseThrow().options())
                .containsOnlyKeys("CONFIG_IO_URING", "CONFIG_VETH");
    }

    @Test
    void theSameKernelIsTheSameHoweverItCame() throws IOException {
        byte[] bzImage = TinyKernel.bzImage(TinyKernel.elf(true), "zstd");
        Path deb = dir.resolve("linux.deb");
        TinyKernel.writeDeb(deb, "./boot/vmlinuz-9.8.7-tiny", bzImage, "xz");
        Kernel one = sources.resolve(deb.toString());
        Kernel other = sources.resolve(file("vmlinuz", bzImage));
        assertThat(one.sha256()).isEqualTo(other.sha256());
        assertThat(one.image()).isEqualTo(other.image());
    }

    @Test
    void namesWhatIsWrongAndWhatToDo() throws IOException {
        refuses(file("text", "hello".getBytes(java.nio.charset.StandardCharsets.US_ASCII)), "not a kernel for x86-64");
        refuses(file("empty", new byte[0]), "not a kernel for x86-64");
        refuses(file("vmlinux-no-pvh", TinyKernel.elf(false)), "CONFIG_PVH");
        refuses(file("program", java.util.Arrays.copyOf(TinyKernel.elf(true), 200)), "not of a Linux kernel");
        refuses(dir.resolve("absent").toString(), "unknown kernel");
        refuses("", "unknown kernel");
        file("tree/Kbuild", new byte[0]);
        file("tree/Kconfig", new byte[0]);
        refuses(dir.resolve("tree").toString(), "run make bzImage");
        Files.createDirectories(dir.resolve("no-tree"));
        refuses(dir.resolve("no-tree").toString(), "neither a kernel build tree");
        file("bad-tree/arch/x86/boot/bzImage", new byte[5000]);
        refuses(dir.resolve("bad-tree").toString(), "build it again");
        Path deb = dir.resolve("doc.deb");
        TinyKernel.writeDeb(deb, "./usr/share/doc/README", new byte[9], "xz");
        refuses(deb.toString(), "without a kernel in it");
        refuses(
                file("cut.deb", "!<arch>\n".getBytes(java.nio.charset.StandardCharsets.US_ASCII)),
                "not a Debian package");
        refuses("debian:what", "debian:latest");
    }

    @Test
    void saysWhatIsCutOff() throws IOException {
        byte[] bzImage = TinyKernel.bzImage(TinyKernel.elf(true), "gz");
        refuses(file("bzImage", Arrays.copyOf(bzImage, bzImage.length - 5)), "a bzImage that is cut off");
        for (String compression : List.of("xz", "gz")) {
            byte[] tar = TinyKernel.tar("boot/vmlinuz-9", bzImage, compression);
            refuses(file("boot.tar." + compression, Arrays.copyOf(tar, tar.length - 50)), "damaged or cut off");
        }
    }

    private void refuses(String spec, String words) {
        assertThatThrownBy(() -> sources.resolve(spec))
                .isInstanceOf(BadRequestException.class)
                .hasMessageContaining(words)
                .hasMessageNotContaining("\n");
    }

    @Test
    void saysWhereItCannotWrite() throws IOException {
        var inTheWay = new KernelSources(Path.of(file("in-the-way", new byte[0])), new QuietProgress());
        assertThatThrownBy(() -> inTheWay.resolve(file("vmlinuz", TinyKernel.bzImage(TinyKernel.elf(true), "gz"))))
                .isInstanceOf(CannotTestException.class)
                .hasMessageContaining("XDG_CACHE_HOME");
    }
}
