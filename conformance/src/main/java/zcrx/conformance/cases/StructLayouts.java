// SPDX-License-Identifier: MIT
package zcrx.conformance.cases;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.Optional;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import zcrx.conformance.Rule;
import zcrx.conformance.Subject;
import zcrx.fixtures.abi.Dialect;
import zcrx.fixtures.abi.StructType;
import zcrx.fixtures.abi.StructType.Field;
import zcrx.fixtures.abi.Zcrx;
import zcrx.fixtures.btf.Btf;
import zcrx.fixtures.btf.Btf.Member;
import zcrx.fixtures.probe.KernelProbe;

@Subject("layout queries")
class StructLayouts {
    private static Btf types() {
        Optional<Btf> types = KernelProbe.get().types();
        Check.needs(types.isPresent(), "the kernel has no BTF (CONFIG_DEBUG_INFO_BTF)");
        return types.orElseThrow();
    }

    @Test
    @Rule("LAY-001")
    @DisplayName("the structs have the sizes, fields and offsets that the kernel was built with")
    void structs() {
        Btf types = types();
        var wrong = new ArrayList<String>();
        var structs = new ArrayList<>(Dialect.spoken().structs());
        if (KernelProbe.get().canAddAreas()) {
            structs.add(Zcrx.CTRL_FOR_AREA);
        }
        for (StructType struct : structs) {
            var members = types.members(struct.name());
            if (members.isEmpty()) {
                wrong.add("struct " + struct.name() + " is not in the kernel's BTF");
                continue;
            }
            long size = types.sizeOf(struct.name()).orElseThrow();
            // Counters may be added behind those we know: that is what stats_size is for.
            boolean longer = struct.equals(Dialect.spoken().stats()) && size > struct.size();
            if (size != struct.size() && !longer) {
                wrong.add("struct " + struct.name() + " has " + size + " bytes, expected " + struct.size());
            }
            for (Field field : struct.fields()) {
                if (!members.get().contains(new Member(field.name(), field.offset(), field.size()))) {
                    wrong.add("struct " + struct.name() + " has no " + field + ", but "
                            + members.get().stream()
                                    .filter(m -> m.offset() == field.offset())
                                    .toList());
                }
            }
        }
        Check.that(wrong.isEmpty(), String.join("\n", wrong));
    }

    @Test
    @Rule("LAY-002")
    @DisplayName("flags, types and operations have the values that the kernel was built with")
    void enumerators() {
        Btf types = types();
        var wrong = new ArrayList<String>();
        var enumerators = new HashMap<>(Dialect.spoken().enumerators());
        if (KernelProbe.get().canAddAreas()) {
            enumerators.putAll(Zcrx.ADDED_ENUMERATORS);
        }
        enumerators.forEach((name, value) -> {
            var found = types.enumerator(name);
            if (found.isEmpty() || found.getAsLong() != value) {
                wrong.add(name + " is " + (found.isEmpty() ? "missing" : found.getAsLong()) + ", expected " + value);
            }
        });
        Check.that(wrong.isEmpty(), String.join("\n", wrong));
    }
}
