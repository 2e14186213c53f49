// SPDX-License-Identifier: MIT
package zcrx.conformance;

import java.io.FileOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.io.PrintStream;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import net.jqwik.engine.JqwikTestEngine;
import org.junit.jupiter.engine.JupiterTestEngine;
import org.junit.platform.engine.FilterResult;
import org.junit.platform.engine.TestDescriptor;
import org.junit.platform.engine.discovery.DiscoverySelectors;
import org.junit.platform.engine.support.descriptor.MethodSource;
import org.junit.platform.launcher.Launcher;
import org.junit.platform.launcher.LauncherDiscoveryRequest;
import org.junit.platform.launcher.PostDiscoveryFilter;
import org.junit.platform.launcher.TestIdentifier;
import org.junit.platform.launcher.TestPlan;
import org.junit.platform.launcher.core.LauncherConfig;
import org.junit.platform.launcher.core.LauncherDiscoveryRequestBuilder;
import org.junit.platform.launcher.core.LauncherFactory;
import zcrx.conformance.SuiteOptions.Profile;
import zcrx.conformance.cases.Cases;
import zcrx.conformance.results.KernelLogMark;
import zcrx.conformance.results.ResultEvent;
import zcrx.conformance.results.ResultEvent.PlannedTest;
import zcrx.conformance.results.ResultEvent.Status;
import zcrx.conformance.results.ResultWriter;
import zcrx.fixtures.path.DataPath;
import zcrx.fixtures.path.PathKind;
import zcrx.fixtures.path.UnavailableException;
import zcrx.fixtures.probe.KernelProbe;
import zcrx.fixtures.sys.Memory;
import zcrx.fixtures.sys.SyscallException;

/**
 * The program that runs inside the guest. Its classes are listed, not searched for, and it loads no report and no
 * argument library: what it costs to start is waited for at every boot.
 */
public final class Suite {
    /** Stands for a test's id in the kernel log while the kernel is asked what it has. */
    private static final String PROBING = "suite";

    private Suite() {}

    private static Launcher launcher() {
        return LauncherFactory.create(LauncherConfig.builder()
                .enableTestEngineAutoRegistration(false)
                .enableLauncherSessionListenerAutoRegistration(false)
                .enableLauncherDiscoveryListenerAutoRegistration(false)
                .enableTestExecutionListenerAutoRegistration(false)
                .enablePostDiscoveryFilterAutoRegistration(false)
                .addTestEngines(new JupiterTestEngine(), new JqwikTestEngine())
                .build());
    }

    private static LauncherDiscoveryRequest request(SuiteOptions options, PathKind path) {
        return LauncherDiscoveryRequestBuilder.request()
                .selectors(
                        Cases.ALL.stream().map(DiscoverySelectors::selectClass).toList())
                .filters((PostDiscoveryFilter) test -> FilterResult.includedIf(wanted(test, options, path)))
                .configurationParameter("jqwik.database", "")
                .configurationParameter("jqwik.reporting.usejunitplatform", "true")
                .configurationParameter("jqwik.reporting.onlyfailures", "true")
                .build();
    }

    private static boolean wanted(TestDescriptor test, SuiteOptions options, PathKind path) {
        if (!(test.getSource().orElse(null) instanceof MethodSource method)) {
            return true;
        }
        boolean onPath = switch (Names.scope(method)) {
            case NODEV -> !path.hasQueue();
            case EVERY_PATH -> true;
            case QUEUE -> path.hasQueue() || options.paths().stream().noneMatch(PathKind::hasQueue);
        };
        if (!onPath) {
            return false;
        }
        boolean inProfile = switch (options.profile()) {
            case GATE -> !tagged(test, Full.TAG) && !tagged(test, Death.TAG);
            case FULL -> !tagged(test, Death.TAG);
            case DEATHS -> tagged(test, Death.TAG);
        };
        // A test that is asked for by name runs even if it is too slow for the gate.
        boolean named = !options.tests().isEmpty();
        return named
                ? options.profile() == Profile.DEATHS == tagged(test, Death.TAG)
                        && Names.matches(options.tests(), method, path)
                : inProfile;
    }

    private static boolean tagged(TestDescriptor test, String tag) {
        return test.getTags().stream().anyMatch(t -> t.getName().equals(tag));
    }

    /** What would run with these options, in order. Needs no kernel. */
    public static List<PlannedTest> plan(SuiteOptions options) {
        return discover(launcher(), options).stream()
                .flatMap(batch -> batch.tests().stream())
                .toList();
    }

    /** What runs on one data path. */
    private record Batch(PathKind path, TestPlan plan, List<PlannedTest> tests) {}

    private static List<Batch> discover(Launcher launcher, SuiteOptions options) {
        return options.paths().stream()
                .map(path -> {
                    TestPlan plan = launcher.discover(request(options, path));
                    var tests = new ArrayList<PlannedTest>();
                    plan.getRoots().forEach(root -> collect(plan, root, path, tests));
                    return new Batch(path, plan, tests);
                })
                .toList();
    }

    private static void collect(TestPlan plan, TestIdentifier parent, PathKind path, List<PlannedTest> to) {
        for (TestIdentifier child : plan.getChildren(parent)) {
            if (child.isTest() && child.getSource().orElse(null) instanceof MethodSource method) {
                to.add(Names.planned(child, method, path));
            } else {
                collect(plan, child, path, to);
            }
        }
    }

    /**
     * Arguments: {@code --results FILE}, {@code -} for standard output, then those of {@link SuiteOptions}. Or {@code
     * --train} alone: go through everything on a kernel that need not have zcrx, for the sake of the classes that get
     * loaded. The exit status is 0 when the suite ran, whatever it found: verdicts are for the reader of the results.
     */
    public static void main(String[] args) throws IOException {
        List<String> words = Arrays.asList(args);
        // Libraries that print must not end up among the results.
        PrintStream stdout = System.out;
        System.setOut(System.err);
        if (words.equals(List.of("--train"))) {
            try (var nowhere = new ResultWriter(OutputStream.nullOutputStream());
                    var log = new KernelLog(OutputStream.nullOutputStream())) {
                hello(nowhere);
                test(new SuiteOptions(Profile.GATE, 1, List.of(), List.of(PathKind.values())), nowhere, log);
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
            hello(results);
            kernelLog.mark(KernelLogMark.Kind.END, PROBING);
            Optional<String> lack = KernelProbe.get().unsupported();
            if (lack.isPresent() && options.profile() != Profile.DEATHS) {
                results.write(new ResultEvent.Unsupported(lack.get()));
                results.write(new ResultEvent.Bye(0));
            } else {
                test(options, results, kernelLog);
            }
        }
    }

    private static void hello(ResultWriter results) {
        KernelProbe probe = KernelProbe.get();
        results.write(new ResultEvent.Hello(
                ResultEvent.PROTOCOL,
                new ResultEvent.Kernel(
                        probe.release(),
                        probe.version(),
                        System.getProperty("os.arch").replace("amd64", "x86_64"),
                        probe.dialect().word(),
                        probe.features(),
                        Memory.PAGE_SIZE)));
    }

    private static void test(SuiteOptions options, ResultWriter results, KernelLog kernelLog) {
        PropertyRounds.use(options);
        Launcher launcher = launcher();
        List<Batch> batches = discover(launcher, options);
        results.write(new ResultEvent.Plan(
                options.profile().word(),
                options.seed(),
                batches.stream().flatMap(batch -> batch.tests().stream()).toList()));
        var listener = new ResultListener(results, kernelLog);
        for (Batch batch : batches) {
            listener.on(batch.path());
            test(launcher, batch, listener);
        }
        results.write(new ResultEvent.Bye(listener.ended()));
    }

    private static void test(Launcher launcher, Batch batch, ResultListener listener) {
        List<PlannedTest> tests = batch.tests();
        if (tests.isEmpty()) {
            return;
        }
        DataPath opened;
        try {
            opened = batch.path().open();
        } catch (UnavailableException e) {
            tests.forEach(test -> listener.notRun(test.id(), Status.SKIP, String.valueOf(e.getMessage())));
            return;
        } catch (IllegalStateException | SyscallException e) {
            String reason = "the data path " + batch.path().word() + " cannot be set up: " + e.getMessage();
            tests.forEach(test -> listener.notRun(test.id(), Status.BROKEN, reason));
            return;
        }
        try (opened) {
            Paths.use(opened);
            launcher.execute(batch.plan(), listener);
        }
    }
}
