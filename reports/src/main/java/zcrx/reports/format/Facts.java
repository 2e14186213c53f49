// SPDX-License-Identifier: MIT
package zcrx.reports.format;

import java.util.LinkedHashMap;
import java.util.Map;
import zcrx.reports.run.Run;
import zcrx.reports.run.Setup;

/** What has to be known about a run to repeat it, for the formats that have a place for names and values. */
final class Facts {
    private Facts() {}

    static Map<String, String> of(Run run) {
        Setup setup = run.setup();
        var facts = new LinkedHashMap<String, String>();
        facts.put("kernel", run.release());
        facts.put("kernel.origin", setup.origin());
        if (run.kernel() != null) {
            facts.put("kernel.version", run.kernel().version());
            facts.put("dialect", run.kernel().dialect());
            facts.put("features", String.join(" ", run.kernel().features()));
            facts.put("page_size", Integer.toString(run.kernel().pageSize()));
        }
        facts.put("host", setup.host());
        if (setup.qemu() != null) {
            facts.put("qemu", setup.qemu());
        }
        if (setup.accelerator() != null) {
            facts.put("accelerator", setup.accelerator());
        }
        facts.put("profile", setup.profile());
        if (!setup.selection().isEmpty()) {
            facts.put("selection", String.join(" ", setup.selection()));
        }
        facts.put("seed", Long.toString(setup.seed()));
        facts.put("zcrx-conformance", setup.version());
        if (!run.notes().isEmpty()) {
            facts.put("note", String.join("; ", run.notes()));
        }
        facts.put("verdict", run.verdict().word());
        return facts;
    }
}
