// SPDX-License-Identifier: MIT
package zcrx.vm.qemu;

import com.sun.management.OperatingSystemMXBean;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import zcrx.vm.CannotTestException;

/**
 * What this host has left for guests.
 *
 * @param cpus that this process may use
 * @param memoryMiB that can be had without swapping
 */
public record HostRoom(int cpus, long memoryMiB) {
    /** Of QEMU itself, mostly translated code: 130 MiB have been seen. */
    private static final long OVERHEAD_MIB = 192;

    private static final Pattern AVAILABLE = Pattern.compile("MemAvailable: +([0-9]+) kB");

    /** Right now; within a container, what that may use. */
    public static HostRoom now() {
        try {
            Matcher available = AVAILABLE.matcher(Files.readString(Path.of("/proc/meminfo")));
            long free = available.find() ? Long.parseLong(available.group(1)) >> 10 : Long.MAX_VALUE;
            return new HostRoom(Runtime.getRuntime().availableProcessors(), Math.min(free, totalMiB()));
        } catch (IOException e) {
            throw CannotTestException.because(e, "cannot ask this host for its memory", "run one kernel at a time");
        }
    }

    /** All that there is; within a container, all that may be used. */
    static long totalMiB() {
        return ManagementFactory.getPlatformMXBean(OperatingSystemMXBean.class).getTotalMemorySize() >> 20;
    }

    /**
     * How many guests fit beside each other, so that none waits for a processor or for memory; at least one.
     *
     * @param threads that run the processors of each
     */
    public int guests(int threads, long guestMiB) {
        return (int) Math.max(1, Math.min(cpus / threads, memoryMiB / (guestMiB + OVERHEAD_MIB)));
    }
}
