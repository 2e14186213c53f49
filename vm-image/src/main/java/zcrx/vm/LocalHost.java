// SPDX-License-Identifier: MIT
package zcrx.vm;

import java.io.FileInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.UUID;
import java.util.function.Consumer;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import zcrx.conformance.Suite;
import zcrx.conformance.SuiteOptions;
import zcrx.fixtures.path.KernelModule;
import zcrx.fixtures.path.NetConfig;
import zcrx.fixtures.path.Nic;
import zcrx.fixtures.path.PathKind;
import zcrx.fixtures.path.Site;
import zcrx.fixtures.sys.SyscallException;
import zcrx.fixtures.sys.UnavailableException;

/** The kernel that is running here. The suite gets a process of its own, so that what kills it doesn't kill the report. */
public final class LocalHost implements SuiteHost {
    private static final Path KERNEL_LOG = Path.of("/dev/kmsg");
    /** Says whether the kernel drops lines of programs that write many. */
    private static final Path RATE_LIMIT = Path.of("/proc/sys/kernel/printk_devkmsg");
    /** Longer than any record of the kernel log; a read with less room fails. */
    private static final int LONGEST_RECORD = 1 << 14;

    private static final Pattern RECORD = Pattern.compile("\\d+,\\d+,(\\d+),[^;]*;(.*)", Pattern.DOTALL);

    private final Consumer<String> trouble;

    /**
     * Throws when the user may not do what the suite does.
     *
     * @param trouble told when something of this machine could not be put back
     */
    public LocalHost(Consumer<String> trouble) {
        this.trouble = trouble;
        if (!HostTools.isRoot()) {
            throw new BadRequestException(
                    "the suite needs root to run on this kernel: use sudo, or ./zcrx vm, which runs as any user");
        }
    }

    @Override
    public Ending run(SuiteOptions options, Limits limits, Observer observer) {
        String mark = "zcrx-run: " + UUID.randomUUID() + " ";
        List<Site> sites = toTakeDown(options);
        try {
            String rateLimit = Files.readString(RATE_LIMIT).strip();
            Files.writeString(RATE_LIMIT, "on\n");
            try {
                // Records are as old as the machine: ours are those between two of our own.
                Files.writeString(KERNEL_LOG, mark + "begins\n");
                Thread log = Thread.ofPlatform()
                        .name("kernel log")
                        .start(() -> readKernelLog(mark + "begins", mark + "ends", observer::kernelLog));
                try {
                    return runSuite(options, limits, observer);
                } finally {
                    sites.forEach(this::takeDown);
                    Files.writeString(KERNEL_LOG, mark + "ends\n");
                    ChildProcess.uninterrupted(log::join);
                }
            } finally {
                Files.writeString(RATE_LIMIT, rateLimit + "\n");
            }
        } catch (IOException e) {
            throw CannotTestException.because(e, "cannot run the suite here", "it needs the kernel log and a JVM");
        }
    }

    /**
     * What a suite that was killed leaves: the settings of a NIC, also those that an earlier run has left; and of what
     * can be made, what is not there now.
     */
    private static List<Site> toTakeDown(SuiteOptions options) {
        var sites = new ArrayList<Site>();
        if (options.paths().contains(PathKind.NIC)) {
            sites.add(PathKind.NIC.site());
            // It may pose as the NIC.
            sites.add(PathKind.SIMNIC.site());
        }
        options.paths().stream()
                .filter(kind -> kind != PathKind.NIC)
                .map(PathKind::site)
                .forEach(sites::add);
        sites.removeIf(site -> !(site instanceof Nic) && site.isUp());
        return sites;
    }

    private void takeDown(Site site) {
        try {
            site.down();
        } catch (UnavailableException | IllegalStateException | SyscallException e) {
            trouble.accept(String.valueOf(e.getMessage()));
        }
    }

    private static Ending runSuite(SuiteOptions options, Limits limits, Observer observer) throws IOException {
        var command = new ArrayList<>(List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "--enable-native-access=ALL-UNNAMED",
                "-XX:+ExitOnOutOfMemoryError"));
        for (String property : List.of(NetConfig.FILE_PROPERTY, KernelModule.SIMNIC.property())) {
            String value = System.getProperty(property);
            if (value != null) {
                command.add("-D" + property + "=" + value);
            }
        }
        command.addAll(List.of("-cp", System.getProperty("java.class.path"), Suite.class.getName(), "--results", "-"));
        command.addAll(options.words());
        var silence = new Silence(limits.silence());
        ChildProcess.Outcome outcome = ChildProcess.run(
                command,
                limits.whole(),
                silence,
                ChildProcess.resultLines(),
                line -> {
                    silence.end();
                    observer.result(line);
                },
                line -> {
                    observer.kernelLog(line);
                    return false;
                });
        if (outcome.cut() != null) {
            return limits.ending(outcome.cut());
        }
        // What init does in a guest.
        observer.result("{\"event\":\"exit\",\"status\":" + outcome.status() + "}");
        return outcome.signal().isEmpty()
                ? new Ending(Ending.Kind.STOPPED, "")
                : new Ending(Ending.Kind.KILLED, "the suite was killed by " + outcome.signal());
    }

    /** Gives the lines between two others, as a console shows them. */
    private static void readKernelLog(String from, String to, Consumer<String> lines) {
        boolean ours = false;
        byte[] buffer = new byte[LONGEST_RECORD];
        try (InputStream log = new FileInputStream(KERNEL_LOG.toFile())) {
            while (true) {
                String record;
                try {
                    // Each read is one record, and waits for it.
                    record = new String(buffer, 0, Math.max(0, log.read(buffer)), StandardCharsets.UTF_8);
                } catch (IOException _) {
                    // The kernel has overwritten what was next; the following read goes on behind that.
                    continue;
                }
                if (record.contains(to)) {
                    return;
                }
                if (ours) {
                    consoleLines(record).forEach(lines);
                }
                ours = ours || record.contains(from);
            }
        } catch (IOException e) {
            lines.accept("[zcrx: no kernel log: " + e.getMessage() + "]");
        }
    }

    /** A record of /dev/kmsg, see the kernel's Documentation/ABI/testing/dev-kmsg, as lines of a console. */
    static List<String> consoleLines(String record) {
        Matcher m = RECORD.matcher(record);
        if (!m.matches()) {
            return List.of();
        }
        long micros = Long.parseLong(m.group(1));
        String time = String.format(Locale.ROOT, "[%5d.%06d] ", micros / 1_000_000, micros % 1_000_000);
        // Lines that begin with a space are the record's dictionary; a line break within the text is escaped.
        String text = m.group(2).lines().findFirst().orElse("");
        return List.of(text.split("\\\\x0a", -1)).stream().map(l -> time + l).toList();
    }
}
