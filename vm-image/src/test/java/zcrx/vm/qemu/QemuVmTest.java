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
import zcrx.fixtures.path.PathKind;
import zcrx.vm.BadRequestException;

class QemuVmTest {

    @Test
    void commandLineHasTheSuitesWordsBehindTheDashes() {
        var suite = new SuiteOptions(SuiteOptions.Profile.GATE, 7, List.of("Arm.*"));
        String line = QemuVm.commandLine(" panic_on_warn=1  quiet ", suite);
        assertThat(line)
                .startsWith("console=ttyS0 ")
                .contains(" panic_on_warn=1  quiet -- ")
                .endsWith(" -- --profile gate --seed 7 --tests Arm.*");
    }

    @Test
    void commandLineRefusesWhatAKernelCannotPassOn() {
        refuses("a -- b", List.of(), "leave it out");
        refuses("", List.of("two words"), "no spaces");
        refuses("", List.of("quo\"te"), "no spaces");
        refuses("", List.of("\u00e4"), "beyond ASCII");
        refuses("x".repeat(2048), List.of(), "give fewer");
    }

    @Test
    void commandLineHasRoomForTheRestThatADeathLeaves() {
        List<String> most = Collections.nCopies(10, "Arm.*");
        SuiteOptions rest = suite(most).restAfter("Arm.notFired@simnic");
        assertThat(QemuVm.commandLine("", suite(most))).endsWith(" --data-path nodev --data-path simnic");
        assertThat(QemuVm.commandLine("", rest)).endsWith(" --after Arm.notFired@simnic");
        refuses("", Collections.nCopies(11, "Arm.*"), "here at most 10 patterns");

        int free = 2047 - QemuVm.commandLine("", rest).length();
        refuses("x".repeat(free), most, "give fewer");
    }

    private static SuiteOptions suite(List<String> tests) {
        return new SuiteOptions(SuiteOptions.Profile.GATE, 7, tests, List.of(PathKind.NODEV, PathKind.SIMNIC));
    }

    private static void refuses(String append, List<String> tests, String reason) {
        assertThatThrownBy(() -> QemuVm.commandLine(append, suite(tests)))
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
