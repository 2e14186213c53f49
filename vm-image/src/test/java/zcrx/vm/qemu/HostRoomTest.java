// SPDX-License-Identifier: MIT
package zcrx.vm.qemu;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class HostRoomTest {
    @ParameterizedTest
    @CsvSource({
        // One thread each, as TCG has it.
        "2, 24000, 1, 2048, 2",
        "8, 24000, 1, 2048, 8",
        "64, 24000, 1, 2048, 10",
        // One for each processor of a guest, as KVM has it.
        "8, 24000, 2, 2048, 4",
        // At least one, however little there is.
        "1, 1000, 2, 2048, 1",
    })
    void noneWaitsForAnother(int cpus, long memory, int threads, long guest, int expected) {
        assertThat(new HostRoom(cpus, memory).guests(threads, guest)).isEqualTo(expected);
    }

    @Test
    void thisHostHasSome() {
        HostRoom here = HostRoom.now();
        assertThat(here.cpus()).isPositive();
        assertThat(here.memoryMiB()).isBetween(1L, HostRoom.totalMiB());
    }
}
