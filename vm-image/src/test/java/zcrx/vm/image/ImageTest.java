// SPDX-License-Identifier: MIT
package zcrx.vm.image;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.lang.classfile.ClassFile;
import java.lang.classfile.ClassModel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Objects;
import java.util.TreeMap;
import java.util.jar.JarOutputStream;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import java.util.zip.ZipEntry;
import org.apache.commons.compress.archivers.cpio.CpioArchiveEntry;
import org.apache.commons.compress.archivers.cpio.CpioArchiveInputStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ImageTest {
    @TempDir
    private Path dir;

    /** A suite as far as the builder looks. */
    static final class TinySuite {
        public static void main(String[] args) {
            Runnable lambda = () -> System.out.println("trained with " + args.length + " argument");
            lambda.run();
        }
    }

    private Path jar() throws IOException {
        Path jar = dir.resolve("suite.jar");
        String name = TinySuite.class.getName().replace('.', '/') + ".class";
        try (var out = new JarOutputStream(Files.newOutputStream(jar));
                var in = TinySuite.class.getClassLoader().getResourceAsStream(name)) {
            out.putNextEntry(new ZipEntry(name));
            java.util.Objects.requireNonNull(in).transferTo(out);
        }
        return jar;
    }

    @Test
    void sameInputsSameBytes() throws IOException {
        // Any static program will do: it is not run here.
        Path busybox = Files.writeString(dir.resolve("busybox"), "busybox");
        var builder = new ImageBuilder(
                Path.of(System.getProperty("java.home")), busybox, List.of(jar()), TinySuite.class.getName());
        // In the same place: the JVM writes the path of what it archives into the archive.
        Path guest = dir.resolve("guest");
        builder.build(guest);
        Path image = guest.resolve(GuestImage.NAME);
        Path first = Files.move(image, dir.resolve("first"));
        try (Stream<Path> rest = Files.walk(guest)) {
            rest.sorted(Comparator.reverseOrder())
                    .forEach(p -> assertThat(p.toFile().delete()).isTrue());
        }
        builder.build(guest);
        assertThat(image).hasSameBinaryContentAs(first);

        var names = new ArrayList<String>();
        try (var cpio = new CpioArchiveInputStream(Files.newInputStream(image))) {
            for (CpioArchiveEntry e = cpio.getNextEntry(); e != null; e = cpio.getNextEntry()) {
                names.add(e.getName());
                assertThat(e.getTime()).isEqualTo(Initramfs.MODIFIED);
            }
        }
        assertThat(names)
                .contains("init", "bin/sh", "jre/bin/java", "suite/suite.jar", "suite/suite.jsa", "dev", "tmp")
                .anyMatch(n -> n.endsWith("/libc.so.6"))
                .anyMatch(n -> n.contains("ld-linux"));

        var made = Files.getLastModifiedTime(image);
        builder.build(guest);
        assertThat(Files.getLastModifiedTime(image))
                .describedAs("built again though nothing changed")
                .isEqualTo(made);
    }

    @Test
    void classListDoesNotDependOnTheOrderOfLoading() {
        List<String> one = ClassArchive.inOrder(
                List.of("# comment", "b/B id: 1", "a/A id: 2", "@cp b/B 1 2", "@lambda-proxy a/A run", "c/C id: 3"));
        List<String> other = ClassArchive.inOrder(
                List.of("a/A id: 1", "c/C id: 2", "@lambda-proxy a/A run", "b/B id: 3", "@cp b/B 1 2"));
        assertThat(one).isEqualTo(other).containsExactly("a/A", "b/B", "c/C", "@lambda-proxy a/A run", "@cp b/B 1 2");
    }

    @Test
    void callSitesThatNoTrainingReachesAreListed() throws IOException {
        String name = TinySuite.class.getName().replace('.', '/');
        var own = new TreeMap<String, ClassModel>();
        try (var in = Objects.requireNonNull(getClass().getResourceAsStream("/" + name + ".class"))) {
            own.put(name, ClassFile.of().parse(in.readAllBytes()));
        }
        assertThat(ClassArchive.withAll(own, List.of("a/A id: 1")))
                .containsSubsequence("a/A id: 1", name)
                .anyMatch(line -> line.matches("@cp " + Pattern.quote(name) + "( [0-9]+)+"));
    }

    @Test
    void followsWhatJavaNeeds() throws IOException {
        Path java = Path.of(System.getProperty("java.home"), "bin", "java");
        Path libjli = Path.of(System.getProperty("java.home"), "lib", "libjli.so");
        assertThat(SharedLibraries.neededBy(List.of(java, libjli)))
                .anyMatch(p -> p.endsWith("libc.so.6"))
                .anyMatch(p -> p.getFileName().toString().startsWith("ld-linux"))
                .noneMatch(p -> p.endsWith("libjli.so"));
    }

    @Test
    void hasNothingToSayAboutTextFiles() throws IOException {
        assertThat(SharedLibraries.references(Files.writeString(dir.resolve("text"), "hello")))
                .isEmpty();
    }
}
