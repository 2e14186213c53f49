// SPDX-License-Identifier: MIT
package zcrx.conformance.cases;

import java.lang.foreign.MemorySegment;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import zcrx.conformance.Evidence;
import zcrx.conformance.Full;
import zcrx.conformance.Rule;
import zcrx.conformance.Subject;
import zcrx.fixtures.abi.IoUring;
import zcrx.fixtures.abi.Struct;
import zcrx.fixtures.abi.Zcrx;
import zcrx.fixtures.probe.KernelProbe;
import zcrx.fixtures.ring.Outcome;
import zcrx.fixtures.ring.Ring;
import zcrx.fixtures.ring.Ring.CqeFormat;
import zcrx.fixtures.sys.Errno;
import zcrx.fixtures.sys.Memory;
import zcrx.fixtures.zcrx.Instance;
import zcrx.fixtures.zcrx.Registration;

@Subject("control operations")
class Control {
    private interface Body {
        void on(Instance instance);
    }

    private static void withInstance(Body body) {
        try (var registration = Registration.nodev(64, 8);
                Ring ring = Ring.open(CqeFormat.CQE32);
                Instance instance = Instance.register(ring, registration)) {
            body.on(instance);
        }
    }

    private static Struct flush(Instance instance) {
        return instance.ctrlArg(Zcrx.CTRL_FOR_FLUSH, Zcrx.CTRL_FLUSH_RQ);
    }

    @Test
    @Rule("CTL-001")
    @DisplayName("nr_args other than 0 is EINVAL")
    void numberOfArguments() {
        withInstance(instance -> {
            Struct arg = flush(instance);
            for (int nrArgs : new int[] {1, 2, -1}) {
                instance.ring()
                        .register("ZCRX_CTRL", IoUring.REGISTER_ZCRX_CTRL, arg.address(), nrArgs, arg)
                        .mustBe(Errno.EINVAL);
            }
        });
    }

    @Test
    @Rule("CTL-002")
    @DisplayName("an argument that cannot be read is EFAULT")
    void badPointer() {
        withInstance(instance -> {
            try (Memory room = Memory.anonymous(Memory.PAGE_SIZE)) {
                for (long bad : new long[] {0, 8, room.address() + room.size() - Zcrx.CTRL_FOR_FLUSH.size() + 1}) {
                    instance.ring()
                            .register("ZCRX_CTRL", IoUring.REGISTER_ZCRX_CTRL, bad, 0, null)
                            .mustBe(Errno.EFAULT);
                }
            }
        });
    }

    @Test
    @Rule("CTL-003")
    @DisplayName("each reserved byte of struct zcrx_ctrl must be zero: EFAULT, of all errors")
    void reserved() {
        withInstance(instance -> {
            Struct arg = flush(instance);
            Check.eachByte(arg, "__resv", () -> {
                Outcome outcome = instance.ctrl(arg);
                if (outcome.result() == Errno.EFAULT.result()) {
                    Evidence.show("CTL-003", Evidence.Side.KERNELS, outcome.toString());
                } else if (outcome.result() == Errno.EINVAL.result()) {
                    Evidence.show("CTL-003", Evidence.Side.DOCUMENT, outcome.toString());
                }
                outcome.mustBe(Errno.EFAULT);
            });
        });
    }

    @Test
    @Rule("CTL-004")
    @DisplayName("an id that is no instance's is ENXIO")
    void unknownId() {
        withInstance(instance -> {
            for (long id : new long[] {instance.id() + 1, 0x7fff_ffffL, 0xffff_ffffL}) {
                instance.ctrl(flush(instance).set("zcrx_id", id)).mustBe(Errno.ENXIO);
            }
            for (int bit = 0; bit < 32; bit++) {
                instance.ctrl(flush(instance).set("zcrx_id", instance.id() ^ 1L << bit))
                        .mustBe(Errno.ENXIO);
            }
        });
        try (Ring ring = Ring.open(CqeFormat.CQE32);
                Memory arg = Memory.anonymous(Memory.PAGE_SIZE)) {
            Struct ctrl = Struct.at(Zcrx.CTRL_FOR_FLUSH, arg.segment());
            ring.register("ZCRX_CTRL", IoUring.REGISTER_ZCRX_CTRL, ctrl.address(), 0, ctrl)
                    .mustBe(Errno.ENXIO);
        }
    }

    @Test
    @Rule("CTL-005")
    @DisplayName("an unknown operation is EOPNOTSUPP")
    void unknownOperation() {
        withInstance(instance -> {
            for (long op : new long[] {100, 1 << 16 | Zcrx.CTRL_FLUSH_RQ, 0x7fff_ffffL, 0xffff_ffffL}) {
                instance.ctrl(flush(instance).set("op", op)).mustBe(Errno.EOPNOTSUPP);
            }
        });
    }

    @Test
    @Rule("CTL-006")
    @DisplayName("the reserved words are looked at before the id, and the id before the operation")
    void orderOfChecks() {
        withInstance(instance -> {
            Struct arg = flush(instance).set("op", 100).set("zcrx_id", 77);
            instance.ctrl(arg).mustBe(Errno.ENXIO);
            instance.ctrl(arg.set("__resv[0]", 1)).mustBe(Errno.EFAULT);
            // So is it before the operation's own argument.
            instance.ctrl(instance.armArg(77).set("zcrx_id", 77)).mustBe(Errno.ENXIO);
        });
    }

    @Test
    @Rule("CTL-007")
    @DisplayName("there is no control without a ring: fd -1 is EINVAL")
    void withoutARing() {
        withInstance(instance -> {
            Struct arg = flush(instance);
            Ring.register(-1, "ZCRX_CTRL", IoUring.REGISTER_ZCRX_CTRL, arg.address(), 0, arg)
                    .mustBe(Errno.EINVAL);
        });
    }

    @Test
    @Rule("CTL-008")
    @DisplayName("only the thread that submits to the ring may control: EEXIST for another")
    void otherThread() {
        withInstance(instance -> Check.inAnotherThread(() -> {
            instance.flush().mustBe(Errno.EEXIST);
            instance.arm(Zcrx.EVENT_COPY).mustBe(Errno.EEXIST);
        }));
    }

    @Test
    @Rule("CTL-009")
    @DisplayName("each reserved byte of the flush argument must be zero: EINVAL, and nothing is flushed")
    void flushReserved() {
        withInstance(instance -> {
            instance.refill().push(0, Memory.PAGE_SIZE);
            Struct arg = flush(instance);
            Check.eachByte(arg, "zc_flush", () -> instance.ctrl(arg).mustBe(Errno.EINVAL));
            Check.equal("head", 0, instance.refill().head());
            instance.flush().mustBe(0);
            Check.equal("head", 1, instance.refill().head());
        });
    }

    /** An instance, and an area that can be added to it. */
    private interface AreaBody {
        void on(Instance instance, Struct area, Memory memory);
    }

    private static void withArea(AreaBody body) {
        Check.needsAddArea();
        withInstance(instance -> {
            try (Memory memory = Memory.anonymous(4L * Memory.PAGE_SIZE)) {
                body.on(instance, instance.areaArg(memory.segment()), memory);
            }
        });
    }

    private static void added(Instance instance, Struct area, Memory memory, long number) {
        instance.addArea(area, memory.segment()).mustBe(0);
        Check.equal("token of area " + number, number << Zcrx.AREA_SHIFT, area.get("rq_area_token"));
    }

    @Test
    @Rule("CTL-010")
    @DisplayName("each reserved byte of the add-area argument must be zero: EINVAL, and nothing is added")
    void areaReserved() {
        withArea((instance, area, memory) -> {
            Struct arg =
                    instance.ctrlArg(Zcrx.CTRL_FOR_AREA, Zcrx.CTRL_ADD_AREA).set("zc_area.area_ptr", area.address());
            Check.eachByte(arg, "zc_area.__resv", () -> instance.ctrl(arg).mustBe(Errno.EINVAL));
            added(instance, area, memory, 1);
        });
    }

    @Test
    @Rule("CTL-011")
    @DisplayName("an area to be added that cannot be read, or not be written, is EFAULT, and nothing is added")
    void areaPointers() {
        withArea((instance, area, memory) -> {
            try (Memory room = Memory.anonymous(Memory.PAGE_SIZE)) {
                Struct arg = instance.ctrlArg(Zcrx.CTRL_FOR_AREA, Zcrx.CTRL_ADD_AREA);
                long end = room.address() + room.size();
                for (long bad : new long[] {0, 8, end, end - area.type().size() + 1}) {
                    instance.ctrl(arg.set("zc_area.area_ptr", bad)).mustBe(Errno.EFAULT);
                    // Reserved words come later.
                    instance.ctrl(arg.set("zc_area.__resv[0]", 1)).mustBe(Errno.EFAULT);
                    arg.set("zc_area.__resv[0]", 0);
                }
                MemorySegment copy =
                        room.segment().asSlice(room.size() - area.type().size());
                copy.copyFrom(area.memory().asSlice(0, copy.byteSize()));
                room.readOnly();
                instance.ctrl(arg.set("zc_area.area_ptr", copy.address())).mustBe(Errno.EFAULT);
            }
            added(instance, area, memory, 1);
        });
    }

    @Test
    @Rule("CTL-012")
    @DisplayName("what makes an area of a registration invalid makes one that is added so, with the same error")
    void areaFields() {
        withArea((instance, area, memory) -> {
            Runnable invalid = () -> {
                instance.addArea(area, memory.segment()).mustBe(Errno.EINVAL);
                area.set("rq_area_token", 0);
            };
            Check.eachByte(area, "__resv2", invalid);
            Check.eachByte(area, "dmabuf_fd", invalid);
            bent(instance, area, "flags", Errno.EINVAL, Zcrx.AREA_DMABUF);
            Check.eachBitBut(KernelProbe.get().areaFlags(), flag -> bent(instance, area, "flags", Errno.EINVAL, flag));
            bent(instance, area, "len", Errno.EINVAL, memory.size() - 8, 1L << 63);
            bent(instance, area, "addr", Errno.EINVAL, memory.address() + 8);
            bent(instance, area, "len", Errno.EFAULT, 0, memory.size() + Memory.PAGE_SIZE);
            bent(instance, area, "addr", Errno.EFAULT, 0, memory.address() - Memory.PAGE_SIZE);
            bent(instance, area, "addr", Errno.EOVERFLOW, -Memory.PAGE_SIZE);
            added(instance, area, memory, 1);
        });
    }

    /** Bends a field; the area is refused, and afterwards as it was. */
    private static void bent(Instance instance, Struct area, String field, Errno expected, long... values) {
        long right = area.get(field);
        for (long value : values) {
            instance.addArea(area.set(field, value), MemorySegment.NULL).mustBe(expected);
            area.set("rq_area_token", 0);
        }
        area.set(field, right);
    }

    @Test
    @Rule("CTL-013")
    @DisplayName("the token of an area to be added must be zero: EINVAL, also if the kernel wrote it before it refused")
    void areaToken() {
        withArea((instance, area, memory) -> {
            for (long token : new long[] {1, 1L << Zcrx.AREA_SHIFT, -1}) {
                instance.addArea(area.set("rq_area_token", token), memory.segment())
                        .mustBe(Errno.EINVAL);
            }
            area.set("rq_area_token", 0).set("addr", 0);
            Outcome refused = instance.addArea(area, memory.segment());
            refused.mustBe(Errno.EFAULT);
            if (area.get("rq_area_token") != 0) {
                Evidence.show("CTL-013", Evidence.Side.KERNELS, refused + "\nand left " + area);
            }
            Check.equal(
                    "token after a refusal",
                    1L << Zcrx.AREA_SHIFT,
                    area.set("addr", memory.address()).get("rq_area_token"));
            instance.addArea(area, memory.segment()).mustBe(Errno.EINVAL);
            added(instance, area.set("rq_area_token", 0), memory, 1);
        });
    }

    @Test
    @Full
    @Rule({"CTL-014", "REG-027"})
    @DisplayName("an instance has at most 1024 areas, numbered in order; one more is EINVAL, and is not kept")
    void manyAreas() {
        long pinned = Pinned.settled();
        withArea((instance, area, memory) -> {
            for (int number = 1; number < Zcrx.MAX_AREAS; number++) {
                added(instance, area.set("rq_area_token", 0), memory, number);
            }
            instance.addArea(area.set("rq_area_token", 0), memory.segment()).mustBe(Errno.EINVAL);
            instance.flush().mustBe(0);
        });
        Pinned.awaitBack(pinned);
    }
}
