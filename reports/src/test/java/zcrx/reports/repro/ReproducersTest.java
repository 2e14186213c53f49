// SPDX-License-Identifier: MIT
package zcrx.reports.repro;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import zcrx.vm.CannotTestException;
import zcrx.vm.program.ProgramGuest.Result;
import zcrx.vm.program.ProgramGuest.Session;

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

    @Test
    @DisplayName("no terminal obeys what programs and their guests say")
    void escapes() {
        String escape = "\u001b]0;owned\u0007\u202e" + "x".repeat(100_000);
        Session session = Reproducers.clean(new Session(Map.of("Arm.late", new Result(1, escape)), escape));
        Result result = Objects.requireNonNull(session.results().get("Arm.late"));
        assertThat(result.status()).isEqualTo(1);
        assertThat(List.of(result.said(), session.end()))
                .allSatisfy(text -> assertThat(text)
                        .startsWith("\\x1b]0;owned\\x07\\u202ex")
                        .hasSizeLessThan(3000));
    }
}
