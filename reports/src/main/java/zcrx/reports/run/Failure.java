// SPDX-License-Identifier: MIT
package zcrx.reports.run;

import java.util.ArrayList;
import java.util.List;
import zcrx.conformance.results.ResultEvent;

/**
 * What is said of a test that failed, the same in every format.
 *
 * @param lines in the order in which they are read: the rules; the call, what came back and what was expected; the steps
 *     that led there; how to replay it
 * @param kernelLog of that moment
 */
public record Failure(List<String> lines, List<String> kernelLog) {
    private static final int LOG_LINES = 15;

    public Failure {
        lines = List.copyOf(lines);
        kernelLog = List.copyOf(kernelLog);
    }

    public static Failure of(Run.Test test, Catalogue catalogue) {
        var lines = new ArrayList<String>();
        for (String id : test.planned().requirements()) {
            lines.add(id + "  " + catalogue.get(id).rule());
        }
        lines.addAll(test.message().lines().toList());
        for (ResultEvent.Attachment a : test.attachments()) {
            if (a.name().equals(ResultEvent.Attachment.STEPS)) {
                lines.add("steps that led there");
                a.text().lines().map(line -> "  " + line).forEach(lines::add);
            }
        }
        lines.add("replay   " + test.setup().replay(test.id()));
        return new Failure(
                lines,
                test.splats().isEmpty()
                        ? end(test.kernelLog())
                        : test.splats().getFirst().lines().stream()
                                .limit(LOG_LINES)
                                .toList());
    }

    /** What is shown of a kernel log. */
    static List<String> end(List<String> log) {
        return log.subList(Math.max(0, log.size() - LOG_LINES), log.size());
    }

    /** With the kernel log behind. */
    public List<String> all() {
        var all = new ArrayList<>(lines);
        if (!kernelLog.isEmpty()) {
            all.add("kernel log");
            kernelLog.forEach(line -> all.add("  " + line));
        }
        return all;
    }
}
