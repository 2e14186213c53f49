// SPDX-License-Identifier: MIT
package zcrx.reports.cli;

import java.io.PrintStream;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import tools.jackson.databind.PropertyNamingStrategies;
import tools.jackson.databind.SerializationFeature;
import tools.jackson.databind.json.JsonMapper;
import zcrx.fixtures.abi.Struct;
import zcrx.fixtures.probe.KernelProbe;
import zcrx.reports.run.ExitCode;

@Command(
        name = "probe",
        description = {
            "Says what the running kernel offers: features, dialect, sizes. Needs no rights.",
            "Ends with 0 when the suite has something to test here, with 4 when it has not."
        })
final class ProbeCommand implements Callable<Integer> {
    @Option(names = "--json", description = "One JSON object instead of a table.")
    private boolean json;

    /**
     * A line of the table.
     *
     * @param value what this kernel has, such as {@code yes} or a size
     * @param needs what a kernel must be to have it
     */
    private record Row(String feature, String value, String needs) {}

    @Override
    public Integer call() {
        KernelProbe probe = KernelProbe.get();
        List<Row> rows = rows(probe);
        if (json) {
            printJson(probe, rows, System.out);
        } else {
            printTable(probe, rows, System.out);
        }
        return (probe.unsupported().isEmpty() ? ExitCode.PASS : ExitCode.SKIP).number();
    }

    private static List<Row> rows(KernelProbe probe) {
        var rows = new ArrayList<Row>();
        rows.add(row("io_uring query", probe.opcodes().isPresent(), "6.18 or later"));
        rows.add(row("zcrx query", probe.zcrx().isPresent(), "6.19 or later"));
        rows.add(row("zcrx events and statistics", probe.event().isPresent(), "7.2 or later"));
        rows.add(new Row("dialect of the events", probe.dialect().word(), ""));
        rows.add(row("types of the kernel (BTF)", probe.types().isPresent(), "CONFIG_DEBUG_INFO_BTF"));
        List<String> features = probe.features();
        rows.add(row("receive without a device", features.contains("NODEV"), ""));
        rows.add(row("import by another ring", features.contains("IMPORT"), ""));
        rows.add(row("export", features.contains("EXPORT"), ""));
        rows.add(row("flush of the refill ring", features.contains("FLUSH_RQ"), ""));
        rows.add(row("receive buffers of a chosen size", features.contains("RX_PAGE_SIZE"), ""));
        rows.add(row("areas of dma-buf memory", features.contains("AREA_DMABUF"), ""));
        rows.add(row("arming of events", features.contains("ARM_EVENT"), "7.2 or later"));
        rows.add(row("adding of areas", features.contains("ADD_AREA"), "7.3 or later"));
        rows.add(size("size of the statistics", probe.event(), "stats_size"));
        rows.add(size("alignment of the statistics", probe.event(), "stats_off_alignment"));
        rows.add(size("size of the refill ring's header", probe.zcrx(), "rq_hdr_size"));
        rows.add(size("alignment of the refill ring's header", probe.zcrx(), "rq_hdr_alignment"));
        return rows;
    }

    private static Row row(String feature, boolean present, String needs) {
        return new Row(feature, present ? "yes" : "no", needs);
    }

    private static Row size(String feature, Optional<Struct> reported, String field) {
        return new Row(feature, reported.map(s -> s.get(field) + " bytes").orElse("unknown"), "");
    }

    private static void printTable(KernelProbe probe, List<Row> rows, PrintStream out) {
        print(out, new Row("feature", "this kernel", "needs"));
        rows.forEach(row -> print(out, row));
        out.println();
        out.println("kernel " + probe.release() + ": "
                + probe.unsupported().map(why -> "nothing to test, " + why).orElse("can be tested"));
    }

    private static void print(PrintStream out, Row row) {
        out.println(String.format(Locale.ROOT, "%-38s %-12s %s", row.feature(), row.value(), row.needs())
                .stripTrailing());
    }

    private static void printJson(KernelProbe probe, List<Row> rows, PrintStream out) {
        Map<String, Object> all = new LinkedHashMap<>();
        all.put("release", probe.release());
        all.put("version", probe.version());
        all.put("dialect", probe.dialect().word());
        all.put("features", probe.features());
        all.put("unsupported", probe.unsupported().orElse(null));
        all.put("table", rows);
        out.println(JsonMapper.builder()
                .propertyNamingStrategy(PropertyNamingStrategies.SNAKE_CASE)
                .enable(SerializationFeature.INDENT_OUTPUT)
                .build()
                .writeValueAsString(all));
    }
}
