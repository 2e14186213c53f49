// SPDX-License-Identifier: MIT
package zcrx.vm;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.junit.jupiter.api.Test;

class HostToolsTest {

    @Test
    void saysTheLineToType() {
        assertThat(HostTools.advice(List.of("qemu-system-x86", "busybox-static")))
                .isEqualTo("missing on this host: qemu-system-x86 busybox-static; "
                        + "run: sudo apt-get install --no-install-recommends qemu-system-x86 busybox-static");
    }

    @Test
    void everyToolHasAPackageAndAPurpose() {
        assertThat(HostTools.all()).isNotEmpty().allSatisfy(tool -> {
            assertThat(tool.debianPackage()).matches("[a-z0-9-]+");
            assertThat(tool.purpose()).isNotBlank();
        });
    }

    @Test
    void installsWhatCompilingNeedsBesidesTheCompiler() {
        assertThat(HostTools.all()).extracting(HostTools.Tool::debianPackage).contains("gcc", "libc6-dev");
    }

    @Test
    void findsWhatEveryHostHas() {
        assertThat(HostTools.all())
                .filteredOn(tool -> tool.name().equals("setpriv"))
                .allSatisfy(tool -> assertThat(tool.found())
                        .hasValueSatisfying(v -> assertThat(v).contains("util-linux")));
    }
}
