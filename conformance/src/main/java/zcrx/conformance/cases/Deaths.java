// SPDX-License-Identifier: MIT
package zcrx.conformance.cases;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.MethodOrderer;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestMethodOrder;
import zcrx.conformance.Death;
import zcrx.conformance.Subject;

/** Ways for a guest to die, each in the middle of a test that follows one which passes. */
@Death
@Subject("deaths of the guest")
@TestMethodOrder(MethodOrderer.OrderAnnotation.class)
class Deaths {
    Deaths() {
        Check.needs(
                Boolean.getBoolean(Death.GUEST_PROPERTY), "kills the machine it runs on: only in a guest of ./zcrx vm");
    }

    @Test
    @Order(1)
    @DisplayName("a test that passes before the end")
    void before() {}

    @Test
    @Order(2)
    @DisplayName("the kernel panics")
    void crash() throws IOException {
        Files.writeString(Path.of("/proc/sysrq-trigger"), "c");
        throw new IllegalStateException("the kernel outlived sysrq-c");
    }

    @Test
    @Order(3)
    @DisplayName("a test that spins for ever")
    @SuppressWarnings("InfiniteLoopStatement")
    void spin() {
        while (true) {
            Thread.onSpinWait();
        }
    }

    @Test
    @Order(4)
    @DisplayName("the JVM ends without a word")
    void exit() {
        Runtime.getRuntime().halt(3);
    }

    @Test
    @Order(5)
    @DisplayName("a test that would come after the end")
    void after() {}
}
