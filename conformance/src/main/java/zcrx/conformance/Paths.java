// SPDX-License-Identifier: MIT
package zcrx.conformance;

import org.jspecify.annotations.Nullable;
import org.opentest4j.TestAbortedException;
import zcrx.fixtures.path.DataPath;
import zcrx.fixtures.path.NetdevPath;
import zcrx.fixtures.path.NetdevSim;
import zcrx.fixtures.path.PathKind;

/** The data path that tests receive on now. */
public final class Paths {
    private static @Nullable DataPath current;
    private static PathKind kind = PathKind.NODEV;

    private Paths() {}

    /** Sets it up. */
    public static void open(PathKind path) {
        kind = path;
        current = path.open();
    }

    static void close() {
        DataPath path = current();
        current = null;
        path.close();
    }

    /** Takes down what is left of it and sets it up again, for a test that took something away. */
    public static void reopen() {
        close();
        open(kind);
    }

    public static PathKind kind() {
        return kind;
    }

    public static DataPath current() {
        if (current == null) {
            throw new IllegalStateException("no data path was set up");
        }
        return current;
    }

    /** The data path, for tests that are about netdevsim. */
    public static NetdevSim.Ports netdevsim() {
        return (NetdevSim.Ports) current();
    }

    /** The data path, for tests that need a netdev queue. */
    public static NetdevPath netdev() {
        if (current() instanceof NetdevPath netdev) {
            return netdev;
        }
        throw new TestAbortedException("needs a netdev queue, which no chosen data path has: add --data-path simnic");
    }
}
