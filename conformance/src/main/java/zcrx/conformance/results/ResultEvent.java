// SPDX-License-Identifier: MIT
package zcrx.conformance.results;

import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** One line of the result stream. In a complete stream: hello, plan, then start and end of each test, bye. */
public sealed interface ResultEvent {

    /** The version of this format; a reader refuses another one. */
    int PROTOCOL = 1;

    /**
     * The suite has started.
     *
     * @param protocol {@link #PROTOCOL} of the writer
     * @param kernel what the suite found
     */
    record Hello(int protocol, Kernel kernel) implements ResultEvent {}

    /**
     * The kernel lacks the whole feature: nothing will be tested.
     *
     * @param reason one line for the user
     */
    record Unsupported(String reason) implements ResultEvent {}

    /**
     * What will run, in order. A test that never ends was not run, or was running when the guest died.
     *
     * @param profile {@code gate} or {@code full}
     * @param seed of every random choice
     */
    record Plan(String profile, long seed, List<PlannedTest> tests) implements ResultEvent {}

    /** A test begins. The same is written to the kernel log, see {@link KernelLogMark}. */
    record Start(String id) implements ResultEvent {}

    /** Since the last of these, within a second, tests have made system calls. Nothing comes while one is stuck. */
    record Alive() implements ResultEvent {}

    /**
     * A test gives something to the report, pass or fail.
     *
     * @param name of the attachment, such as {@code evidence}
     * @param text plain text, any characters
     */
    record Attachment(String id, String name, String text) implements ResultEvent {
        /** The name of what a test with random inputs did when it failed, made as short as it could be. */
        public static final String STEPS = "steps";

        /** What a test did to the kernel, in the style of strace. */
        public static final String JOURNAL = "journal.txt";

        /** The failure as a C program, or {@link #NOT_EXPORTABLE} and the reason. */
        public static final String PROGRAM = "repro.c";

        public static final String NOT_EXPORTABLE = "not exportable: ";

        /** What became of the C program when it was tried; from the host, and from nobody else. */
        public static final String REPRODUCTION = "in C";
    }

    /**
     * A test saw what its kernel does where documents and kernels disagree.
     *
     * @param rule whose catalogue entry has the sides of the disagreement
     * @param side that this kernel confirms: {@code document}, {@code header} or {@code kernels}
     * @param seen what was asked and what came, on one or more lines
     */
    record Evidence(String id, String rule, String side, String seen) implements ResultEvent {}

    /**
     * What a test that fails found broken is no rule that it is about.
     *
     * @param rule its id
     */
    record Broken(String id, String rule) implements ResultEvent {}

    /**
     * A test has ended.
     *
     * @param durationMs wall time in milliseconds
     * @param message why, in one line; for a fail the call, its arguments, what came back and what was expected may
     *     follow on further lines. Null for a pass.
     * @param details a stack trace or the shrunk steps; null when there is nothing to add
     */
    record End(
            String id,
            Status status,
            long durationMs,
            @Nullable String message,
            @Nullable String details) implements ResultEvent {}

    /**
     * The suite ended by itself.
     *
     * @param ended number of {@link End} events it has written
     */
    record Bye(int ended) implements ResultEvent {}

    /**
     * The suite's process ended; written by whatever started it.
     *
     * @param status exit status as a shell gives it: 128 + n for signal n
     */
    record Exit(int status) implements ResultEvent {}

    /** How a test ended, by its own account. */
    enum Status {
        PASS,
        /** The kernel did not keep the rule. */
        FAIL,
        /** The kernel or the data path lacks what the test needs; the message says what. */
        SKIP,
        /** The test itself went wrong: nothing is said about the kernel. */
        BROKEN
    }

    /**
     * The kernel under test.
     *
     * @param release as {@code uname -r}
     * @param version as {@code uname -v}
     * @param machine as {@code uname -m}
     * @param dialect of the UAPI that it speaks: {@code event}, {@code notif}, {@code seed}, or {@code none}
     * @param features what the queries offer, by the header's names without their prefix
     * @param pageSize in bytes
     */
    record Kernel(
            String release, String version, String machine, String dialect, List<String> features, int pageSize) {}

    /**
     * One test on one data path.
     *
     * @param id stable, unique, such as {@code Arm.notFired}; {@code @PATH} follows when the path is not nodev
     * @param subject the area of the UAPI, as a heading
     * @param name a sentence: what holds when the test passes
     * @param requirements ids of the rules that it checks, such as {@code ARM-003}
     * @param dataPath that it runs on, such as {@code nodev}
     */
    record PlannedTest(String id, String subject, String name, List<String> requirements, String dataPath) {
        /** Of an id, in characters. */
        public static final int LONGEST_ID = 200;

        /** The same test, which turned out to be about one more rule. */
        public PlannedTest alsoAbout(String rule) {
            var rules = new ArrayList<>(requirements);
            rules.add(rule);
            return new PlannedTest(id, subject, name, List.copyOf(rules), dataPath);
        }
    }
}
