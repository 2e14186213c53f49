// SPDX-License-Identifier: MIT
package zcrx.conformance;

import java.lang.annotation.ElementType;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;

/** On which data paths a test runs; what is said of a method goes before what is said of its class. */
@Target({ElementType.METHOD, ElementType.TYPE})
@Retention(RetentionPolicy.RUNTIME)
public @interface RunsOn {
    Scope value();

    /** Which data paths. */
    enum Scope {
        /** Without a device; so does a test of which nothing is said. */
        NODEV,
        /** Only over ports of netdevsim: it is about a device that has nothing to give. */
        NETDEVSIM,
        /** On each: data moves, and it matters by which way. */
        EVERY_PATH,
        /** On those that have a netdev queue. When none was chosen the test is there once, and skipped. */
        QUEUE
    }
}
