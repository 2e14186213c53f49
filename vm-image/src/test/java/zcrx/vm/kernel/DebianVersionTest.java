// SPDX-License-Identifier: MIT
package zcrx.vm.kernel;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.junit.jupiter.api.Test;
import zcrx.vm.Command;

class DebianVersionTest {
    private static final List<String> ASCENDING = List.of(
            "6.12.94-1",
            "6.12.107-1",
            "7.2~rc1-1~exp1",
            "7.2.9-1~bpo13+1",
            "7.2.12-1~bpo13+1",
            "7.2.12-1",
            "7.2.12-1+b1",
            "7.2.12-1.1",
            "7.3~rc7-1~exp1",
            "7.3-1",
            "7.3.4-1~bpo13+1",
            "7.3.4-1",
            "7.3.4a-1",
            "7.3.4+x-1",
            "7.3.04.1-1",
            "1:6.0-1");

    @Test
    void sortsAsDebianDoes() {
        for (int i = 0; i < ASCENDING.size(); i++) {
            for (int j = 0; j < ASCENDING.size(); j++) {
                assertThat(Integer.signum(
                                new DebianVersion(ASCENDING.get(i)).compareTo(new DebianVersion(ASCENDING.get(j)))))
                        .describedAs("%s to %s", ASCENDING.get(i), ASCENDING.get(j))
                        .isEqualTo(Integer.compare(i, j));
            }
        }
    }

    /** So that the list above isn't just what we believe. */
    @Test
    void dpkgAgrees() {
        for (int i = 1; i < ASCENDING.size(); i++) {
            List<String> question = List.of("dpkg", "--compare-versions", ASCENDING.get(i - 1), "lt", ASCENDING.get(i));
            // 127: a host without dpkg has nothing to say.
            assertThat(Command.run(question).status())
                    .describedAs("%s", question)
                    .isIn(0, 127);
        }
    }
}
