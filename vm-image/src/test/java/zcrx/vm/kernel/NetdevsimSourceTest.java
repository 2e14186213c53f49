// SPDX-License-Identifier: MIT
package zcrx.vm.kernel;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import zcrx.vm.CannotTestException;
import zcrx.vm.Command;

class NetdevsimSourceTest {
    @ParameterizedTest
    @CsvSource({
        "7.3.4+deb13-amd64,    linux-source-7.3, 7.3.4-1~bpo13+1, true",
        "7.3.4+deb13-rt-amd64, linux-source-7.3, 7.3.4-1~bpo13+1, true",
        "7.3.4+deb13-amd64,    linux-source-7.3, 7.3.5-1~bpo13+1, false",
        "7.2.1+deb13-amd64,    linux-source-7.2, 7.2.12-1~bpo13+1, false",
        "7.4-amd64,            linux-source-7.4, 7.4-1, true",
        "7.4-rc7-amd64,        linux-source-7.4, 7.4~rc7-1~exp1, true",
        "7.4-amd64,            linux-source-7.4, 7.4~rc7-1~exp1, false"
    })
    void sourceOfRelease(String release, String name, String version, boolean same) {
        assertThat(NetdevsimSource.packageFor(release)).isEqualTo(name);
        assertThat(NetdevsimSource.isSourceOf(release, new DebianVersion(version)))
                .isEqualTo(same);
    }

    @Test
    void takesTheDriverAlone(@TempDir Path dir) throws IOException {
        Path driver = Files.createDirectories(dir.resolve("linux-source-7.3/drivers/net/netdevsim"));
        Files.writeString(driver.resolve("bus.c"), "");
        Files.writeString(driver.resolve("Makefile"), "");
        Files.writeString(driver.resolveSibling("dummy.c"), "");
        Path tarball = dir.resolve("linux-source-7.3.tar.xz");
        Command.run(List.of("tar", "-cJf", tarball.toString(), "-C", dir.toString(), "linux-source-7.3"));
        Path into = Files.createDirectory(dir.resolve("netdevsim"));
        NetdevsimSource.unpack(tarball, into);
        assertThat(into.toFile().list()).containsExactlyInAnyOrder("bus.c", "Makefile");
    }

    @Test
    void aPackageWithoutTheDriver(@TempDir Path dir) throws IOException {
        Files.createDirectories(dir.resolve("linux-source-7.3/drivers"));
        Path tarball = dir.resolve("linux-source-7.3.tar.xz");
        Command.run(List.of("tar", "-cJf", tarball.toString(), "-C", dir.toString(), "linux-source-7.3"));
        assertThatThrownBy(() -> NetdevsimSource.unpack(tarball, dir))
                .isInstanceOf(CannotTestException.class)
                .hasMessageContaining("linux-source-7.3.tar.xz");
    }
}
