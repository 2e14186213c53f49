// SPDX-License-Identifier: MIT
package zcrx.vm.program;

import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.SequencedMap;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Function;
import java.util.function.Supplier;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import zcrx.vm.CannotTestException;
import zcrx.vm.Command;
import zcrx.vm.Ending;
import zcrx.vm.HostTools;
import zcrx.vm.SuiteHost;
import zcrx.vm.image.GuestExtras;
import zcrx.vm.image.GuestImage;
import zcrx.vm.image.ProgramImage;
import zcrx.vm.kernel.GuestModule;
import zcrx.vm.qemu.QemuVm;

/** Compiles C programs, and runs them one after the other in one guest. */
public final class ProgramGuest {
    private static final Pattern RESULT = Pattern.compile("(\\S+) ([0-9]{1,3}) ?(.*)");

    /** How programs of ours end. */
    private static final int PASSES = 0;

    private static final int SHOWS = 1;
    private static final int SKIPS = 4;
    /** The shell's status for a program that was killed because its time was up. */
    private static final int KILLED = 137;

    private ProgramGuest() {}

    /**
     * How a program ended.
     *
     * @param status its exit status
     * @param said its last line
     */
    public record Result(int status, String said) {
        /** It did all of what its test does, and the kernel behaved. */
        public boolean passes() {
            return status == PASSES;
        }

        /** It failed as its test did. */
        public boolean shows() {
            return status == SHOWS;
        }

        /** It found that the kernel lacks what it needs. */
        public boolean skips() {
            return status == SKIPS;
        }

        public boolean killed() {
            return status == KILLED;
        }
    }

    /**
     * What came of programs that ran in one guest.
     *
     * @param results by name; none of those that the guest did not get to
     * @param end how the guest ended, with the last line of its console
     */
    public record Session(Map<String, Result> results, String end) {}

    /**
     * Where to run programs.
     *
     * @param vm makes a machine for an initramfs
     * @param simnic the module for its kernel, for programs that receive on a device
     */
    public record Machine(Function<Path, QemuVm> vm, Supplier<GuestModule> simnic) {}

    /** Compiles without a warning, or throws with the first one. */
    public static Path compile(Path source, Path binary) {
        Command.Result result = Command.run(List.of(
                "gcc", "-static", "-Wall", "-Wextra", "-Werror", "-O2", "-o", binary.toString(), source.toString()));
        if (!result.ok()) {
            String why = result.lines().stream()
                    .filter(l -> l.contains("error"))
                    .findFirst()
                    .orElse(result.complaint("gcc: "));
            throw new CannotTestException("cannot compile " + source + ": " + why);
        }
        return binary;
    }

    /**
     * Runs programs in order, for as long as the guest lives.
     *
     * @param binaries by name
     * @param nic whether they receive on a device: then they get a simulated one
     */
    public static Session run(SequencedMap<String, Path> binaries, boolean nic, Duration timeout, Machine machine) {
        Map<String, Result> results = new HashMap<>();
        var last = new AtomicReference<>("");
        try {
            Path image = nic
                    ? new GuestExtras()
                            .module(machine.simnic.get())
                            .programs(resource(), binaries)
                            .with(GuestImage.built())
                    : image(binaries);
            try {
                Ending ending = machine.vm.apply(image).run(timeout, new SuiteHost.Observer() {
                    @Override
                    public void result(String line) {
                        Matcher m = RESULT.matcher(line);
                        if (m.matches() && binaries.containsKey(m.group(1))) {
                            results.put(m.group(1), new Result(Integer.parseInt(m.group(2)), m.group(3)));
                        }
                    }

                    @Override
                    public void kernelLog(String line) {
                        last.set(line.isBlank() ? last.get() : line.strip());
                    }
                });
                if (ending.kind() == Ending.Kind.NOT_STARTED) {
                    throw new CannotTestException(ending.detail());
                }
                if (ending.kind() == Ending.Kind.INTERRUPTED) {
                    // Whoever was told to stop starts no other guest.
                    throw new CannotTestException("stopped by the user");
                }
                String how = ending.kind().name().toLowerCase(Locale.ROOT)
                        + (ending.detail().isEmpty() ? "" : ", " + ending.detail());
                return new Session(results, how + ", its last line was '" + last.get() + "'");
            } finally {
                Files.delete(image);
            }
        } catch (IOException e) {
            throw CannotTestException.because(e, "cannot make a guest for C programs", "make room, or set TMPDIR");
        }
    }

    private static Path image(SequencedMap<String, Path> binaries) throws IOException {
        Path image = Files.createTempFile("zcrx-", "-programs.cpio");
        image.toFile().deleteOnExit();
        ProgramImage.write(image, resource(), binaries, HostTools.busybox());
        return image;
    }

    private static String resource() throws IOException {
        try (InputStream in = ProgramGuest.class.getResourceAsStream("init")) {
            return new String(Objects.requireNonNull(in, "init").readAllBytes(), StandardCharsets.UTF_8);
        }
    }
}
