// SPDX-License-Identifier: MIT
package zcrx.conformance.cases;

import java.util.List;

/**
 * What the suite runs, in the order of the report: first what the others build on. Within a class the order is that of
 * the rules.
 */
public final class Cases {
    public static final List<Class<?>> ALL = List.of(
            LayoutQueries.class,
            StructLayouts.class,
            Registrations.class,
            Queues.class,
            Buffers.class,
            StatsOffset.class,
            Events.class,
            Arm.class,
            CopyCounters.class,
            ManyInstances.class,
            Control.class,
            ExportImport.class,
            Lifetimes.class,
            Concurrency.class,
            AgainstTheModel.class,
            FixedBugs.class,
            ZeroCopy.class,
            AllocFail.class,
            NetdevLimits.class,
            NetdevLife.class,
            PostedSelftest.class,
            Deaths.class);

    private Cases() {}
}
