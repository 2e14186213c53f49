// SPDX-License-Identifier: MIT
package zcrx.conformance;

import net.jqwik.api.FixedSeedMode;
import net.jqwik.api.lifecycle.AroundPropertyHook;
import net.jqwik.api.lifecycle.PropertyExecutionResult;
import net.jqwik.api.lifecycle.PropertyExecutor;
import net.jqwik.api.lifecycle.PropertyLifecycleContext;
import zcrx.conformance.SuiteOptions.Profile;

/** Gives each property the run's seed, and more rounds in the full profile than the number it names for the gate. */
public final class PropertyRounds implements AroundPropertyHook {
    private static final int FULL_FACTOR = 10;

    private static SuiteOptions options = new SuiteOptions(Profile.GATE, 0, java.util.List.of());

    static void use(SuiteOptions suiteOptions) {
        options = suiteOptions;
    }

    @Override
    public PropertyExecutionResult aroundProperty(PropertyLifecycleContext context, PropertyExecutor property)
            throws Throwable {
        var attributes = context.attributes();
        attributes.setSeed(Long.toString(options.seed()));
        attributes.setWhenFixedSeed(FixedSeedMode.ALLOW);
        if (options.profile() == Profile.FULL) {
            attributes.tries().ifPresent(tries -> attributes.setTries(tries * FULL_FACTOR));
        }
        return property.execute();
    }
}
