// SPDX-License-Identifier: MIT
package zcrx.conformance;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicReference;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.lifecycle.AddLifecycleHook;
import org.junit.jupiter.api.Test;
import org.junit.platform.engine.discovery.DiscoverySelectors;
import org.junit.platform.engine.reporting.ReportEntry;
import org.junit.platform.launcher.TestExecutionListener;
import org.junit.platform.launcher.TestIdentifier;
import org.junit.platform.launcher.core.LauncherDiscoveryRequestBuilder;
import org.junit.platform.launcher.core.LauncherFactory;

class PropertySeedTest {
    private static final List<List<Integer>> SAMPLES = new ArrayList<>();

    /** Hooked as the suite's classes are. */
    @AddLifecycleHook(PropertySeed.class)
    static class Subject {
        @Property(tries = 20)
        void fails(@ForAll List<Integer> sizes, @ForAll boolean subscribed) {
            SAMPLES.add(sizes);
            assertThat(sizes.size()).isLessThan(3);
        }
    }

    private static List<List<Integer>> samples(long seed, AtomicReference<String> steps) {
        SAMPLES.clear();
        PropertySeed.use(seed);
        LauncherFactory.create()
                .execute(
                        LauncherDiscoveryRequestBuilder.request()
                                .selectors(DiscoverySelectors.selectClass(Subject.class))
                                .configurationParameter("jqwik.database", "")
                                .configurationParameter("jqwik.reporting.usejunitplatform", "true")
                                .build(),
                        new TestExecutionListener() {
                            @Override
                            public void reportingEntryPublished(TestIdentifier test, ReportEntry entry) {
                                Map<String, String> entries = entry.getKeyValuePairs();
                                if (entries.containsKey("steps")) {
                                    steps.set(entries.get("steps"));
                                }
                            }
                        });
        return List.copyOf(SAMPLES.subList(0, 5));
    }

    @Test
    void theSeedOfTheRunRepeatsItsInputsAndTheStepsAreReported() {
        var steps = new AtomicReference<>("");
        List<List<Integer>> first = samples(42, steps);
        assertThat(samples(42, steps)).isEqualTo(first);
        assertThat(samples(43, steps)).isNotEqualTo(first);
        assertThat(steps.get()).matches("sizes:\n  1. 0\n  2. 0\n  3. 0\nsubscribed: (true|false)");
    }
}
