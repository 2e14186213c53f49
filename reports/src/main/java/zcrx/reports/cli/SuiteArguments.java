// SPDX-License-Identifier: MIT
package zcrx.reports.cli;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ThreadLocalRandom;
import java.util.logging.Level;
import java.util.logging.Logger;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import zcrx.conformance.Shard;
import zcrx.conformance.Suite;
import zcrx.conformance.SuiteOptions;
import zcrx.conformance.SuiteOptions.Profile;
import zcrx.fixtures.abi.Dialect;
import zcrx.fixtures.path.PathKind;
import zcrx.fixtures.sys.Await;
import zcrx.reports.MatrixDirectory;
import zcrx.reports.run.Expectation;
import zcrx.reports.run.Repetition;
import zcrx.vm.BadRequestException;
import zcrx.vm.CannotTestException;
import zcrx.vm.Limits;

/** The options that say what to run, wherever it runs. */
final class SuiteArguments {
    private static final Logger QUIET = Logger.getLogger("net.jqwik");

    /** What {@code run_kselftest.sh --override-timeout} sets. */
    private static final String OVERRIDE = "kselftest_override_timeout";

    private static final Duration TIMEOUT = Duration.ofMinutes(10);

    /** Longer than all waits of a test that has no luck. */
    private static final Duration TEST_TIMEOUT = Await.PATIENCE.multipliedBy(4);

    /** Of signs of life there is one a second. */
    private static final Duration LEAST_TEST_TIMEOUT = Duration.ofSeconds(10);

    private static final Pattern TIME = Pattern.compile("([1-9][0-9]{0,5})([smh]?)");

    @Option(
            names = "--profile",
            paramLabel = "gate|full",
            defaultValue = "gate",
            description = "How much: what gates a patch in seconds, or everything. Default: ${DEFAULT-VALUE}")
    private String profile = "";

    @Option(
            names = "--tests",
            paramLabel = "PATTERN",
            description = "Only tests whose id or requirement matches, such as Arm.* or ARM-003. Repeatable.")
    private List<String> tests = new ArrayList<>();

    @Option(
            names = "--seed",
            paramLabel = "N",
            description = "Seed of every random choice. Default: a new one, which is printed and recorded")
    private @Nullable Long seed;

    @Option(
            names = "--shard",
            paramLabel = "I/N",
            description = {
                "Only the I-th of N parts of these tests; all parts together are all of them.",
                "The reports are joined by ./zcrx report --merge."
            })
    private @Nullable String shard;

    @Option(
            names = "--shuffle",
            paramLabel = "SEED",
            description = "Run the examples of each data path in an order made from this number.")
    private @Nullable Long shuffle;

    @Option(
            names = "--repeat",
            paramLabel = "N",
            description = {
                "Run it N times, one after the other, and say which tests came out differently. Each run has its own",
                "directory in --out, and --timeout for itself. With --seed each has that seed, without it each a new one."
            })
    private @Nullable Integer repeat;

    @Option(
            names = "--until-fail",
            description = {
                "Repeat it until a run does not pass: N times at most with --repeat N, else until it is stopped, which",
                "ends it with 125."
            })
    private boolean untilFail;

    @Option(
            names = "--data-path",
            paramLabel = "nodev|netdevsim|simnic|nic",
            split = ",",
            description = {
                "Where data is received: without a device, over loopback or netdevsim; or on a queue of a simulated NIC",
                "or of a real one. Several, separated by commas. Default: nodev, and in a virtual machine simnic, too"
            })
    private List<String> dataPaths = new ArrayList<>();

    @Mixin
    private NicArguments nic = new NicArguments();

    @Option(
            names = "--dialect",
            paramLabel = "event|notif|seed",
            description = {
                "What the kernel speaks, where it has no BTF to say so: the names of 7.2 on, those of its release candidates,",
                "or the first posting's bitmasks; seed holds any kernel against that document. Default: event"
            })
    private @Nullable String dialect;

    @Option(
            names = "--timeout",
            paramLabel = "TIME",
            description = {
                "For the whole run, such as 90s, 10m or 1h. Default: kselftest_override_timeout of the environment, else 10m,",
                "or 40m where that has KSFT_MACHINE_SLOW=yes."
            })
    private @Nullable String timeout;

    @Option(
            names = "--test-timeout",
            paramLabel = "TIME",
            description = {
                "For a test that makes no system call, and for all else between two results: it failed then, and the rest",
                "runs in a fresh guest. At least 10s. Default: 2m, or 8m where the environment has KSFT_MACHINE_SLOW=yes"
            })
    private @Nullable String testTimeout;

    @Option(
            names = "--out",
            paramLabel = "DIR",
            description = "A new or empty directory for the results. Default: reports/out/<time>-<kernel>")
    private @Nullable Path out;

    @Option(
            names = "--strict",
            description =
                    "Failures that this kernel is known to have, see conformance/known-bugs.yaml, count as any other.")
    private boolean strict;

    @Option(
            names = "--ignore-splat",
            paramLabel = "FILE",
            description = {
                "Kernel reports that are known and fail nothing: a fingerprint a line, as a failure shows it, # begins a",
                "comment. Repeatable. A report that ends the guest is never ignored."
            })
    private List<Path> ignoredSplats = new ArrayList<>();

    @Option(
            names = "--expect",
            paramLabel = "FILE",
            description = {
                "Failures that are expected (XFAIL) until a day: a YAML list of entries with test or rule, reason, and",
                "expires, such as 2027-03-31. What passes all the same is reported. See docs/ci.md."
            })
    private @Nullable Path expected;

    @Option(
            names = "--baseline",
            paramLabel = "DIR",
            description = {
                "The directory of an earlier run: ends with 1 only when something fails that did not fail in it.",
                "Of several kernels each is compared with its own, see compare --help."
            })
    private @Nullable Path baseline;

    /** Throws {@link BadRequestException} when a file of the user's is not as it should be. */
    void checkFiles() {
        var _ = ignoredSplats();
        var _ = expected();
        baseline().ifPresent(MatrixDirectory::check);
    }

    /** The directory of the run to compare with, if there is one. */
    Optional<Path> baseline() {
        return Optional.ofNullable(baseline);
    }

    /** The failures that the user's file expects. */
    List<Expectation> expected() {
        if (expected == null) {
            return List.of();
        }
        try {
            return Expectation.read(
                    expected, Suite.plan(new SuiteOptions(Profile.FULL, 0, List.of(), List.of(PathKind.values()))));
        } catch (IOException e) {
            throw new BadRequestException(
                    "--expect " + expected + ": " + CannotTestException.reason(e) + "; give a YAML file");
        }
    }

    /** The fingerprints that the user's files hold. */
    List<String> ignoredSplats() {
        var fingerprints = new ArrayList<String>();
        for (Path file : ignoredSplats) {
            try {
                for (String line : Files.readAllLines(file)) {
                    String fingerprint = line.replaceFirst("(^|\\s)#.*", "").strip();
                    if (fingerprint.matches(".*\\s.*")) {
                        throw new BadRequestException("--ignore-splat " + file + ": '" + fingerprint
                                + "' is no fingerprint, which is one word such as warning:io_zcrx_recv<io_recvzc");
                    }
                    if (!fingerprint.isEmpty()) {
                        fingerprints.add(fingerprint);
                    }
                }
            } catch (IOException e) {
                throw new BadRequestException("--ignore-splat " + file + ": " + CannotTestException.reason(e)
                        + "; give a text file with a fingerprint a line");
            }
        }
        return fingerprints;
    }

    NicArguments nic() {
        return nic;
    }

    boolean strict() {
        return strict;
    }

    /**
     * Throws {@link BadRequestException} for what cannot be run.
     *
     * @param defaultPaths data paths, when the user names none
     */
    SuiteOptions options(List<PathKind> defaultPaths) {
        Profile what = Arrays.stream(Profile.values())
                .filter(p -> p.word().equals(profile))
                .findFirst()
                .orElseThrow(() -> new BadRequestException("--profile " + profile + ": unknown; give gate or full"));
        List<PathKind> paths = dataPaths.stream()
                .map(word -> PathKind.of(word)
                        .orElseThrow(() -> new BadRequestException("--data-path " + word + ": unknown; give "
                                + Arrays.stream(PathKind.values())
                                        .map(PathKind::word)
                                        .collect(Collectors.joining(" or ")))))
                .distinct()
                .toList();
        if (paths.isEmpty()) {
            paths = defaultPaths;
        }
        long chosen = seed == null ? ThreadLocalRandom.current().nextLong(1, Repetition.SEEDS) : seed;
        // It tells about its database on standard error, whenever it is asked for its tests.
        QUIET.setLevel(Level.WARNING);
        for (String pattern : tests) {
            if (matchesNothing(new SuiteOptions(what, chosen, List.of(pattern), paths))) {
                throw new BadRequestException("--tests " + pattern
                        + ": matches no test; give an id such as Arm.notFired or a rule such as ARM-003, with * for any"
                        + " text");
            }
        }
        var options = new SuiteOptions(what, chosen, tests, paths, shard(), shuffle, dialect(), "");
        if (Suite.plan(options).isEmpty()) {
            throw new BadRequestException(
                    "--shard " + shard + ": is empty, as there are fewer tests than shards; give a smaller N");
        }
        return options;
    }

    /** How often it is to be run. */
    Repetition repetition() {
        if (repeat != null && repeat < 1) {
            throw new BadRequestException("--repeat " + repeat + ": give 1 or more");
        }
        return repeat == null && !untilFail ? Repetition.ONCE : new Repetition(repeat, untilFail, seed != null);
    }

    private Shard shard() {
        try {
            return shard == null ? Shard.WHOLE : Shard.parse(shard);
        } catch (IllegalArgumentException e) {
            throw new BadRequestException("--shard " + e.getMessage());
        }
    }

    private @Nullable Dialect dialect() {
        return dialect == null
                ? null
                : Dialect.of(dialect)
                        .orElseThrow(() -> new BadRequestException("--dialect " + dialect + ": unknown; give "
                                + Dialect.choices().stream().map(Dialect::word).collect(Collectors.joining(" or "))));
    }

    /** Words of a command line that say what the kernel is taken for, as far as the user said it. */
    List<String> kernelWords() {
        var words = new ArrayList<String>();
        if (dialect != null) {
            words.addAll(List.of("--dialect", dialect));
        }
        if (strict) {
            words.add("--strict");
        }
        return words;
    }

    private static boolean matchesNothing(SuiteOptions onePattern) {
        try {
            return Suite.plan(onePattern).isEmpty();
        } catch (IllegalArgumentException e) {
            // Not a pattern at all.
            return true;
        }
    }

    Limits limits() {
        return new Limits(
                timeout == null ? defaultTimeout(System.getenv()) : time("--timeout", timeout),
                testTimeout == null ? TEST_TIMEOUT : testTime(testTimeout));
    }

    private static Duration testTime(String given) {
        Duration time = time("--test-timeout", given);
        if (time.compareTo(LEAST_TEST_TIMEOUT) < 0) {
            throw new BadRequestException("--test-timeout " + given + ": cannot tell a test that is stuck from a slow"
                    + " machine; give " + LEAST_TEST_TIMEOUT.toSeconds() + "s or more");
        }
        return time;
    }

    /** As kselftest's runner takes it: seconds for {@code timeout(1)}, of which 0 is no limit. */
    static Duration defaultTimeout(Map<String, String> environment) {
        String seconds = environment.getOrDefault(OVERRIDE, "");
        if (seconds.isEmpty()) {
            return TIMEOUT.multipliedBy(Await.isSlow(environment) ? Await.SLOWER_BY : 1);
        }
        if (seconds.equals("0")) {
            return Duration.ofDays(365);
        }
        return parse(seconds)
                .orElseThrow(() -> new BadRequestException(
                        OVERRIDE + "=" + seconds + " of the environment: not a time; give it seconds, or unset it"));
    }

    /** What a user gives for {@code --timeout} or another option. */
    static Duration time(String option, String given) {
        return parse(given)
                .orElseThrow(() -> new BadRequestException(
                        option + " " + given + ": not a time; give one such as 90s, 10m or 1h"));
    }

    private static Optional<Duration> parse(String time) {
        Matcher m = TIME.matcher(time);
        if (!m.matches()) {
            return Optional.empty();
        }
        long number = Long.parseLong(m.group(1));
        return Optional.of(
                switch (m.group(2)) {
                    case "m" -> Duration.ofMinutes(number);
                    case "h" -> Duration.ofHours(number);
                    default -> Duration.ofSeconds(number);
                });
    }

    /** The directory that the user gave, if one was given. */
    Optional<Path> out() {
        return Optional.ofNullable(out);
    }
}
