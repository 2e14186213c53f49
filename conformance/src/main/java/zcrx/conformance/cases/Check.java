// SPDX-License-Identifier: MIT
package zcrx.conformance.cases;

import java.util.Objects;
import java.util.concurrent.atomic.AtomicReference;
import org.opentest4j.TestAbortedException;
import zcrx.fixtures.ring.RuleViolation;

/** What tests say about values; a value that is not as it must be is a violation of the rule that is tested. */
final class Check {
    private Check() {}

    static void equal(String what, Object expected, Object actual) {
        if (!Objects.equals(expected, actual)) {
            throw new RuleViolation(what + " is " + actual + ", expected " + expected);
        }
    }

    static void equal(String what, long expected, long actual) {
        if (expected != actual) {
            throw new RuleViolation(what + " is " + number(actual) + ", expected " + number(expected));
        }
    }

    private static String number(long value) {
        return value > -10_000 && value < 10_000
                ? Long.toString(value)
                : value + " (0x" + Long.toHexString(value) + ")";
    }

    static void that(boolean condition, String violation) {
        if (!condition) {
            throw new RuleViolation(violation);
        }
    }

    /** Runs something in a thread of its own, and fails as it fails. */
    static void inAnotherThread(Runnable body) {
        var thrown = new AtomicReference<Throwable>();
        Thread thread = Thread.ofPlatform()
                .uncaughtExceptionHandler((_, e) -> thrown.set(e))
                .start(body);
        try {
            thread.join();
        } catch (InterruptedException e) {
            throw new IllegalStateException(e);
        }
        if (thrown.get() instanceof Error e) {
            throw e;
        }
        if (thrown.get() instanceof RuntimeException e) {
            throw e;
        }
    }

    /** Skips the test unless the kernel has what it is about. */
    static void needs(boolean condition, String lack) {
        if (!condition) {
            throw new TestAbortedException(lack);
        }
    }
}
