// SPDX-License-Identifier: MIT
package zcrx.vm.qemu;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import zcrx.vm.Ending;
import zcrx.vm.Ending.Kind;
import zcrx.vm.qemu.Accelerators.Choice;

class AcceleratorsTest {
    @TempDir
    private Path dir;

    private Path kvm;
    private final AtomicInteger trials = new AtomicInteger();

    @BeforeEach
    void create() throws IOException {
        // Opens, as the one that is of no use does.
        kvm = Files.createFile(dir.resolve("kvm"));
    }

    private Choice choose(Clock clock, String kernel, Ending ending, String console) {
        return new Accelerators(kvm, dir, clock).choose("7.2.22", kernel, (observer, deadline) -> {
            trials.incrementAndGet();
            observer.kernelLog(console);
            // As the real one does, it takes an interruption.
            return Thread.interrupted() ? new Ending(Kind.INTERRUPTED, "") : ending;
        });
    }

    private Choice dies(Clock clock, String kernel) {
        return choose(
                clock, kernel, new Ending(Kind.KILLED, "KVM internal error. Suberror: 1"), "[    0.000000] Linux");
    }

    @Test
    void takesKvmWhenAGuestComesToLife() {
        Ending unused = new Ending(Kind.TIMEOUT, "");
        String alive = "[    1.234567] Run /init as init process";
        assertThat(choose(Clock.systemUTC(), "k", unused, alive)).isEqualTo(new Choice(true, "kvm"));
        assertThat(choose(Clock.systemUTC(), "k", unused, alive)).isEqualTo(new Choice(true, "kvm"));
        assertThat(trials).hasValue(1);
        assertThat(Thread.interrupted()).isFalse();
    }

    @Test
    void remembersWhatDoesNotWork() {
        assertThat(dies(Clock.systemUTC(), "k"))
                .isEqualTo(new Choice(false, "tcg (kvm: KVM internal error. Suberror: 1)"));
        assertThat(dies(Clock.systemUTC(), "k"))
                .isEqualTo(new Choice(false, "tcg (kvm: KVM internal error. Suberror: 1, remembered)"));
        assertThat(trials).hasValue(1);
    }

    @Test
    void asksForEachKernelAndFromTimeToTime() {
        dies(Clock.systemUTC(), "one");
        dies(Clock.systemUTC(), "other");
        assertThat(trials).hasValue(2);
        dies(Clock.offset(Clock.systemUTC(), Duration.ofDays(8)), "one");
        assertThat(trials).hasValue(3);
    }

    @Test
    void aHangIsNoLife() {
        assertThat(choose(Clock.systemUTC(), "k", new Ending(Kind.TIMEOUT, "no end within 20 s"), ""))
                .isEqualTo(new Choice(false, "tcg (kvm: a guest does not come up within 20 s)"));
    }

    @Test
    void needsTheDevice() throws IOException {
        Files.delete(kvm);
        assertThat(dies(Clock.systemUTC(), "k")).isEqualTo(new Choice(false, "tcg (no " + kvm + ")"));
        assertThat(trials).hasValue(0);
    }
}
