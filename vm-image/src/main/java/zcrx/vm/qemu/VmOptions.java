// SPDX-License-Identifier: MIT
package zcrx.vm.qemu;

import java.util.Locale;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import zcrx.vm.BadRequestException;

/**
 * How to boot.
 *
 * @param append more words for the kernel's command line; empty for none
 * @param accel what the guest's instructions are run by
 * @param memoryMiB the guest's memory
 * @param cpus the guest's processors
 */
public record VmOptions(String append, Accel accel, long memoryMiB, int cpus) {
    private static final Pattern MEMORY = Pattern.compile("([0-9]{1,9})([KMGT]?)(i?B)?", Pattern.CASE_INSENSITIVE);

    /** What the guest's instructions are run by. */
    public enum Accel {
        /** KVM if it works here, which is found out by trying. */
        AUTO,
        KVM,
        TCG
    }

    /**
     * Reads an amount of memory as QEMU does: {@code 2G}, {@code 512M}; a bare number is in MiB.
     *
     * @return MiB
     */
    public static long parseMemory(String text) {
        Matcher m = MEMORY.matcher(text.strip());
        if (!m.matches()) {
            throw new BadRequestException(
                    "--memory " + text + ": not an amount of memory; give one such as 2G or 512M");
        }
        long number = Long.parseLong(m.group(1));
        return switch (m.group(2).toUpperCase(Locale.ROOT)) {
            case "K" -> number >> 10;
            case "G" -> number << 10;
            case "T" -> number << 20;
            default -> number;
        };
    }
}
