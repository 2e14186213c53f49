// SPDX-License-Identifier: MIT
package zcrx.conformance.cases;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import zcrx.conformance.Rule;
import zcrx.conformance.Subject;
import zcrx.fixtures.abi.IoUring;
import zcrx.fixtures.abi.StructType;
import zcrx.fixtures.abi.StructType.Field;
import zcrx.fixtures.abi.Zcrx;
import zcrx.fixtures.btf.Btf;
import zcrx.fixtures.btf.Btf.Member;
import zcrx.fixtures.probe.KernelProbe;

@Subject("layout queries")
class StructLayouts {
    private static final List<StructType> STRUCTS = List.of(
            Zcrx.EVENT_DESC,
            Zcrx.STATS,
            Zcrx.IFQ_REG,
            Zcrx.OFFSETS,
            Zcrx.AREA_REG,
            Zcrx.RQE,
            Zcrx.CTRL_FOR_FLUSH,
            Zcrx.CTRL_FOR_EXPORT,
            Zcrx.CTRL_FOR_ARM,
            Zcrx.QUERY,
            Zcrx.QUERY_EVENT,
            IoUring.QUERY_HDR,
            IoUring.QUERY_OPCODE,
            IoUring.REGION_DESC,
            IoUring.PARAMS,
            IoUring.GETEVENTS_ARG);

    private static final Map<String, Long> ENUMERATORS = Map.ofEntries(
            Map.entry("ZCRX_EVENT_ALLOC_FAIL", (long) Zcrx.EVENT_ALLOC_FAIL),
            Map.entry("ZCRX_EVENT_COPY", (long) Zcrx.EVENT_COPY),
            Map.entry("ZCRX_EVENT_DESC_FLAG_STATS", (long) Zcrx.EVENT_DESC_FLAG_STATS),
            Map.entry("ZCRX_FEATURE_EVENT", (long) Zcrx.FEATURE_EVENT),
            Map.entry("ZCRX_FEATURE_RX_PAGE_SIZE", (long) Zcrx.FEATURE_RX_PAGE_SIZE),
            Map.entry("ZCRX_REG_IMPORT", (long) Zcrx.REG_IMPORT),
            Map.entry("ZCRX_REG_NODEV", (long) Zcrx.REG_NODEV),
            Map.entry("ZCRX_CTRL_FLUSH_RQ", (long) Zcrx.CTRL_FLUSH_RQ),
            Map.entry("ZCRX_CTRL_EXPORT", (long) Zcrx.CTRL_EXPORT),
            Map.entry("ZCRX_CTRL_ARM_EVENT", (long) Zcrx.CTRL_ARM_EVENT),
            Map.entry("IO_URING_QUERY_ZCRX", (long) IoUring.QUERY_ZCRX),
            Map.entry("IO_URING_QUERY_ZCRX_EVENT", (long) IoUring.QUERY_ZCRX_EVENT),
            Map.entry("IORING_REGISTER_ZCRX_IFQ", (long) IoUring.REGISTER_ZCRX_IFQ),
            Map.entry("IORING_REGISTER_ZCRX_CTRL", (long) IoUring.REGISTER_ZCRX_CTRL),
            Map.entry("IORING_REGISTER_QUERY", (long) IoUring.REGISTER_QUERY));

    private static Btf types() throws IOException {
        Check.needs(KernelProbe.get().hasBtf(), "the kernel has no BTF (CONFIG_DEBUG_INFO_BTF)");
        return Btf.read(
                Btf.RUNNING_KERNEL,
                Stream.concat(STRUCTS.stream().map(StructType::name), ENUMERATORS.keySet().stream())
                        .toList());
    }

    @Test
    @Rule("LAY-001")
    @DisplayName("the structs have the sizes, fields and offsets that the kernel was built with")
    void structs() throws IOException {
        Btf types = types();
        var wrong = new ArrayList<String>();
        for (StructType struct : STRUCTS) {
            var members = types.members(struct.name());
            if (members.isEmpty()) {
                wrong.add("struct " + struct.name() + " is not in the kernel's BTF");
                continue;
            }
            long size = types.sizeOf(struct.name()).orElseThrow();
            if (size != struct.size()) {
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
    void enumerators() throws IOException {
        Btf types = types();
        var wrong = new ArrayList<String>();
        ENUMERATORS.forEach((name, value) -> {
            var found = types.enumerator(name);
            if (found.isEmpty() || found.getAsLong() != value) {
                wrong.add(name + " is " + (found.isEmpty() ? "missing" : found.getAsLong()) + ", expected " + value);
            }
        });
        Check.that(wrong.isEmpty(), String.join("\n", wrong));
    }
}
