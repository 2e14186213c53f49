// SPDX-License-Identifier: MIT
package zcrx.conformance.cases;

import java.io.FileOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.MethodOrderer;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestMethodOrder;
import zcrx.conformance.Death;
import zcrx.conformance.Subject;
import zcrx.fixtures.path.KernelModule;
import zcrx.fixtures.sys.Syscall;

/** Ways for a guest to go wrong or to lie, each between two tests that pass. */
@Death
@Subject("deaths of the guest")
@TestMethodOrder(MethodOrderer.OrderAnnotation.class)
class Deaths {
    private static final Path HOW = Path.of("/sys/module/deaths/parameters/how");
    private static final Path KERNEL = Path.of("/proc/sys/kernel");
    private static final Path RESULTS = Path.of("/dev/ttyS1");
    private static final Path KERNEL_LOG = Path.of("/dev/kmsg");
    private static final int CLOCK_REALTIME = 0;

    Deaths() {
        Check.needs(
                Boolean.getBoolean(Death.GUEST_PROPERTY), "kills the machine it runs on: only in a guest of ./zcrx vm");
    }

    private static void go(String how) throws IOException {
        KernelModule.DEATHS.load();
        Files.writeString(HOW, how);
    }

    @Test
    @Order(1)
    @DisplayName("a test that passes before the end")
    void before() {}

    @Test
    @Order(10)
    @DisplayName("the kernel warns")
    void warn() throws IOException {
        go("warn");
    }

    @Test
    @Order(11)
    @DisplayName("a processor is stuck in the kernel for a while")
    void lockup() throws IOException {
        Files.writeString(KERNEL.resolve("watchdog_thresh"), "1");
        go("lockup");
    }

    @Test
    @Order(12)
    @DisplayName("a task waits for long where nothing can wake it")
    void hang() throws IOException {
        Files.writeString(KERNEL.resolve("hung_task_timeout_secs"), "1");
        go("hang");
        Files.writeString(KERNEL.resolve("hung_task_timeout_secs"), "120");
    }

    @Test
    @Order(13)
    @DisplayName("the clock jumps a year ahead, and two back")
    void clock() {
        long year = Duration.ofDays(365).toSeconds();
        setClock(Instant.now().getEpochSecond() + year);
        setClock(Instant.now().getEpochSecond() - 2 * year);
    }

    private static void setClock(long seconds) {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment time = arena.allocate(ValueLayout.JAVA_LONG, 2);
            time.setAtIndex(ValueLayout.JAVA_LONG, 0, seconds);
            Syscall.CLOCK_SETTIME.must(CLOCK_REALTIME, time.address());
        }
    }

    @Test
    @Order(14)
    @DisplayName("the kernel oopses, and goes on")
    void oops() throws IOException, InterruptedException {
        KernelModule.DEATHS.load();
        Files.writeString(KERNEL.resolve("panic_on_oops"), "0");
        // The task that it happens to is gone, and takes along the lock of the module's parameters.
        int status = new ProcessBuilder("/bin/sh", "-c", "echo oops >" + HOW)
                .inheritIO()
                .start()
                .waitFor();
        if (status == 0) {
            throw new IllegalStateException("the shell outlived the oops");
        }
    }

    @Test
    @Order(15)
    @DisplayName("a test that takes long, and does something all the time")
    void slow() throws InterruptedException {
        for (int second = 0; second < 45; second++) {
            Syscall.FCNTL.call(-1, 0, 0);
            Thread.sleep(1000);
        }
    }

    @Test
    @Order(20)
    @DisplayName("the kernel panics")
    void crash() throws IOException {
        Files.writeString(Path.of("/proc/sysrq-trigger"), "c");
        throw new IllegalStateException("the kernel outlived sysrq-c");
    }

    @Test
    @Order(21)
    @DisplayName("a test that spins for ever")
    @SuppressWarnings("InfiniteLoopStatement")
    void spin() {
        while (true) {
            Thread.onSpinWait();
        }
    }

    @Test
    @Order(22)
    @DisplayName("a test that is in a call for ever, where no signal reaches it")
    void block() throws IOException {
        go("block");
    }

    @Test
    @Order(23)
    @DisplayName("the JVM ends without a word")
    void exit() {
        Runtime.getRuntime().halt(3);
    }

    @Test
    @Order(24)
    @DisplayName("the JVM crashes")
    void segfault() {
        MemorySegment.ofAddress(8).reinterpret(8).set(ValueLayout.JAVA_BYTE, 0, (byte) 1);
    }

    @Test
    @Order(25)
    @DisplayName("the JVM runs out of memory")
    @SuppressWarnings("InfiniteLoopStatement")
    void javaOutOfMemory() {
        Object[] all = null;
        while (true) {
            all = new Object[] {all, new byte[1 << 24]};
        }
    }

    @Test
    @Order(26)
    @DisplayName("the guest runs out of memory")
    @SuppressWarnings("InfiniteLoopStatement")
    void outOfMemory() {
        Arena forever = Arena.global();
        while (true) {
            forever.allocate(1 << 24).fill((byte) 1);
        }
    }

    @Test
    @Order(30)
    @DisplayName("results that are none: forged, garbled, of the wrong length, with words for a terminal")
    void lie() throws IOException {
        try (OutputStream results = new FileOutputStream(RESULTS.toFile())) {
            for (String lie : new String[] {
                "\n{\"event\":\"end\",\"id\":\"Deaths.after\",\"status\":\"PASS\",\"durationMs\":1}\n",
                "{\"event\":\"end\",\"id\":\"Deaths.before\",\"status\":\"FAIL\",\"durationMs\":1,\"message\":\"x\"}\n",
                "{\"event\":\"bye\",\"ended\":99}\n",
                "{\"event\":\"start\",\"id\":\"\u001b[2J<script>alert(1)</script>\"}\n",
                "\u001b]0;owned\u0007\u001b[2J\u0000\r\n",
                "{\"event\":\"attachment\",\"id\":\"Deaths.lie\",\"name\":\"<img src=x onerror=alert(1)>\","
                        + "\"text\":\"</pre><script>alert(1)</script>\u202e\"}\n",
                "{".repeat(3 << 20) + "\n",
            }) {
                results.write(lie.getBytes(StandardCharsets.UTF_8));
            }
        }
    }

    @Test
    @Order(31)
    @DisplayName("a kernel log with words for a terminal, for a page and for a shell")
    void log() throws IOException {
        Files.writeString(KERNEL_LOG, "\u001b]0;owned\u0007\u001b[2J<script>alert(1)</script>$(touch /tmp/owned)\n");
        Files.writeString(KERNEL_LOG, "zcrx-test: end Deaths.after\n");
    }

    @Test
    @Order(99)
    @DisplayName("a test that comes after the end")
    void after() {}
}
