// SPDX-License-Identifier: MIT
package zcrx.conformance;

import java.lang.reflect.Method;
import java.util.List;
import java.util.StringJoiner;
import net.jqwik.api.FixedSeedMode;
import net.jqwik.api.lifecycle.AroundPropertyHook;
import net.jqwik.api.lifecycle.AroundTryHook;
import net.jqwik.api.lifecycle.PropagationMode;
import net.jqwik.api.lifecycle.PropertyExecutionResult;
import net.jqwik.api.lifecycle.PropertyExecutor;
import net.jqwik.api.lifecycle.PropertyLifecycleContext;
import net.jqwik.api.lifecycle.TryExecutionResult;
import net.jqwik.api.lifecycle.TryExecutor;
import net.jqwik.api.lifecycle.TryLifecycleContext;
import zcrx.conformance.results.ResultEvent;
import zcrx.fixtures.journal.Journal;

/** Gives each property the run's seed, each of its tries a journal, and the report the steps that made it fail. */
public final class PropertySeed implements AroundPropertyHook, AroundTryHook {
    private static long seed;

    static void use(long runSeed) {
        seed = runSeed;
    }

    /** For choices that are no property's. */
    public static long seed() {
        return seed;
    }

    /** A class that asks for it asks for all of its properties; jqwik's default is the class alone. */
    @Override
    public PropagationMode propagateTo() {
        return PropagationMode.ALL_DESCENDANTS;
    }

    @Override
    public PropertyExecutionResult aroundProperty(PropertyLifecycleContext context, PropertyExecutor property)
            throws Throwable {
        var attributes = context.attributes();
        attributes.setSeed(Long.toString(seed));
        attributes.setWhenFixedSeed(FixedSeedMode.ALLOW);
        PropertyExecutionResult result = property.execute();
        result.falsifiedParameters()
                .ifPresent(values -> context.reporter()
                        .publishValue(ResultEvent.Attachment.STEPS, steps(context.targetMethod(), values)));
        return result;
    }

    /** A list is a sequence of steps, everything else a value. */
    private static String steps(Method property, List<Object> values) {
        var text = new StringJoiner("\n");
        for (int i = 0; i < values.size(); i++) {
            String name = property.getParameters()[i].getName();
            if (values.get(i) instanceof List<?> steps) {
                text.add(name + ":");
                for (int step = 0; step < steps.size(); step++) {
                    text.add("  " + (step + 1) + ". " + steps.get(step));
                }
            } else {
                text.add(name + ": " + values.get(i));
            }
        }
        return text.toString();
    }

    @Override
    public TryExecutionResult aroundTry(TryLifecycleContext context, TryExecutor aTry, List<Object> parameters) {
        Journal.begin();
        return aTry.execute(parameters);
    }
}
