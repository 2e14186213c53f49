// SPDX-License-Identifier: MIT
package zcrx.conformance;

import net.jqwik.api.FixedSeedMode;
import net.jqwik.api.lifecycle.AroundPropertyHook;
import net.jqwik.api.lifecycle.PropertyExecutionResult;
import net.jqwik.api.lifecycle.PropertyExecutor;
import net.jqwik.api.lifecycle.PropertyLifecycleContext;

/** Gives each property the run's seed. */
public final class PropertySeed implements AroundPropertyHook {
    private static long seed;

    static void use(long runSeed) {
        seed = runSeed;
    }

    @Override
    public PropertyExecutionResult aroundProperty(PropertyLifecycleContext context, PropertyExecutor property)
            throws Throwable {
        var attributes = context.attributes();
        attributes.setSeed(Long.toString(seed));
        attributes.setWhenFixedSeed(FixedSeedMode.ALLOW);
        return property.execute();
    }
}
