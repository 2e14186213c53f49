// SPDX-License-Identifier: MIT
package zcrx.vm.kernel;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import zcrx.vm.CannotTestException;

class DebianArchiveTest {

    /** As {@code apt-get update --print-uris} prints them. */
    private static List<String> uris(String... releases) {
        return Stream.of(releases)
                .map(r -> "'" + r + "/InRelease' " + r.replaceAll("[^a-z.-]", "_") + "_InRelease 0 ")
                .toList();
    }

    @Test
    void takesTheMainArchiveOfTheHost() {
        assertThat(DebianArchive.mirrorIn(
                        uris(
                                "http://security.example.org/debian-security/dists/bookworm-security",
                                "http://mirror.example.org/debian/dists/bookworm",
                                "http://mirror.example.org/debian/dists/bookworm-updates"),
                        "bookworm"))
                .isEqualTo("http://mirror.example.org/debian");
    }

    @Test
    void isNotFooledByThirdPartiesThatUseDebiansNames() {
        assertThat(DebianArchive.mirrorIn(
                        uris(
                                "https://apt.example.com/dists/bookworm",
                                "https://wine.example.com/debian/dists/bookworm",
                                "http://mirror.example.org/pub/debian/dists/bookworm",
                                "http://mirror.example.org/pub/debian/dists/bookworm-updates",
                                "https://cloud.example.com/apt/dists/sdk-bookworm"),
                        "bookworm"))
                .isEqualTo("http://mirror.example.org/pub/debian");
    }

    @Test
    void knowsReleasesByTheirSuite() {
        assertThat(DebianArchive.mirrorIn(uris("mirror+file:/etc/apt/mirrors/debian.list/dists/sid"), "forky"))
                .isEqualTo("mirror+file:/etc/apt/mirrors/debian.list");
    }

    @Test
    void saysHowToNameAMirror() {
        assertThatThrownBy(() ->
                        DebianArchive.mirrorIn(uris("http://archive.example.net/ubuntu/dists/noble"), "noble-ish"))
                .isInstanceOf(CannotTestException.class)
                .hasMessageContaining("ZCRX_DEBIAN_MIRROR");
    }
}
