// SPDX-License-Identifier: MIT
package zcrx.reports.prove;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.stream.Collectors;
import zcrx.reports.prove.Proof.Outcome;
import zcrx.reports.run.Verdict;

/**
 * What came of all faults.
 *
 * @param kernel release
 * @param control verdict on the kernel with no fault switched on
 * @param asked how many faults were to be tried
 * @param proofs of those that were, in the order of the file
 */
public record ProofTable(String kernel, Verdict control, int asked, List<Proof> proofs) {
    public ProofTable {
        proofs = List.copyOf(proofs);
    }

    public long count(Outcome outcome) {
        return proofs.stream().filter(p -> p.outcome() == outcome).count();
    }

    /** Such as {@code 210 caught, 1 misattributed, 1 missed of 212 faults}. */
    public String summary() {
        var counts = new LinkedHashMap<String, Long>();
        for (Outcome outcome : Outcome.values()) {
            counts.put(outcome.word(), count(outcome));
        }
        counts.put("not tried", (long) (asked - proofs.size()));
        return counts.entrySet().stream()
                        .filter(e -> e.getValue() > 0)
                        .map(e -> e.getValue() + " " + e.getKey())
                        .collect(Collectors.joining(", "))
                + " of " + asked + (asked == 1 ? " fault" : " faults");
    }

    /** For a reader; a row for each fault. */
    public String markdown() {
        var text = new StringBuilder();
        text.append("Kernel ")
                .append(kernel)
                .append(". Control: ")
                .append(control.word())
                .append(". ");
        text.append(summary()).append(".\n\n");
        text.append("| fault | section | breaks | outcome | first broken | tests that failed | in | s |\n");
        text.append("|---|---|---|---|---|---|---|---|\n");
        for (Proof p : proofs) {
            text.append(String.format(
                    Locale.ROOT,
                    "| %s | %s | %s | %s | %s | %s | %s | %d |%n",
                    p.fault().name(),
                    p.fault().section(),
                    String.join(", ", p.fault().breaks()),
                    p.outcome().word() + (p.reason().isEmpty() ? "" : ": " + Formats.cell(p.reason())),
                    String.join(", ", p.broken()),
                    String.join(", ", p.tests()),
                    p.stage(),
                    Math.round(p.durationMs() / 1000.0)));
        }
        return text.toString();
    }

    /** For programs. */
    public String json() {
        Map<String, Object> all = new LinkedHashMap<>();
        all.put("kernel", kernel);
        all.put("control", control.word());
        all.put("asked", asked);
        all.put("faults", proofs.stream().map(ProofTable::entry).toList());
        return Formats.json(all);
    }

    private static Map<String, Object> entry(Proof p) {
        Map<String, Object> entry = new LinkedHashMap<>();
        entry.put("name", p.fault().name());
        entry.put("section", p.fault().section());
        entry.put("wrong", p.fault().wrong());
        entry.put("breaks", p.fault().breaks());
        entry.put("outcome", p.outcome().word());
        entry.put("first_broken", p.broken());
        entry.put("tests", p.tests());
        entry.put("stage", p.stage());
        entry.put("reason", p.reason());
        entry.put("duration_ms", p.durationMs());
        return entry;
    }
}
