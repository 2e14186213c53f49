// SPDX-License-Identifier: MIT
package zcrx.conformance.cases;

import java.lang.foreign.ValueLayout;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import zcrx.conformance.Evidence;
import zcrx.conformance.Rule;
import zcrx.conformance.Subject;
import zcrx.fixtures.abi.IoUring;
import zcrx.fixtures.abi.Struct;
import zcrx.fixtures.abi.StructType.Field;
import zcrx.fixtures.abi.Zcrx;
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
            for (Field field : Zcrx.CTRL_FOR_FLUSH.reserved()) {
                if (field.name().startsWith("__resv")) {
                    for (long i = field.offset(); i < field.offset() + field.size(); i++) {
                        Struct arg = flush(instance);
                        arg.memory().set(ValueLayout.JAVA_BYTE, i, (byte) 1);
                        Outcome outcome = instance.ctrl(arg);
                        if (outcome.result() == Errno.EFAULT.result()) {
                            Evidence.show("CTL-003", Evidence.Side.KERNELS, outcome.toString());
                        } else if (outcome.result() == Errno.EINVAL.result()) {
                            Evidence.show("CTL-003", Evidence.Side.DOCUMENT, outcome.toString());
                        }
                        outcome.mustBe(Errno.EFAULT);
                    }
                }
            }
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
            for (long op : new long[] {100, 0x7fff_ffffL, 0xffff_ffffL}) {
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
        withInstance(instance -> CompletableFuture.runAsync(() -> {
                    instance.flush().mustBe(Errno.EEXIST);
                    instance.arm(Zcrx.EVENT_COPY).mustBe(Errno.EEXIST);
                })
                .join());
    }

    @Test
    @Rule("CTL-009")
    @DisplayName("each reserved byte of the flush argument must be zero: EINVAL, and nothing is flushed")
    void flushReserved() {
        withInstance(instance -> {
            instance.refill().push(0, 0);
            for (Field field : Zcrx.CTRL_FOR_FLUSH.reserved()) {
                if (field.name().startsWith("zc_flush")) {
                    for (long i = field.offset(); i < field.offset() + field.size(); i++) {
                        Struct arg = flush(instance);
                        arg.memory().set(ValueLayout.JAVA_BYTE, i, (byte) 1);
                        instance.ctrl(arg).mustBe(Errno.EINVAL);
                    }
                }
            }
            Check.equal("head", 0, instance.refill().head());
            instance.flush().mustBe(0);
            Check.equal("head", 1, instance.refill().head());
        });
    }
}
