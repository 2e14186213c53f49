// SPDX-License-Identifier: MIT
package zcrx.reports.prove;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import zcrx.reports.run.Catalogue;
import zcrx.vm.BadRequestException;
import zcrx.vm.CannotTestException;
import zcrx.vm.kernel.Fault;

class FaultsTest {
    private static final Path HOME = Path.of(System.getProperty("zcrx.home"));

    private static final Catalogue RULES = new Catalogue(Map.of(
            "ARM-001", new Catalogue.Rule("r", "observed", "s"), "EVT-001", new Catalogue.Rule("r", "observed", "s")));

    private static final String FAULT = """
            - name: arm-does-nothing
              section: arming
              breaks: [ARM-001]
              wrong: Arming does nothing.
              edit: [{in: zcrx_arm_notif, at: a =, skip: true}]
            """;

    @Test
    void theFileIsGoodAndCoversEverySection() throws IOException {
        Faults faults = Faults.read(HOME, Catalogue.read(HOME));
        assertThat(faults.all()).hasSizeGreaterThan(200);
        Set<String> subjects = faults.all().stream()
                .flatMap(fault -> fault.breaks().stream())
                .map(rule -> rule.substring(0, rule.indexOf('-')))
                .collect(Collectors.toCollection(TreeSet::new));
        assertThat(subjects).contains("QRY", "REG", "OFF", "EVT", "ARM", "CNT", "CTL", "IMP", "BUF", "NIC");
        assertThat(faults.number(faults.all().get(41))).isEqualTo(42);
    }

    /** What no change of a kernel's code, made when it boots, can break alone or at all; and why. */
    private static final Map<String, String> WITHOUT_A_FAULT = Map.of(
            "LAY-001", "structs are laid out when a kernel is compiled",
            "LAY-002", "so are the values of constants",
            "ARM-011", "no kernel speaks the dialect",
            "OFF-013", "no kernel speaks the dialect",
            "NIC-036", "what settings a device takes is its driver's business");

    @Test
    void everyRuleIsBrokenByAFault() throws IOException {
        Catalogue catalogue = Catalogue.read(HOME);
        Set<String> broken = Faults.read(HOME, catalogue).all().stream()
                .flatMap(fault -> fault.breaks().stream())
                .collect(Collectors.toSet());
        assertThat(catalogue.rules().keySet())
                .filteredOn(rule -> !broken.contains(rule))
                .containsExactlyInAnyOrderElementsOf(WITHOUT_A_FAULT.keySet());
    }

    @Test
    void patternsAreOverNamesSectionsAndRules() {
        Faults faults = Faults.parse(
                FAULT
                        + FAULT.replace("arm-does-nothing", "lost")
                                .replace("ARM", "EVT")
                                .replace("arming", "events"),
                RULES);
        assertThat(faults.matching(List.of())).hasSize(2);
        for (String pattern : List.of("ARM-*", "arming", "arm-001")) {
            assertThat(faults.matching(List.of(pattern)))
                    .extracting(Fault::name)
                    .containsExactly("arm-does-nothing");
        }
        assertThatThrownBy(() -> faults.matching(List.of("nothing")))
                .isInstanceOf(BadRequestException.class)
                .hasMessageContaining("--faults nothing");
    }

    @ParameterizedTest
    @CsvSource({
        "breaks: [ARM-001], breaks: [ARM-099], arm-does-nothing breaks ARM-099",
        "breaks: [ARM-001], breaks: [], arm-does-nothing breaks no rule",
        "skip: true, skp: true, line 5",
        "'at: a =, skip: true', at: a, line 5",
        "section: arming, colour: red, line"
    })
    void whatIsWrongWithTheFileIsSaid(String part, String instead, String message) {
        assertThatThrownBy(() -> Faults.parse(FAULT.replace(part, instead), RULES))
                .isInstanceOf(CannotTestException.class)
                .hasMessageContaining("faults.yaml")
                .hasMessageContaining(message);
    }

    @Test
    void namesAreUnique() {
        assertThatThrownBy(() -> Faults.parse(FAULT + FAULT, RULES))
                .isInstanceOf(CannotTestException.class)
                .hasMessageContaining("arm-does-nothing");
    }
}
