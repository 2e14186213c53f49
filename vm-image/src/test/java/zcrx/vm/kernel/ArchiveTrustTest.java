// SPDX-License-Identifier: MIT
package zcrx.vm.kernel;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.io.OutputStream;
import java.net.URISyntaxException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Clock;
import java.util.List;
import java.util.Objects;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import zcrx.vm.CannotTestException;

/**
 * What is not as it was signed is refused. By the real apt, on an archive among the resources with one package that holds
 * no kernel: its suite trixie is valid for ever, experimental has expired. Both were signed with a key that is thrown
 * away; other-keyring.gpg holds another.
 */
class ArchiveTrustTest {
    @TempDir
    private Path temp;

    private Path mirror = Path.of("");

    @BeforeEach
    void copyTheArchive() throws IOException, URISyntaxException {
        Path source = Path.of(Objects.requireNonNull(ArchiveTrustTest.class.getResource("archive"))
                .toURI());
        mirror = temp.resolve("mirror");
        try (Stream<Path> files = Files.walk(source)) {
            for (Path file : files.toList()) {
                Files.copy(file, mirror.resolve(source.relativize(file).toString()));
            }
        }
    }

    private DebianArchive archive(String keyring) {
        return new DebianArchive(
                temp.resolve("apt"), new QuietProgress(), Clock.systemUTC(), mirror.resolve(keyring), "copy:" + mirror);
    }

    private Path download(DebianArchive archive, KernelPackage p) throws IOException {
        return archive.download(p, Files.createDirectory(temp.resolve("debs")));
    }

    private Path index(String suite) {
        return mirror.resolve("dists").resolve(suite).resolve("main/binary-amd64/Packages");
    }

    private void refuses(String suite, String keyring, String why) throws IOException {
        DebianArchive archive = archive(keyring);
        assertThat(archive.kernels(List.of(suite))).isEmpty();
        assertThat(archive.refusals()).singleElement().asString().contains(why).doesNotContain("\n");
    }

    @Test
    void takesWhatIsSigned() throws IOException {
        DebianArchive archive = archive("keyring.gpg");
        List<KernelPackage> packages = archive.kernels(List.of("trixie"));
        assertThat(packages).extracting(KernelPackage::name).containsExactly("linux-image-6.12.1+tiny-amd64");
        assertThat(archive.refusals()).isEmpty();
        Path deb = download(archive, packages.getFirst());
        assertThat(KernelArchive.of(deb).orElseThrow().hasKernel()).isTrue();
    }

    @Test
    void refusesAnExpiredRelease() throws IOException {
        refuses("experimental", "keyring.gpg", "is expired");
    }

    @Test
    void refusesATamperedIndex() throws IOException {
        String index = Files.readString(index("trixie"));
        Files.writeString(index("trixie"), index.replace("6.12.1", "6.12.2"));
        refuses("trixie", "keyring.gpg", "Hash Sum mismatch");
    }

    @Test
    void refusesATamperedRelease() throws IOException {
        Path release = mirror.resolve("dists/experimental/InRelease");
        Files.writeString(release, Files.readString(release).replace("08 Jan 2026", "08 Jan 2096"));
        refuses("experimental", "keyring.gpg", "is not signed");
    }

    @Test
    void refusesAnotherKey() throws IOException {
        refuses("trixie", "other-keyring.gpg", "is not signed");
    }

    @Test
    void refusesATamperedPackage() throws IOException {
        DebianArchive archive = archive("keyring.gpg");
        KernelPackage p = archive.kernels(List.of("trixie")).getFirst();
        Path deb;
        try (Stream<Path> pool = Files.list(mirror.resolve("pool"))) {
            deb = pool.findFirst().orElseThrow();
        }
        byte[] bytes = Files.readAllBytes(deb);
        bytes[bytes.length - 20] ^= 1;
        try (OutputStream out = Files.newOutputStream(deb, StandardOpenOption.TRUNCATE_EXISTING)) {
            out.write(bytes);
        }
        assertThatThrownBy(() -> download(archive, p))
                .isInstanceOf(CannotTestException.class)
                .hasMessageContaining("Hash Sum mismatch")
                .hasMessageNotContaining("\n");
        try (Stream<Path> left = Files.list(temp.resolve("debs"))) {
            assertThat(left.filter(f -> f.toString().endsWith(".deb"))).isEmpty();
        }
    }
}
