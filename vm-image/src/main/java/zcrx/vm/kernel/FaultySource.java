// SPDX-License-Identifier: MIT
package zcrx.vm.kernel;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.regex.MatchResult;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import zcrx.vm.CannotTestException;

/** A C file of the kernel that gets faults, each of which does nothing unless it is switched on. */
final class FaultySource {
    private static final Pattern TOKEN = Pattern.compile("\\w+|[^\\w\\s]");

    private final String path;
    private final String text;
    private final List<Change> changes = new ArrayList<>();

    /** As it is without faults. */
    FaultySource(String path, String text) {
        this.path = path;
        this.text = text;
    }

    /**
     * What becomes of a range of the text. Of an empty range something is put in front.
     *
     * @param before what is put in front, and around the range to its end
     */
    private record Change(int start, int end, Kind kind, String before, String after) {
        /** In the order in which they must stand when they begin at one place. */
        enum Kind {
            INSERT,
            SKIP,
            REPLACE
        }

        /** Never true of what sorts before it. */
        boolean holds(Change other) {
            return start <= other.start && other.end <= end && other.start < end;
        }
    }

    /** Finds the place of an edit, which must be there once. */
    void add(Fault fault, int number, Fault.Edit edit) {
        MatchResult body = only(function(edit.in()), 0, text.length(), fault, edit.in() + "()");
        int from = body.start(1);
        int to = body.end(1);
        String on = Fault.SWITCH + " == " + number;
        String at = edit.at();
        String replace = edit.replace();
        if (at != null) {
            from = only(tokens(at, false), from, to, fault, "'" + at + "' in " + edit.in() + "()")
                    .start();
        }
        if (replace != null) {
            String what = "'" + replace + "' in " + edit.in() + "()";
            Pattern pattern = tokens(replace, true);
            MatchResult range =
                    at == null ? only(pattern, from, to, fault, what) : first(pattern, from, to, fault, what);
            changes.add(new Change(
                    range.start(), range.end(), Change.Kind.REPLACE, "(" + on + " ? (" + edit.with() + ") : (", "))"));
        } else if (edit.skip()) {
            // Its own else takes nothing from an else that follows the statement.
            changes.add(new Change(from, from, Change.Kind.SKIP, "if (" + on + ") {} else ", ""));
        } else {
            if (isAllOfACondition(from)) {
                throw new CannotTestException(
                        "fault " + fault.name() + " does not fit this kernel: '" + at + "' in "
                                + edit.in() + "() of " + path
                                + " is all that a condition or a loop without braces has, so that nothing can stand before it; mend it in faults.yaml");
            }
            changes.add(new Change(from, from, Change.Kind.INSERT, "if (" + on + ") { " + edit.insert() + " } ", ""));
        }
    }

    /** Whether a statement is the body of an if, else or loop that has no braces. */
    private boolean isAllOfACondition(int statement) {
        String before = text.substring(0, statement).stripTrailing();
        while (before.endsWith("*/")) {
            before = before.substring(0, before.lastIndexOf("/*")).stripTrailing();
        }
        return before.endsWith(")") || before.endsWith("else") || before.endsWith("do");
    }

    /** With all the faults that were added. */
    String withFaults() {
        changes.sort(Comparator.comparingInt(Change::start)
                .thenComparing(Change::kind)
                .thenComparing(Comparator.comparingInt(Change::end).reversed()));
        for (Change one : changes) {
            for (Change other : changes) {
                if (one.start < other.start && other.start < one.end && one.end < other.end) {
                    throw new CannotTestException("two faults change overlapping parts of " + path + ": '"
                            + text.substring(one.start, one.end) + "' and '" + text.substring(other.start, other.end)
                            + "'; choose other ones in faults.yaml");
                }
            }
        }
        String changed = "extern int " + Fault.SWITCH + ";\n" + render(0, text.length(), changes);
        return path.equals(Fault.MAIN_FILE) ? changed + """

                        #include <linux/moduleparam.h>
                        int %1$s;
                        core_param(%1$s, %1$s, int, 0444);
                        """.formatted(Fault.SWITCH) : changed;
    }

    private String render(int from, int to, List<Change> all) {
        var out = new StringBuilder();
        var left = new ArrayList<>(all);
        int position = from;
        while (!left.isEmpty()) {
            Change next = left.removeFirst();
            List<Change> inside = left.stream().filter(next::holds).toList();
            left.removeAll(inside);
            out.append(text, position, next.start)
                    .append(next.before)
                    .append(next.start == next.end ? "" : render(next.start, next.end, inside))
                    .append(next.after);
            position = next.end;
        }
        return out.append(text, position, to).toString();
    }

    private MatchResult only(Pattern pattern, int from, int to, Fault fault, String what) {
        List<MatchResult> found =
                pattern.matcher(text).region(from, to).results().toList();
        if (found.size() != 1) {
            throw unfit(fault, what, found.isEmpty() ? "not there" : "there " + found.size() + " times");
        }
        return found.getFirst();
    }

    private MatchResult first(Pattern pattern, int from, int to, Fault fault, String what) {
        Matcher matcher = pattern.matcher(text).region(from, to);
        if (!matcher.find()) {
            throw unfit(fault, what, "not there");
        }
        return matcher.toMatchResult();
    }

    private CannotTestException unfit(Fault fault, String what, String how) {
        return new CannotTestException("fault " + fault.name() + " does not fit this kernel: " + what + " is " + how
                + " in " + path + ", expected once; mend it in faults.yaml");
    }

    /** A definition in the kernel's style: nothing before its first line, and the braces at the start of theirs. */
    private static Pattern function(String name) {
        return Pattern.compile(
                "^(?!#)\\S[^;{}]*?\\b" + Pattern.quote(name) + "\\([^;{}]*?\\)\\n\\{\\n(.*?)^}",
                Pattern.MULTILINE | Pattern.DOTALL);
    }

    /** Matches the text whatever the white space, and no part of a longer word. */
    private static Pattern tokens(String code, boolean toTheEndOfAWord) {
        String pattern = TOKEN.matcher(code)
                .results()
                .map(MatchResult::group)
                .map(Pattern::quote)
                .collect(Collectors.joining("\\s*"));
        boolean startsWithWord = Character.isJavaIdentifierPart(code.charAt(0));
        boolean endsWithWord = Character.isJavaIdentifierPart(code.charAt(code.length() - 1));
        return Pattern.compile(
                (startsWithWord ? "(?<!\\w)" : "") + pattern + (endsWithWord && toTheEndOfAWord ? "(?!\\w)" : ""));
    }
}
