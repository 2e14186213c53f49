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
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.function.Function;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import zcrx.vm.CannotTestException;
import zcrx.vm.Command;
import zcrx.vm.Ending;
import zcrx.vm.HostTools;
import zcrx.vm.SuiteHost;
import zcrx.vm.image.ProgramImage;
import zcrx.vm.qemu.QemuVm;

/** Compiles C programs, and runs them one after the other in one guest. */
public final class ProgramGuest {
    private static final Pattern RESULT = Pattern.compile("(\\S+) (\\S+) ([0-9]{1,3}) ?(.*)");

    /** The shell's status for a program that was killed because its time was up. */
    private static final int KILLED = 137;

    private ProgramGuest() {}

    /**
     * A program to run.
     *
     * @param name of the program
     * @param fault value for the kernel's parameter zcrx_fault; empty to leave it alone
     */
    public record Job(String name, Optional<Integer> fault) {
        private String word() {
            return fault.map(number -> Integer.toString(number)).orElse("-");
        }
    }

    /**
     * How a program ended.
     *
     * @param status its exit status
     * @param said its last line
     */
    public record Result(int status, String said) {
        public boolean killed() {
            return status == KILLED;
        }
    }

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
     * Runs jobs in order, for as long as the guest lives; those that it doesn't get to have no result.
     *
     * @param binaries of the jobs, by name
     * @param vm makes a machine for an initramfs
     */
    public static Map<Job, Result> run(
            List<Job> jobs, Map<String, Path> binaries, Duration timeout, Function<Path, QemuVm> vm) {
        Map<Job, Result> results = new HashMap<>();
        try {
            Path image = Files.createTempFile("zcrx-", "-programs.cpio");
            image.toFile().deleteOnExit();
            try {
                String list =
                        jobs.stream().map(j -> j.name() + " " + j.word() + "\n").collect(Collectors.joining());
                ProgramImage.write(image, resource(), list, binaries, HostTools.busybox());
                Ending ending = vm.apply(image).run(timeout, new SuiteHost.Observer() {
                    @Override
                    public void result(String line) {
                        Matcher m = RESULT.matcher(line);
                        if (m.matches()) {
                            jobs.stream()
                                    .filter(j -> j.name().equals(m.group(1))
                                            && j.word().equals(m.group(2)))
                                    .findFirst()
                                    .ifPresent(job ->
                                            results.put(job, new Result(Integer.parseInt(m.group(3)), m.group(4))));
                        }
                    }

                    @Override
                    public void kernelLog(String line) {}
                });
                if (ending.kind() == Ending.Kind.NOT_STARTED) {
                    throw new CannotTestException(ending.detail());
                }
            } finally {
                Files.delete(image);
            }
        } catch (IOException e) {
            throw CannotTestException.because(e, "cannot make a guest for C programs", "make room, or set TMPDIR");
        }
        return results;
    }

    private static String resource() throws IOException {
        try (InputStream in = ProgramGuest.class.getResourceAsStream("init")) {
            return new String(Objects.requireNonNull(in, "init").readAllBytes(), StandardCharsets.UTF_8);
        }
    }
}
