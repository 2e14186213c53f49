// SPDX-License-Identifier: MIT
package zcrx.reports.prove;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import zcrx.vm.program.ProgramGuest.Result;

/**
 * Which faults C programs tell from none.
 *
 * @param kernel release
 * @param rows a row for each fault that was caught, in the order of the file
 */
public record ReproductionTable(String kernel, List<Reproduction> rows) {
    public ReproductionTable {
        rows = List.copyOf(rows);
    }

    public long toldApart() {
        return rows.stream().filter(Reproduction::isToldApart).count();
    }

    /** Such as {@code 180 of 200 caught faults are told apart by a C program}. */
    public String summary() {
        return toldApart() + " of " + rows.size() + " caught faults are told apart by a C program";
    }

    /** For a reader: how many of each section, and a row for each fault. */
    public String markdown() {
        var text = new StringBuilder("Kernel " + kernel + ". " + summary() + ".\n\n");
        text.append("| section | caught | told apart |\n|---|---|---|\n");
        rows.stream()
                .collect(Collectors.groupingBy(r -> r.fault().section(), LinkedHashMap::new, Collectors.toList()))
                .forEach((section, of) -> text.append(String.format(
                        Locale.ROOT,
                        "| %s | %d | %d |%n",
                        section,
                        of.size(),
                        of.stream().filter(Reproduction::isToldApart).count())));
        text.append("\n| fault | section | test | rules | with the fault | without | verdict |\n");
        text.append("|---|---|---|---|---|---|---|\n");
        for (Reproduction r : rows) {
            text.append(String.format(
                    Locale.ROOT,
                    "| %s | %s | %s | %s | %s | %s | %s |%n",
                    r.fault().name(),
                    r.fault().section(),
                    r.test(),
                    String.join(", ", r.rules()),
                    cell(r.faulty()),
                    cell(r.good()),
                    word(r) + (r.reason().isEmpty() ? "" : ": " + Formats.cell(r.reason()))));
        }
        return text.toString();
    }

    /** As the table and the terminal have it. */
    public static String word(Reproduction r) {
        return r.isToldApart() ? "told apart" : "not";
    }

    private static String cell(@Nullable Result result) {
        return result == null ? "-" : result.status() + ", " + Formats.cell(result.said());
    }

    /** For programs. */
    public String json() {
        Map<String, Object> all = new LinkedHashMap<>();
        all.put("kernel", kernel);
        all.put("told_apart", toldApart());
        all.put("faults", rows.stream().map(ReproductionTable::entry).toList());
        return Formats.json(all);
    }

    private static Map<String, Object> entry(Reproduction r) {
        Map<String, Object> entry = new LinkedHashMap<>();
        entry.put("name", r.fault().name());
        entry.put("section", r.fault().section());
        entry.put("test", r.test());
        entry.put("rules", r.rules());
        entry.put("faulty", r.faulty());
        entry.put("good", r.good());
        entry.put("told_apart", r.isToldApart());
        entry.put("reason", Optional.of(r.reason()).filter(t -> !t.isEmpty()).orElse(null));
        return entry;
    }
}
