// SPDX-License-Identifier: MIT
package zcrx.vm.qemu;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.time.Clock;
import java.time.Duration;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.stream.Collectors;
import org.apache.commons.codec.digest.DigestUtils;
import zcrx.vm.CannotTestException;
import zcrx.vm.Ending;
import zcrx.vm.SuiteHost.Observer;

/**
 * Whether KVM works, found out by trying: a device node that opens proves nothing. The answer is remembered for this
 * host, this QEMU and this kernel, but not for ever.
 */
final class Accelerators {
    private static final Duration MEMORY = Duration.ofDays(7);
    /** A boot with KVM takes two; more leaves room for a busy host. */
    private static final Duration DEADLINE = Duration.ofSeconds(20);

    private static final String SIGN_OF_LIFE = "Run /init as init process";

    private final Path kvm;
    private final Path cacheDir;
    private final Clock clock;

    /**
     * @param kvm its device node
     * @param cacheDir where answers are kept
     */
    Accelerators(Path kvm, Path cacheDir, Clock clock) {
        this.kvm = kvm;
        this.cacheDir = cacheDir;
        this.clock = clock;
    }

    /**
     * What to use, and why.
     *
     * @param kvm or else TCG
     * @param words for people, such as {@code tcg (kvm: KVM internal error. Suberror: 1, remembered)}
     */
    record Choice(boolean kvm, String words) {}

    /** Starts a guest under KVM and returns how it ended. */
    @FunctionalInterface
    interface Trial {
        Ending boot(Observer observer, Duration deadline);
    }

    Choice choose(String qemuVersion, String kernelSha256, Trial trial) {
        if (!Files.exists(kvm)) {
            return new Choice(false, "tcg (no " + kvm + ")");
        }
        if (!Files.isReadable(kvm) || !Files.isWritable(kvm)) {
            return new Choice(false, "tcg (no permission for " + kvm + "; sudo adduser $USER kvm)");
        }
        Path memory = cacheDir.resolve("accel").resolve(DigestUtils.sha256Hex(host() + qemuVersion + kernelSha256));
        try {
            if (Files.exists(memory)
                    && Files.getLastModifiedTime(memory)
                            .toInstant()
                            .plus(MEMORY)
                            .isAfter(clock.instant())) {
                return choice(Files.readString(memory), ", remembered");
            }
            String problem = problemWithKvm(trial);
            Files.createDirectories(memory.getParent());
            Path part = Files.createTempFile(memory.getParent(), "trial", ".part");
            Files.writeString(part, problem);
            Files.move(part, memory, StandardCopyOption.ATOMIC_MOVE);
            return choice(problem, "");
        } catch (IOException e) {
            throw CannotTestException.because(e, "cannot remember what works", "the cache is below XDG_CACHE_HOME");
        }
    }

    private static Choice choice(String problem, String suffix) {
        return problem.isEmpty() ? new Choice(true, "kvm") : new Choice(false, "tcg (kvm: " + problem + suffix + ")");
    }

    /** Empty if a guest comes to life. */
    private static String problemWithKvm(Trial trial) {
        var alive = new AtomicBoolean();
        Thread here = Thread.currentThread();
        Ending ending = trial.boot(
                new Observer() {
                    @Override
                    public void result(String line) {
                        // The trial is over before there are any.
                    }

                    @Override
                    public void kernelLog(String line) {
                        if (line.contains(SIGN_OF_LIFE) && alive.compareAndSet(false, true)) {
                            here.interrupt();
                        }
                    }
                },
                DEADLINE);
        if (alive.get()) {
            return "";
        }
        if (ending.kind() == Ending.Kind.INTERRUPTED) {
            throw new CannotTestException("interrupted while trying KVM");
        }
        return ending.kind() == Ending.Kind.TIMEOUT
                ? "a guest does not come up within " + DEADLINE.toSeconds() + " s"
                : ending.detail().isEmpty() ? "the guest stops at boot" : ending.detail();
    }

    /** What makes another host, or the same after a repair. */
    private static String host() {
        String processor = read("/proc/cpuinfo")
                .lines()
                .filter(l -> l.startsWith("model name") || l.startsWith("flags"))
                .distinct()
                .collect(Collectors.joining());
        return read("/etc/machine-id") + read("/proc/sys/kernel/osrelease") + processor;
    }

    private static String read(String file) {
        try {
            return Files.readString(Path.of(file));
        } catch (IOException e) {
            return "";
        }
    }
}
