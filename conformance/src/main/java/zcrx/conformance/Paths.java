// SPDX-License-Identifier: MIT
package zcrx.conformance;

import org.jspecify.annotations.Nullable;
import org.opentest4j.TestAbortedException;
import zcrx.fixtures.path.DataPath;
import zcrx.fixtures.path.NetdevPath;

/** The data path that tests receive on now. */
public final class Paths {
    private static @Nullable DataPath current;

    private Paths() {}

    static void use(DataPath path) {
        current = path;
    }

    public static DataPath current() {
        if (current == null) {
            throw new IllegalStateException("no data path was set up");
        }
        return current;
    }

    /** The data path, for tests that need a netdev queue. */
    public static NetdevPath netdev() {
        if (current() instanceof NetdevPath netdev) {
            return netdev;
        }
        throw new TestAbortedException("needs a netdev queue, which no chosen data path has: add --data-path simnic");
    }
}
