// SPDX-License-Identifier: MIT
package zcrx.vm.kernel;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import zcrx.vm.BadRequestException;

/** On excerpts of the lists that Debian had in November 2026. */
class DebianSpecTest {

    private static List<KernelPackage> packages(List<String> suites) throws IOException {
        var all = new ArrayList<KernelPackage>();
        for (String suite : suites) {
            var list = Objects.requireNonNull(DebianSpecTest.class.getResourceAsStream("Packages." + suite));
            try (var reader = new BufferedReader(new InputStreamReader(list, StandardCharsets.UTF_8))) {
                all.addAll(KernelPackage.readList(reader, suite));
            }
        }
        return all;
    }

    private static Optional<KernelPackage> resolve(String text) throws IOException {
        DebianSpec spec = DebianSpec.parse(text);
        return spec.choose(packages(spec.suites()));
    }

    @ParameterizedTest
    @CsvSource({
        "debian:latest, linux-binary-7.3.4+deb13-amd64, 7.3.4-1~bpo13+1, trixie-backports",
        "debian:latest-rt, linux-binary-7.3.4+deb13-rt-amd64, 7.3.4-1~bpo13+1, trixie-backports",
        // Not the release candidate in experimental.
        "debian:7.3, linux-binary-7.3.4+deb13-amd64, 7.3.4-1~bpo13+1, trixie-backports",
        "debian:7.3-cloud, linux-binary-7.3.4+deb13-cloud-amd64, 7.3.4-1~bpo13+1, trixie-backports",
        "debian:rc, linux-binary-7.3-amd64, 7.3~rc7-1~exp1, experimental",
        "debian:rc-rt, linux-binary-7.3-rt-amd64, 7.3~rc7-1~exp1, experimental",
        "debian:latest-cloud, linux-binary-7.3.4+deb13-cloud-amd64, 7.3.4-1~bpo13+1, trixie-backports",
        "debian:7.3-rc, linux-binary-7.3-amd64, 7.3~rc7-1~exp1, experimental",
        "debian:7.3-rc7, linux-binary-7.3-amd64, 7.3~rc7-1~exp1, experimental",
        "debian:7.3-rc7-rt, linux-binary-7.3-rt-amd64, 7.3~rc7-1~exp1, experimental",
        "debian:7.2, linux-binary-7.2.13+deb14-amd64, 7.2.13-1, sid",
        "debian:7.2.9, linux-binary-7.2.9+deb13-amd64, 7.2.9-1~bpo13+1, trixie-backports",
        // 6.12.107 is newer than 6.12.94, and unsigned and debug packages are not for booting.
        "debian:6.12, linux-image-6.12.107+deb13-amd64, 6.12.107-1, trixie",
        "debian:6.12.94-rt, linux-image-6.12.94+deb13-rt-amd64, 6.12.94-1, trixie",
        "debian:6.16, linux-image-6.16.12+deb13-amd64, 6.16.12-1~bpo13+1, trixie-backports",
    })
    void choosesTheNewestThatFits(String spec, String name, String version, String suite) throws IOException {
        assertThat(resolve(spec)).contains(new KernelPackage(name, new DebianVersion(version), suite));
    }

    @ParameterizedTest
    @ValueSource(strings = {"debian:7.20", "debian:7.2.1", "debian:9.9", "debian:7.3-rc1"})
    void findsNothingElse(String spec) throws IOException {
        assertThat(resolve(spec)).isEmpty();
    }

    @Test
    void theLatestMustHaveEvents() throws IOException {
        List<KernelPackage> old = packages(List.of("trixie-backports")).stream()
                .filter(p -> p.version().compareTo(new DebianVersion("7.2")) < 0)
                .toList();
        assertThat(old).isNotEmpty();
        assertThat(DebianSpec.parse("debian:latest").choose(old)).isEmpty();
    }

    @Test
    void aCandidateIsBetterThanNothing() throws IOException {
        assertThat(DebianSpec.parse("debian:7.3").choose(packages(List.of("experimental"))))
                .map(p -> p.version().text())
                .contains("7.3~rc7-1~exp1");
    }

    @Test
    void onlyPackagesWithAnImageCount() throws IOException {
        assertThat(packages(List.of("trixie-backports")))
                .noneMatch(p -> p.name().startsWith("linux-image-7"))
                .noneMatch(p -> p.name().startsWith("linux-headers"));
    }

    @Test
    void theLatestNeedsOneListOnly() {
        assertThat(DebianSpec.parse("debian:latest").suites()).containsExactly("trixie-backports");
    }

    @ParameterizedTest
    @CsvSource({"debian:7.2.9, true", "debian:7.3-rc7, true", "debian:7.3-rc, false", "debian:7.3, false"})
    void knowsWhatTimeDoesNotChange(String spec, boolean exact) {
        assertThat(DebianSpec.parse(spec).isExact()).isEqualTo(exact);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "debian:",
                "debian:foo",
                "debian:7",
                "debian:7.3-lts",
                "debian:latest-rc1",
                "debian:rc-rc1",
                "debian:rc7",
                "debian:7.3 "
            })
    void refusesWhatIsNoVersion(String spec) {
        assertThatThrownBy(() -> DebianSpec.parse(spec))
                .isInstanceOf(BadRequestException.class)
                .hasMessageStartingWith("unknown kernel " + spec)
                .hasMessageContaining("debian:latest");
    }
}
