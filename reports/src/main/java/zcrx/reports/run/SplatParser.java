// SPDX-License-Identifier: MIT
package zcrx.reports.run;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * Recognises what a kernel reports against itself, line by line. It knows the words of 6.12 to 7.x; where a kernel
 * uses words of its own, a {@code [ cut here ]} line or an {@code Oops} line still gives it away.
 */
final class SplatParser {
    /** As many lines as the longest honest report; what goes on after that is another matter. */
    private static final int MAX_LINES = 400;

    /** As NIPA has it: enough to tell bugs apart, few enough to stay the same from build to build. */
    private static final int FRAMES = 5;

    private static final String CUT_HERE = "------------[ cut here ]------------";

    /** Console level, time, and with CONFIG_PRINTK_CALLER the task or processor. */
    private static final Pattern PREFIX =
            Pattern.compile("^(?:<\\d+>)?(\\[\\s*\\d+\\.\\d+\\]\\s?(?:\\[\\s*[TC]\\d+\\]\\s?)?)?");

    private static final Pattern FRAME =
            Pattern.compile("^\\s*(?:RIP: \\d+:|pc : )?([A-Za-z_][\\w.]*)\\+0x[0-9a-f]+/0x[0-9a-f]+(?:\\s.*)?$");

    /**
     * Functions through which every report goes; what comes before them in a trace is them too. The names after the
     * exception entries are those of the handlers, innermost last.
     */
    private static final Pattern MACHINERY = Pattern.compile("(?:__)?(?:dump_stack|show_stack|print_report|"
            + "print_address_description|kasan_|kmsan_|kcsan_|kfence_|ubsan_|check_region|warn_slowpath|warn|"
            + "report_bug|handle_bug|panic|vpanic|check_panic|die|oops|exc_|asm_|do_error_trap|do_trap|"
            + "page_fault_oops|search_|no_context|bad_area|lockdep_|print_circular|print_deadlock|print_usage|"
            + "print_bad|print_lock|check_noncircular|check_deadlock|mark_lock|validate_chain|lock_acquire|"
            + "refcount_warn|sysrq_|write_sysrq|list_|rcu_sched_clock|rcu_check|rcu_dump|watchdog|"
            + "debug_check|bad_page|sysvec_|hrtimer_|tick_|update_process_times|nmi_|dump_header|oom_kill|"
            + "out_of_memory|entry_SYSCALL|ret_from_fork|__x64_sys|do_syscall|x64_sys_call|schedule_bug|sched_show|"
            + "handle_sysrq)[\\w.]*"
            + "|(?:__)?schedule|schedule_timeout|kthread|worker_thread|process_one_work");

    /** How a report begins, first match first. A pattern that {@code needsTime} would match text of programs too. */
    private record Opening(Splat.Kind kind, boolean needsTime, Pattern pattern) {
        Opening(Splat.Kind kind, boolean needsTime, String regex) {
            this(kind, needsTime, Pattern.compile("^(?:" + regex + ").*"));
        }
    }

    private static final List<Opening> OPENINGS = List.of(
            new Opening(Splat.Kind.PANIC, false, "Kernel panic - not syncing"),
            new Opening(Splat.Kind.KASAN, false, "BUG: KASAN: "),
            new Opening(Splat.Kind.KMSAN, false, "BUG: KMSAN: "),
            new Opening(Splat.Kind.KCSAN, false, "BUG: KCSAN: "),
            new Opening(Splat.Kind.KFENCE, false, "BUG: KFENCE: "),
            new Opening(Splat.Kind.UBSAN, false, "UBSAN: "),
            new Opening(
                    Splat.Kind.OOPS,
                    false,
                    "BUG: unable to handle |BUG: kernel NULL pointer dereference|"
                            + "Unable to handle kernel |Oops: |Internal error: |stack segment: |double fault: |"
                            + "invalid opcode: |divide error: |int3: |kernel tried to execute "),
            new Opening(Splat.Kind.GPF, false, "general protection fault"),
            new Opening(
                    Splat.Kind.LOCKUP,
                    false,
                    "watchdog: BUG: soft lockup|watchdog: .*hard LOCKUP|"
                            + "NMI watchdog: .*LOCKUP|BUG: soft lockup|BUG: workqueue lockup|BUG: spinlock "),
            new Opening(
                    Splat.Kind.HUNG_TASK,
                    false,
                    "INFO: task \\S.* blocked (?:for more than|in I/O wait)|" + "INFO: task \\S.* (?:is )?blocked on "),
            new Opening(
                    Splat.Kind.RCU,
                    false,
                    "rcu: INFO: .*(?:stall|detected)|INFO: rcu_\\S+ .*stall|"
                            + "rcu: .*kthread starved|WARNING: suspicious RCU usage"),
            new Opening(
                    Splat.Kind.LOCKDEP,
                    false,
                    "WARNING: (?:possible (?:circular locking|recursive locking|irq lock inversion)|"
                            + "inconsistent lock state|bad unlock balance|held lock freed|Nested lock |"
                            + "lock held when returning|HARDIRQ-|SOFTIRQ-|\\S+-safe -> \\S+-unsafe)|"
                            + "BUG: sleeping function called from invalid context|BUG: scheduling while atomic|"
                            + "BUG: Invalid wait context|\\[ BUG: Invalid wait context \\]|"
                            + "INFO: trying to register non-static key|"
                            + "BUG: MAX_LOCK"),
            new Opening(
                    Splat.Kind.LEAK,
                    false,
                    "kmemleak: \\d+ new suspected memory leaks|BUG: memory leak|"
                            + "unregister_netdevice: waiting for "),
            new Opening(
                    Splat.Kind.OUT_OF_MEMORY,
                    false,
                    "Out of memory: Killed process |\\S+ invoked oom-killer: |" + "Memory cgroup out of memory: "),
            new Opening(Splat.Kind.BUG, false, "kernel BUG at |BUG: "),
            new Opening(Splat.Kind.WARNING, false, "WARNING: CPU: \\d+ PID: \\d+ at |WARNING: .*, CPU#\\d+: "),
            new Opening(Splat.Kind.WARNING, true, "WARNING: "));

    /** One report while it is being read. */
    static final class Open {
        private Splat.@Nullable Kind kind;
        private String title = "";
        private final List<String> frames = new ArrayList<>();
        private final List<String> lines = new ArrayList<>();
        private boolean inTrace;
        final Splat.Phase phase;
        final @Nullable String test;

        private Open(Splat.Phase phase, @Nullable String test) {
            this.phase = phase;
            this.test = test;
        }

        private void line(String line, String text) {
            if (lines.size() >= MAX_LINES) {
                return;
            }
            lines.add(line);
            if (text.startsWith("Call Trace:") || text.startsWith("Call trace:") || text.startsWith("RIP: ")) {
                inTrace = true;
            }
            // Without a trace header there is nothing but addresses in which a name could be mistaken for a frame.
            Matcher m = FRAME.matcher(text);
            if (inTrace && m.matches()) {
                // The compiler's suffixes, such as .cold or .isra.0, change from build to build.
                String function = m.group(1).replaceFirst("\\..*", "");
                if (MACHINERY.matcher(function).matches()) {
                    return;
                }
                // A trace repeats the function of the instruction pointer.
                if (frames.size() < FRAMES && !frames.contains(function)) {
                    frames.add(function);
                }
            }
        }

        Splat close() {
            return new Splat(
                    kind == null ? Splat.Kind.WARNING : kind,
                    title.isEmpty() ? "a report without a title" : title,
                    List.copyOf(frames),
                    List.copyOf(lines),
                    phase,
                    test);
        }
    }

    private @Nullable Open open;

    /**
     * Takes a line that has been cleaned.
     *
     * @param phase and {@code test} of a report that begins with this line
     * @return the report that begins here, if one does; it grows with the lines to come
     */
    Optional<Open> line(String line, Splat.Phase phase, @Nullable String test) {
        Matcher prefix = PREFIX.matcher(line);
        boolean timed = prefix.find() && prefix.group(1) != null;
        String text = line.substring(prefix.end());
        Open current = open;

        if (text.startsWith(CUT_HERE)) {
            return begin(phase, test, null, "", line, text);
        }
        for (Opening opening : OPENINGS) {
            if ((timed || !opening.needsTime) && opening.pattern.matcher(text).matches()) {
                if (current != null && current.kind == null) {
                    // After a cut-here line comes what happened, at once or after a message of its own.
                    current.kind = opening.kind;
                    current.title = current.title.isEmpty() ? text : text + ": " + current.title;
                    current.line(line, text);
                    return Optional.empty();
                }
                if (current != null && continues(current, opening, text)) {
                    current.line(line, text);
                    return Optional.empty();
                }
                return begin(phase, test, opening.kind, text, line, text);
            }
        }
        if (current != null) {
            current.line(line, text);
            if (current.kind == null && current.title.isEmpty()) {
                current.title = text;
            }
            if (isLast(current, text)) {
                open = null;
            }
        }
        return Optional.empty();
    }

    /** Ends what is being read: from here on the kernel log is about something else. */
    void close() {
        open = null;
    }

    private static boolean isLast(Open current, String text) {
        if (text.startsWith("---[ end ")) {
            return true;
        }
        return switch (current.kind) {
            // The first line of these stands above the title.
            case KASAN, KMSAN, KCSAN, KFENCE -> text.startsWith("==========");
            case LOCKDEP, LOCKUP, HUNG_TASK -> text.strip().equals("</TASK>");
            case null, default -> false;
        };
    }

    private Optional<Open> begin(
            Splat.Phase phase,
            @Nullable String test,
            Splat.@Nullable Kind kind,
            String title,
            String line,
            String text) {
        Open begun = new Open(phase, test);
        begun.kind = kind;
        begun.title = title;
        begun.line(line, text);
        open = begun;
        return Optional.of(begun);
    }

    /** Some reports have several lines that each could begin one. */
    private static boolean continues(Open current, Opening opening, String text) {
        return switch (opening.kind) {
            // "BUG: unable to handle …" and "kernel BUG at …" are followed by "Oops: …".
            case OOPS ->
                text.startsWith("Oops: ")
                        && (current.kind == Splat.Kind.OOPS
                                || current.kind == Splat.Kind.BUG
                                || current.kind == Splat.Kind.GPF);
            case RCU -> current.kind == Splat.Kind.RCU;
            case OUT_OF_MEMORY -> current.kind == Splat.Kind.OUT_OF_MEMORY;
            default -> false;
        };
    }
}
