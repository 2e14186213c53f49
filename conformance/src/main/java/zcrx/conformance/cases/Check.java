// SPDX-License-Identifier: MIT
package zcrx.conformance.cases;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.BooleanSupplier;
import java.util.function.LongConsumer;
import java.util.function.LongSupplier;
import java.util.function.Supplier;
import org.opentest4j.TestAbortedException;
import zcrx.fixtures.abi.Struct;
import zcrx.fixtures.abi.StructType.Field;
import zcrx.fixtures.evidence.BytesSeen;
import zcrx.fixtures.evidence.Expectation;
import zcrx.fixtures.evidence.Expectation.Relation;
import zcrx.fixtures.evidence.MemorySeen;
import zcrx.fixtures.evidence.Observations;
import zcrx.fixtures.evidence.Passed;
import zcrx.fixtures.journal.Again;
import zcrx.fixtures.journal.InTurn;
import zcrx.fixtures.journal.Journal;
import zcrx.fixtures.probe.KernelProbe;
import zcrx.fixtures.ring.Outcome;
import zcrx.fixtures.ring.RuleViolation;
import zcrx.fixtures.sys.Await;
import zcrx.fixtures.sys.Errno;

/** What tests say about values; a value that is not as it must be is a violation of the rule that is tested. */
final class Check {
    private Check() {}

    static void equal(String what, Object expected, Object actual) {
        if (!Objects.equals(expected, actual)) {
            throw new RuleViolation(
                    what + " is " + actual + ", expected " + expected, Expectation.equal(expected, actual));
        }
        Passed.note(() -> Expectation.equal(expected, actual));
    }

    static void equal(String what, long expected, long actual) {
        if (expected != actual) {
            throw new RuleViolation(
                    what + " is " + number(actual) + ", expected " + number(expected),
                    Expectation.equal(expected, actual));
        }
        Passed.note(() -> Expectation.equal(expected, actual));
    }

    static void atLeast(String what, long least, long actual) {
        if (actual < least) {
            throw new RuleViolation(
                    what + " is " + number(actual) + ", expected at least " + number(least), atLeast(least, actual));
        }
        Passed.note(() -> atLeast(least, actual));
    }

    /** Both are asked for here, so that a program can compare the same two. */
    static void equal(String what, LongSupplier expected, LongSupplier actual) {
        compare(what, Relation.EQUAL, expected, actual);
    }

    /** See {@link #equal(String, LongSupplier, LongSupplier)}. */
    static void atLeast(String what, LongSupplier least, LongSupplier actual) {
        compare(what, Relation.AT_LEAST, least, actual);
    }

    /** See {@link #equal(String, LongSupplier, LongSupplier)}. */
    static void atMost(String what, LongSupplier most, LongSupplier actual) {
        compare(what, Relation.AT_MOST, most, actual);
    }

    private static void compare(String what, Relation relation, LongSupplier with, LongSupplier actual) {
        Observations.forget();
        long limit = with.getAsLong();
        Object expected = Observations.asExpected(limit);
        long found = actual.getAsLong();
        Optional<Expectation> expectation =
                Observations.of(found).map(from -> new Expectation(from, relation, expected));
        boolean holds = switch (relation) {
            case EQUAL -> found == limit;
            case UNEQUAL -> found != limit;
            case AT_LEAST -> found >= limit;
            case AT_MOST -> found <= limit;
        };
        if (!holds) {
            throw new RuleViolation(
                    what + " is " + number(found) + ", expected " + words(relation) + number(limit), expectation);
        }
        Passed.note(() -> expectation);
    }

    private static String words(Relation relation) {
        return switch (relation) {
            case EQUAL -> "";
            case UNEQUAL -> "anything but ";
            case AT_LEAST -> "at least ";
            case AT_MOST -> "at most ";
        };
    }

    private static Optional<Expectation> atLeast(long least, long actual) {
        return Observations.of(actual).map(from -> new Expectation(from, Relation.AT_LEAST, least));
    }

    /** A result that the kernel wrote into a struct. */
    static void equal(String what, Errno expected, long actual) {
        if (expected.result() != actual) {
            throw new RuleViolation(
                    what + " is " + Errno.describe(actual) + ", expected -" + expected,
                    Expectation.equal(expected.result(), actual));
        }
        Passed.note(() -> Expectation.equal(expected.result(), actual));
    }

    /** Each byte of a range has this value. */
    static void bytes(String where, MemorySegment memory, long from, long to, int expected) {
        for (long i = from; i < to; i++) {
            byte found = memory.get(ValueLayout.JAVA_BYTE, i);
            if (found != (byte) expected) {
                throw new RuleViolation(
                        "byte %d of %s is 0x%02x, expected 0x%02x".formatted(i, where, found, (byte) expected),
                        Expectation.equal(new MemorySeen(memory.address() + i, found), (byte) expected));
            }
        }
        byte all = (byte) expected;
        Passed.note(() -> Optional.of(Expectation.equal(new BytesSeen(memory.address() + from, to - from, all), all)));
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

    /** A condition on a value that the kernel gave: programs can't say more than that it must be another. */
    static void that(boolean condition, long seen, String violation) {
        if (!condition) {
            throw new RuleViolation(
                    violation, Observations.of(seen).map(from -> new Expectation(from, Relation.UNEQUAL, seen)));
        }
    }

    /** Runs something in a thread of its own, and fails as it fails; a program can do the same. */
    static void inAnotherThread(Runnable body) {
        var thrown = new AtomicReference<Throwable>();
        Thread thread = Thread.ofPlatform()
                .uncaughtExceptionHandler((_, e) -> thrown.set(e))
                .unstarted(body);
        Journal.add(new InTurn(thread.threadId()));
        thread.start();
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

    /**
     * Makes each byte of the fields whose names begin so not zero, one at a time, and puts it back.
     *
     * @param refused what must be refused each time
     */
    static void eachByte(Struct struct, String prefix, Runnable refused) {
        for (Field field : struct.type().fields()) {
            if (field.name().startsWith(prefix)) {
                for (long i = field.offset(); i < field.offset() + field.size(); i++) {
                    struct.memory().set(ValueLayout.JAVA_BYTE, i, (byte) (1 << i % Byte.SIZE));
                    refused.run();
                    struct.memory().set(ValueLayout.JAVA_BYTE, i, (byte) 0);
                }
            }
        }
    }

    /** Each flag of 32 that is none of these, one at a time. */
    static void eachBitBut(long known, LongConsumer refused) {
        for (int bit = 0; bit < Integer.SIZE; bit++) {
            if ((known >>> bit & 1) == 0) {
                refused.accept(1L << bit);
            }
        }
    }

    /**
     * Repeats a call until it gives this, as a kernel does something in its own time; that it never does is a violation.
     *
     * @param round ends with the call; of all rounds but the last, the journal keeps nothing
     */
    static void eventually(String violation, long expected, Supplier<Outcome> round) {
        Journal.add(new Again(Again.Part.ROUND));
        var last = new AtomicReference<Outcome>();
        boolean held = becomes(() -> {
            Outcome outcome = round.get();
            last.set(outcome);
            return outcome.result() == expected;
        });
        Journal.add(new Again(Again.Part.END));
        Outcome outcome = Objects.requireNonNull(last.get());
        if (!held) {
            throw new RuleViolation(
                    violation + ", " + Await.PATIENCE.toSeconds() + " s later\n" + outcome, outcome.expected(expected));
        }
        Passed.note(() -> outcome.expected(expected));
    }

    /** The same for any condition; of what it does, too, the journal keeps the last round. */
    static void eventually(String violation, BooleanSupplier condition) {
        if (!becomes(condition)) {
            throw new RuleViolation(violation + ", " + Await.PATIENCE.toSeconds() + " s later");
        }
    }

    private static boolean becomes(BooleanSupplier condition) {
        long begin = Journal.position();
        return Await.holds(() -> {
            Journal.forget(begin);
            return condition.getAsBoolean();
        });
    }

    /** Skips the test unless the kernel has what it is about. */
    static void needs(boolean condition, String lack) {
        if (!condition) {
            throw new TestAbortedException(lack);
        }
    }

    static void needsAddArea() {
        needs(KernelProbe.get().canAddAreas(), "the kernel has no ZCRX_CTRL_ADD_AREA (7.3 or later)");
    }
}
