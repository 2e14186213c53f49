// SPDX-License-Identifier: MIT
package zcrx.conformance;

import java.io.FileOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.io.PrintStream;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.Set;
import java.util.stream.Collectors;
import net.jqwik.engine.JqwikTestEngine;
import org.jspecify.annotations.Nullable;
import org.junit.platform.engine.FilterResult;
import org.junit.platform.engine.TestEngine;
import org.junit.platform.engine.discovery.DiscoverySelectors;
import org.junit.platform.engine.support.descriptor.MethodSource;
import org.junit.platform.launcher.Launcher;
import org.junit.platform.launcher.LauncherDiscoveryRequest;
import org.junit.platform.launcher.PostDiscoveryFilter;
import org.junit.platform.launcher.core.LauncherConfig;
import org.junit.platform.launcher.core.LauncherDiscoveryRequestBuilder;
import org.junit.platform.launcher.core.LauncherFactory;
import zcrx.conformance.ListedTest.Kind;
import zcrx.conformance.SuiteOptions.Profile;
import zcrx.conformance.results.KernelLogMark;
import zcrx.conformance.results.ResultEvent;
import zcrx.conformance.results.ResultEvent.PlannedTest;
import zcrx.conformance.results.ResultEvent.Status;
import zcrx.conformance.results.ResultWriter;
import zcrx.fixtures.abi.Dialect;
import zcrx.fixtures.abi.IoUring;
import zcrx.fixtures.evidence.Passed;
import zcrx.fixtures.journal.Journal;
import zcrx.fixtures.path.PathKind;
import zcrx.fixtures.path.Simnic;
import zcrx.fixtures.probe.KernelProbe;
import zcrx.fixtures.ring.Ring;
import zcrx.fixtures.sys.Memory;
import zcrx.fixtures.sys.SyscallException;
import zcrx.fixtures.sys.UnavailableException;
import zcrx.fixtures.traffic.TcpPair;

/**
 * The program that runs inside the guest. Its classes are listed, not searched for, and it loads no report and no
 * argument library: what it costs to start is waited for at every boot.
 */
public final class Suite {
    /** Stands for a test's id in the kernel log while the kernel is asked what it has. */
    private static final String PROBING = "suite";

    /** What training may try on the host that it runs on: it must not find a NIC there. */
    private static final List<PathKind> TRAINING_PATHS = List.of(PathKind.NODEV, PathKind.SIMNIC);

    /**
     * In the environment, and so on a guest's kernel command line: {@code passed} makes programs of tests that pass, too.
     */
    public static final String EXPORT = "ZCRX_EXPORT";

    /** {@code off} keeps no journal: only for measuring what it costs, as no failure can be exported then. */
    private static final String JOURNAL = "ZCRX_JOURNAL";

    private Suite() {}

    private static boolean isExporting() {
        return "passed".equals(System.getenv(EXPORT));
    }

    /** Sets a data path up for programs, and says by which net.config. */
    private static void setUp(String path, PrintStream out) {
        if (!path.equals(PathKind.SIMNIC.word())) {
            throw new IllegalArgumentException("--set-up " + path + ": only simnic can be set up for programs");
        }
        out.print(Simnic.upForPrograms());
    }

    static Launcher launcher(TestEngine engine) {
        return LauncherFactory.create(LauncherConfig.builder()
                .enableTestEngineAutoRegistration(false)
                .enableLauncherSessionListenerAutoRegistration(false)
                .enableLauncherDiscoveryListenerAutoRegistration(false)
                .enableTestExecutionListenerAutoRegistration(false)
                .enablePostDiscoveryFilterAutoRegistration(false)
                .addTestEngines(engine)
                .build());
    }

    /** What would run with these options, in order. Needs no kernel. */
    public static List<PlannedTest> plan(SuiteOptions options) {
        return plan(batches(options));
    }

    private static List<PlannedTest> plan(List<Batch> batches) {
        return batches.stream()
                .flatMap(batch -> batch.tests().stream().map(test -> test.planned(batch.path())))
                .toList();
    }

    /** What runs on one data path. */
    private record Batch(PathKind path, List<ListedTest> tests) {
        /** Those whose rule the dialect has, or has not. */
        Batch having(boolean rule) {
            return new Batch(
                    path,
                    tests.stream()
                            .filter(test -> test.dialects().contains(Dialect.spoken()) == rule)
                            .toList());
        }

        List<ListedTest> of(Kind kind) {
            return tests.stream().filter(test -> test.kind() == kind).toList();
        }
    }

    private static List<Batch> batches(SuiteOptions options) {
        List<ListedTest> all = TestList.all();
        var batches = new ArrayList<Batch>();
        boolean reached = options.after().isEmpty();
        int wanted = 0;
        for (PathKind path : options.paths()) {
            var here = new ArrayList<ListedTest>();
            for (ListedTest test : all) {
                if (test.isWanted(options, path) && options.shard().has(wanted++)) {
                    here.add(test);
                }
            }
            shuffle(here, options.shuffle());
            var tests = new ArrayList<ListedTest>();
            for (ListedTest test : here) {
                if (reached) {
                    tests.add(test);
                }
                reached = reached || test.id(path).equals(options.after());
            }
            batches.add(new Batch(path, tests));
        }
        return batches;
    }

    /** Properties stay behind the examples, in the order of their engine. */
    private static void shuffle(List<ListedTest> tests, @Nullable Long seed) {
        if (seed != null) {
            int examples = (int) tests.stream()
                    .takeWhile(test -> test.kind() == Kind.EXAMPLE)
                    .count();
            Collections.shuffle(tests.subList(0, examples), new Random(seed));
        }
    }

    /**
     * Arguments: {@code --results FILE}, {@code -} for standard output, then those of {@link SuiteOptions}. Or {@code
     * --train} alone: go through everything on a kernel that need not have zcrx, for the sake of the classes that get
     * loaded. Or {@code --set-up simnic}, for programs that receive there. The exit status is 0 when the suite ran,
     * whatever it found: verdicts are for the reader of the results.
     */
    public static void main(String[] args) throws IOException {
        List<String> words = Arrays.asList(args);
        // Libraries that print must not end up among the results.
        PrintStream stdout = System.out;
        System.setOut(System.err);
        if (isExporting()) {
            Passed.keep();
        }
        if (!"off".equals(System.getenv(JOURNAL))) {
            Journal.keep();
        }
        if (words.size() == 2 && words.getFirst().equals("--set-up")) {
            setUp(words.get(1), stdout);
            return;
        }
        if (words.equals(List.of("--train"))) {
            try (var nowhere = new ResultWriter(OutputStream.nullOutputStream());
                    var log = new KernelLog(OutputStream.nullOutputStream())) {
                hello(nowhere);
                touch();
                test(new SuiteOptions(Profile.GATE, 1, List.of(), TRAINING_PATHS), nowhere, log);
                test(new SuiteOptions(Profile.FULL, 1, properties(), List.of(PathKind.NODEV)), nowhere, log);
            }
            return;
        }
        if (words.size() < 2 || !words.getFirst().equals("--results")) {
            throw new IllegalArgumentException("usage: --results FILE|- [OPTION]...");
        }
        SuiteOptions options = SuiteOptions.parse(words.subList(2, words.size()));
        OutputStream target = words.get(1).equals("-") ? stdout : new FileOutputStream(words.get(1));
        try (var results = new ResultWriter(target);
                var kernelLog = new KernelLog(new FileOutputStream("/dev/kmsg"))) {
            // What the kernel says to the questions before the first test is said under test, too.
            kernelLog.mark(KernelLogMark.Kind.START, PROBING);
            KernelProbe probe = KernelProbe.get();
            Dialect.speak(probe.dialect(options.dialect()));
            hello(results);
            kernelLog.mark(KernelLogMark.Kind.END, PROBING);
            Optional<String> lack = probe.unsupported().or(() -> contradiction(probe, options));
            if (lack.isPresent() && options.profile() != Profile.DEATHS) {
                results.write(new ResultEvent.Unsupported(lack.get()));
                results.write(new ResultEvent.Bye(0));
            } else {
                test(options, results, kernelLog);
            }
        }
    }

    /** The ids of all properties: without their engine in the archive, the first takes as long as it takes to boot. */
    private static List<String> properties() {
        return TestList.all().stream()
                .filter(test -> test.kind() == Kind.PROPERTY)
                .map(test -> test.id(PathKind.NODEV))
                .toList();
    }

    /** Uses what tests use, as far as a kernel without zcrx lets them. */
    private static void touch() {
        try (Ring ring = Ring.open(Ring.CqeFormat.CQE32);
                TcpPair tcp = TcpPair.open(TcpPair.Family.IPV4)) {
            ring.nextSqe().set("opcode", IoUring.OP_NOP);
            ring.submit();
            ring.await(Duration.ofSeconds(1));
            ring.drain();
            tcp.send(1);
            // Padded once for sure: the time of day that a library logs is, by chance.
            System.err.println("%s %d %02d 0x%x".formatted("formats", 1, 1, 1L));
        } catch (SyscallException e) {
            // A host without io_uring or loopback: then these classes are loaded when they are needed.
            System.err.println("training without rings: " + e.getMessage());
        }
    }

    private static Optional<String> contradiction(KernelProbe probe, SuiteOptions options) {
        Dialect asked = options.dialect();
        return asked == null || asked == Dialect.spoken()
                ? Optional.empty()
                : Optional.of("kernel " + probe.release() + " speaks dialect "
                        + Dialect.spoken().word() + ", says its BTF, and not " + asked.word()
                        + "; leave --dialect out");
    }

    private static void hello(ResultWriter results) {
        KernelProbe probe = KernelProbe.get();
        results.write(new ResultEvent.Hello(
                ResultEvent.PROTOCOL,
                new ResultEvent.Kernel(
                        probe.release(),
                        probe.version(),
                        System.getProperty("os.arch").replace("amd64", "x86_64"),
                        Dialect.spoken().word(),
                        probe.features(),
                        Memory.PAGE_SIZE)));
    }

    private static void test(SuiteOptions options, ResultWriter results, KernelLog kernelLog) {
        // A rule that the dialect does not have is no part of the run, unless it was asked for by name.
        List<Batch> batches = options.tests().isEmpty()
                ? batches(options).stream().map(batch -> batch.having(true)).toList()
                : batches(options);
        PropertySeed.use(options.seed());
        results.write(new ResultEvent.Plan(options.profile().word(), options.seed(), plan(batches)));
        var listener = new ResultListener(results, kernelLog, isExporting());
        Evidence.to(listener);
        try (var _ = new Pulse(results)) {
            for (Batch batch : batches) {
                listener.on(batch.path());
                for (ListedTest foreign : batch.having(false).tests()) {
                    listener.notRun(
                            foreign.id(batch.path()),
                            Status.SKIP,
                            "no rule of dialect " + Dialect.spoken().word());
                }
                test(batch.having(true), listener);
            }
        }
        results.write(new ResultEvent.Bye(listener.ended()));
    }

    private static void test(Batch batch, ResultListener listener) {
        if (batch.tests().isEmpty()) {
            return;
        }
        try {
            Paths.open(batch.path());
        } catch (UnavailableException e) {
            batch.tests()
                    .forEach(test ->
                            listener.notRun(test.id(batch.path()), Status.SKIP, String.valueOf(e.getMessage())));
            return;
        } catch (RuntimeException e) {
            String reason = "the data path " + batch.path().word() + " cannot be set up: " + e.getMessage();
            batch.tests().forEach(test -> listener.notRun(test.id(batch.path()), Status.BROKEN, reason));
            return;
        }
        try {
            launcher(new ExampleEngine(batch.of(Kind.EXAMPLE)))
                    .execute(LauncherDiscoveryRequestBuilder.request().build(), listener);
            List<ListedTest> properties = batch.of(Kind.PROPERTY);
            if (!properties.isEmpty()) {
                launcher(new JqwikTestEngine()).execute(request(properties), listener);
            }
        } finally {
            Paths.close();
        }
    }

    private static LauncherDiscoveryRequest request(List<ListedTest> properties) {
        Set<String> wanted =
                properties.stream().map(test -> test.id(PathKind.NODEV)).collect(Collectors.toSet());
        return LauncherDiscoveryRequestBuilder.request()
                .selectors(properties.stream()
                        .map(ListedTest::className)
                        .distinct()
                        .map(DiscoverySelectors::selectClass)
                        .toList())
                .filters((PostDiscoveryFilter)
                        test -> FilterResult.includedIf(!(test.getSource().orElse(null) instanceof MethodSource source)
                                || wanted.contains(
                                        ListedTest.id(source.getClassName(), source.getMethodName(), PathKind.NODEV))))
                .configurationParameter("jqwik.database", "")
                .configurationParameter("jqwik.reporting.usejunitplatform", "true")
                .configurationParameter("jqwik.reporting.onlyfailures", "true")
                .build();
    }
}
