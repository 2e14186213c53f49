// SPDX-License-Identifier: MIT
package zcrx.vm;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class LocalHostTest {

    @Test
    void kernelLogLooksLikeAConsole() {
        assertThat(LocalHost.consoleLines("4,1234,12345678,-;WARNING: CPU: 0\n SUBSYSTEM=net\n"))
                .containsExactly("[   12.345678] WARNING: CPU: 0");
        assertThat(LocalHost.consoleLines("6,5,98765432101,c,caller=T1;two\\x0alines\n"))
                .containsExactly("[98765.432101] two", "[98765.432101] lines");
        assertThat(LocalHost.consoleLines("nonsense")).isEmpty();
    }
}
