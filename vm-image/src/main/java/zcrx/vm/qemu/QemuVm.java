// SPDX-License-Identifier: MIT
package zcrx.vm.qemu;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import zcrx.conformance.SuiteOptions;
import zcrx.conformance.results.ResultEvent.PlannedTest;
import zcrx.vm.BadRequestException;
import zcrx.vm.CannotTestException;
import zcrx.vm.Command;
import zcrx.vm.Ending;
import zcrx.vm.Limits;
import zcrx.vm.SuiteHost;
import zcrx.vm.kernel.Kernel;

/** A virtual machine that boots a kernel to run the suite in it. No disk, no network, nothing of the host's. */
public final class QemuVm implements SuiteHost {
    private static final String QEMU = "qemu-system-x86_64";

    /**
     * Results to the console's right, all of the log, no second life after a panic; and what makes a boot fast. Without
     * no_timer_check, which is what KVM has by itself, a guest on a host that is too busy panics for want of ticks.
     */
    private static final List<String> KERNEL_WORDS = List.of(
            "console=ttyS0",
            "ignore_loglevel",
            "printk.devkmsg=on",
            "panic=-1",
            "oops=panic",
            "no_timer_check",
            "cryptomgr.notests");

    /** COMMAND_LINE_SIZE of the kernel's arch/x86. */
    private static final int LONGEST_COMMAND_LINE = 2048;
    /** The kernel panics when there are more, see CONFIG_INIT_ENV_ARG_LIMIT. */
    private static final int MOST_WORDS = 30;

    private static final int MOST_CPUS = 255;

    private final Kernel kernel;
    private final Path initramfs;
    private final VmOptions options;
    private final Path cacheDir;
    private final String version;
    private Accelerators.@Nullable Choice choice;

    /**
     * Throws when the options are impossible on this host.
     *
     * @param initramfs of {@link zcrx.vm.image.GuestImage}
     * @param cacheDir where the answer to "does KVM work" is kept
     */
    public QemuVm(Kernel kernel, Path initramfs, VmOptions options, Path cacheDir) {
        this.kernel = kernel;
        this.initramfs = initramfs;
        this.options = options;
        this.cacheDir = cacheDir;
        Command.Result result = Command.run(List.of(QEMU, "--version"));
        if (!result.ok()) {
            throw new CannotTestException("no QEMU here: install qemu-system-x86");
        }
        Matcher number =
                Pattern.compile("version ([0-9.]+)").matcher(result.lines().getFirst());
        version = number.find() ? number.group(1) : result.lines().getFirst();
        checkOptions();
    }

    private void checkOptions() {
        try {
            long hostMiB = HostRoom.totalMiB();
            // Once as loaded, once unpacked; then the kernel, and a Java heap.
            long leastMiB = 2 * (Files.size(initramfs) >> 20) + 256;
            if (options.memoryMiB() > hostMiB) {
                throw new BadRequestException(
                        "--memory " + options.memoryMiB() + "M: this host has " + hostMiB + "M; give less");
            }
            if (options.memoryMiB() < leastMiB) {
                throw new BadRequestException(
                        "--memory " + options.memoryMiB() + "M: the guest needs at least " + leastMiB + "M");
            }
        } catch (IOException e) {
            throw CannotTestException.because(e, "cannot start a guest", "build again");
        }
        if (options.cpus() < 1 || options.cpus() > MOST_CPUS) {
            throw new BadRequestException("--cpus " + options.cpus() + ": give 1 to " + MOST_CPUS);
        }
    }

    /** QEMU's version, such as {@code 7.2.22}. */
    public String qemuVersion() {
        return version;
    }

    /** What runs the guest and why, such as {@code tcg (kvm: a guest does not come up within 20 s, remembered)}. */
    public String accelerator() {
        return choice().words();
    }

    /** Whether guests run at the speed of the host. */
    public boolean isAccelerated() {
        return choice().kvm();
    }

    private Accelerators.Choice choice() {
        if (choice == null) {
            choice = switch (options.accel()) {
                case KVM -> new Accelerators.Choice(true, "kvm");
                case TCG -> new Accelerators.Choice(false, "tcg");
                case AUTO ->
                    new Accelerators(Path.of("/dev/kvm"), cacheDir, Clock.systemUTC())
                            .choose(
                                    version,
                                    kernel.sha256(),
                                    (observer, deadline) -> new QemuProcess(
                                                    command(true, commandLine(options.append(), List.of())), observer)
                                            .run(Limits.whole(deadline)));
            };
        }
        return choice;
    }

    @Override
    public Ending run(SuiteOptions suite, Limits limits, Observer observer) {
        return new QemuProcess(command(choice().kvm(), commandLine(options.append(), suite)), observer).run(limits);
    }

    /** Boots it for something else than the suite, as {@link SuiteHost#run} does. */
    public Ending run(Duration timeout, Observer observer) {
        return new QemuProcess(command(choice().kvm(), commandLine(options.append(), List.of())), observer)
                .run(Limits.whole(timeout));
    }

    private List<String> command(boolean kvm, String commandLine) {
        var words = new ArrayList<>(List.of(QEMU, "-nodefaults", "-no-user-config", "-display", "none", "-no-reboot"));
        // One thread for all virtual CPUs: with several, QEMU 7.2 has been seen to run a CPU into the int3 of a patch
        // of the kernel's text that another CPU had just finished, and the guest died of an oops that is QEMU's own.
        words.addAll(kvm ? List.of("-accel", "kvm", "-cpu", "host") : List.of("-accel", "tcg,thread=single"));
        words.addAll(List.of("-m", options.memoryMiB() + "M", "-smp", Integer.toString(options.cpus())));
        words.addAll(List.of("-kernel", kernel.image().toString(), "-initrd", initramfs.toString()));
        words.addAll(List.of("-append", commandLine));
        return words;
    }

    /** For a suite. Should the guest die, its rest must fit as well: then it would be too late to refuse it. */
    static String commandLine(String append, SuiteOptions suite) {
        commandLine(append, suite.restAfter("x".repeat(PlannedTest.LONGEST_ID)).words());
        return commandLine(append, suite.words());
    }

    /** The kernel's own words, the user's, and behind {@code --} those that init hands to the suite. */
    private static String commandLine(String append, List<String> suiteWords) {
        if (List.of(append.split("\\s+")).contains("--")) {
            throw new BadRequestException("--append " + append + ": the words behind -- are the suite's; leave it out");
        }
        for (String word : suiteWords) {
            if (!word.matches("[!#-~]+")) {
                throw new BadRequestException("'" + word
                        + "' cannot be passed on a kernel command line: no spaces, quotes or characters beyond ASCII");
            }
        }
        var words = new ArrayList<>(KERNEL_WORDS);
        if (!append.isBlank()) {
            words.add(append.strip());
        }
        words.add("--");
        words.addAll(suiteWords);
        String line = String.join(" ", words);
        if (line.length() >= LONGEST_COMMAND_LINE || suiteWords.size() > MOST_WORDS) {
            int others = suiteWords.size() - 2 * Collections.frequency(suiteWords, "--tests");
            throw new BadRequestException(
                    "too many --append words or --tests patterns for a kernel command line: here at most "
                            + (MOST_WORDS - others) / 2 + " patterns, and " + (LONGEST_COMMAND_LINE - 1)
                            + " characters with the kernel's own words; give fewer");
        }
        return line;
    }
}
