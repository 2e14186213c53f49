// SPDX-License-Identifier: MIT
package zcrx.reports.repro;

import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import zcrx.vm.CannotTestException;

class ReproducersTest {
    @Test
    @DisplayName("what exported programs are made of is compiled")
    void ours() {
        assertThatCode(() -> Reproducers.check("#include <sys/mman.h>\n#define ZCRX_REG_NODEV 2\nint main(void) {}\n"))
                .doesNotThrowAnyException();
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "#include \"/etc/shadow\"",
                "#include </etc/../etc/shadow>",
                "%:include \"/etc/shadow\"",
                "??=include \"/etc/shadow\"",
                "# include <stdio.h>",
                "#pragma GCC dependency \"/etc/shadow\"",
                "_Pragma(\"GCC poison x\")",
                "__asm__(\".incbin \\\"/etc/shadow\\\"\");",
                "#define X \\\ny",
                "a\\\nsm(\"\");",
            })
    @DisplayName("a guest that lies cannot have files of the host compiled in")
    void lies(String line) {
        assertThatThrownBy(() -> Reproducers.check(line + "\nint main(void) {}\n"))
                .isInstanceOf(CannotTestException.class);
    }
}
