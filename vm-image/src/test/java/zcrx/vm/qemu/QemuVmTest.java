// SPDX-License-Identifier: MIT
package zcrx.vm.qemu;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.Collections;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import zcrx.conformance.SuiteOptions;
import zcrx.vm.BadRequestException;

class QemuVmTest {

    @Test
    void commandLineHasTheSuitesWordsBehindTheDashes() {
        var suite = new SuiteOptions(SuiteOptions.Profile.GATE, 7, List.of("Arm.*"));
        String line = QemuVm.commandLine(" panic_on_warn=1  quiet ", suite.words());
        assertThat(line)
                .startsWith("console=ttyS0 ")
                .contains(" panic_on_warn=1  quiet -- ")
                .endsWith(" -- --profile gate --seed 7 --tests Arm.*");
    }

    @Test
    void commandLineRefusesWhatAKernelCannotPassOn() {
        refuses("a -- b", List.of(), "leave it out");
        refuses("", List.of("--tests", "two words"), "no spaces");
        refuses("", List.of("--tests", "quo\"te"), "no spaces");
        refuses("", List.of("--tests", "\u00e4"), "beyond ASCII");
        refuses("", Collections.nCopies(31, "x"), "give fewer");
        refuses("x".repeat(2048), List.of(), "give fewer");
    }

    private static void refuses(String append, List<String> words, String reason) {
        assertThatThrownBy(() -> QemuVm.commandLine(append, words))
                .isInstanceOf(BadRequestException.class)
                .hasMessageContaining(reason)
                .hasMessageNotContaining("\n");
    }

    @ParameterizedTest
    @CsvSource({"2G, 2048", "2g, 2048", "512M, 512", "512, 512", "1GiB, 1024", "1T, 1048576", "1048576K, 1024"})
    void readsAmountsOfMemory(String text, long mib) {
        assertThat(VmOptions.parseMemory(text)).isEqualTo(mib);
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "much", "-1G", "2X", "1.5G", "99999999999999999999G", "999999999999999T"})
    void refusesOtherAmounts(String text) {
        assertThatThrownBy(() -> VmOptions.parseMemory(text))
                .isInstanceOf(BadRequestException.class)
                .hasMessageStartingWith("--memory " + text);
    }
}
