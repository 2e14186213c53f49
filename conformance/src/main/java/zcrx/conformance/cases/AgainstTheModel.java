// SPDX-License-Identifier: MIT
package zcrx.conformance.cases;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.Combinators;
import net.jqwik.api.ForAll;
import net.jqwik.api.Label;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import net.jqwik.api.Tuple;
import net.jqwik.api.lifecycle.AddLifecycleHook;
import org.jspecify.annotations.Nullable;
import zcrx.conformance.Full;
import zcrx.conformance.Paths;
import zcrx.conformance.PropertySeed;
import zcrx.conformance.Rule;
import zcrx.conformance.RunsOn;
import zcrx.conformance.RunsOn.Scope;
import zcrx.conformance.Subject;
import zcrx.fixtures.abi.Struct;
import zcrx.fixtures.abi.Zcrx;
import zcrx.fixtures.model.InstanceModel;
import zcrx.fixtures.probe.KernelProbe;
import zcrx.fixtures.ring.Cqe;
import zcrx.fixtures.ring.Ring;
import zcrx.fixtures.ring.Ring.CqeFormat;
import zcrx.fixtures.ring.RuleViolation;
import zcrx.fixtures.sys.Errno;
import zcrx.fixtures.sys.Memory;
import zcrx.fixtures.zcrx.Exported;
import zcrx.fixtures.zcrx.Session;

/** Random sequences of what user space can do, each followed by a look at whether the kernel did what the model says. */
@Subject("fire-once and re-arm")
@AddLifecycleHook(PropertySeed.class)
@RunsOn(Scope.EVERY_PATH)
class AgainstTheModel {
    private static final int BUFFERS = 16;
    private static final int ENTRIES = 32;
    private static final int AREA_PAGES = 4;
    private static final int MAX_AREAS = 3;
    /** Of a completion ring that overflows now and then. */
    private static final int FEW_SLOTS = 4;

    private static final int MANY_SLOTS = 256;

    /** What user space can do. */
    enum Action {
        SEND,
        SEND_TO_IMPORTER,
        GIVE_BACK,
        FLUSH,
        ARM_COPY,
        ARM_ALLOC_FAIL,
        IMPORTER_ARMS,
        IMPORT,
        CLOSE_IMPORTER,
        ADD_AREA
    }

    /**
     * One step of a sequence.
     *
     * @param amount pages for the SENDs, buffers for GIVE_BACK
     */
    record Step(Action action, int amount) {
        @Override
        public String toString() {
            return switch (action) {
                case SEND -> "send " + amount + " pages";
                case SEND_TO_IMPORTER -> "send " + amount + " pages to the importer";
                case GIVE_BACK -> "give back " + amount;
                case FLUSH -> "flush";
                case ARM_COPY -> "arm COPY";
                case ARM_ALLOC_FAIL -> "arm ALLOC_FAIL";
                case IMPORTER_ARMS -> "the importer arms COPY";
                case IMPORT -> "another ring imports";
                case CLOSE_IMPORTER -> "close the importing ring";
                case ADD_AREA -> "add an area of " + AREA_PAGES + " pages";
            };
        }
    }

    @Provide
    Arbitrary<List<Step>> steps() {
        Arbitrary<Action> action = Arbitraries.frequency(
                Tuple.of(8, Action.SEND),
                Tuple.of(4, Action.SEND_TO_IMPORTER),
                Tuple.of(6, Action.GIVE_BACK),
                Tuple.of(4, Action.FLUSH),
                Tuple.of(4, Action.ARM_COPY),
                Tuple.of(1, Action.ARM_ALLOC_FAIL),
                Tuple.of(2, Action.IMPORTER_ARMS),
                Tuple.of(3, Action.IMPORT),
                Tuple.of(1, Action.CLOSE_IMPORTER),
                Tuple.of(2, Action.ADD_AREA));
        return Combinators.combine(action, Arbitraries.integers().between(1, 5))
                .as(Step::new)
                .list()
                .ofMinSize(1)
                .ofMaxSize(24);
    }

    @Full
    @Property(tries = 120)
    @Rule("ARM-010")
    @Label("whatever is done in whatever order, events, latches, counters and buffers are as the model says")
    void sequences(@ForAll("steps") List<Step> steps, @ForAll boolean subscribed, @ForAll boolean overflowing) {
        int mask = subscribed ? Zcrx.EVENT_TYPE_MASK : 1 << Zcrx.EVENT_ALLOC_FAIL;
        var registration =
                Paths.current().copying(ENTRIES, BUFFERS).events(mask).stats();
        try (Session session = Session.open(CqeFormat.CQE32, overflowing ? FEW_SLOTS : MANY_SLOTS, registration);
                var run = new Run(session, new InstanceModel(BUFFERS, mask), overflowing)) {
            for (Step step : steps) {
                run.take(step);
            }
        }
    }

    private static final class Run implements AutoCloseable {
        private final Session session;
        private final InstanceModel model;
        private final boolean overflowing;
        private final List<Step> taken = new ArrayList<>();
        private final Deque<Cqe> held = new ArrayDeque<>();
        private final List<Memory> areas = new ArrayList<>();
        private final Map<Session, Integer> seen = new HashMap<>();
        private @Nullable Ring importingRing;
        private @Nullable Session importer;

        Run(Session session, InstanceModel model, boolean overflowing) {
            this.session = session;
            this.model = model;
            this.overflowing = overflowing;
            session.startReceiving();
        }

        void take(Step step) {
            taken.add(step);
            switch (step.action) {
                case SEND -> send(session, step.amount);
                case SEND_TO_IMPORTER -> {
                    if (importer != null) {
                        send(importer, step.amount);
                    }
                }
                case GIVE_BACK -> {
                    for (int i = 0; i < step.amount && !held.isEmpty(); i++) {
                        Cqe cqe = held.remove();
                        session.instance().giveBack(cqe);
                        model.givenBack(buffer(cqe));
                    }
                }
                case FLUSH -> {
                    session.instance().flush().mustBe(0);
                    model.flushed();
                }
                case ARM_COPY -> arm(session, Zcrx.EVENT_COPY);
                case ARM_ALLOC_FAIL -> arm(session, Zcrx.EVENT_ALLOC_FAIL);
                case IMPORTER_ARMS -> {
                    if (importer != null) {
                        arm(importer, Zcrx.EVENT_COPY);
                    }
                }
                case IMPORT -> startImporting();
                case CLOSE_IMPORTER -> stopImporting();
                case ADD_AREA -> addArea();
            }
            // The creator comes last: events that the importer causes are due on its ring.
            if (importer != null) {
                observe(importer);
            }
            observe(session);
            model.counted(session.stats().count(), session.stats().bytes()).ifPresent(this::fail);
            int due = model.takeDueEvents();
            int came = session.takeEvents().size();
            if (due != came) {
                fail(came + " events came, expected " + due);
            }
        }

        private static void send(Session to, int pages) {
            // What does not fit waits in the socket; more than it can take would be the sender's business.
            if (to.tcp().sent() - to.received() < 8L * Memory.PAGE_SIZE) {
                to.send(pages * Memory.PAGE_SIZE);
            }
        }

        private void arm(Session by, int type) {
            boolean accepted = model.arm(type);
            by.instance().arm(type).mustBe(accepted ? 0 : Errno.EINVAL.result());
        }

        private void startImporting() {
            if (importer == null) {
                importingRing = Ring.open(CqeFormat.CQE_MIXED);
                try (Exported exported = Exported.of(session.instance())) {
                    importer = session.importedBy(importingRing, exported.importOn(importingRing));
                }
                importer.startReceiving();
            }
        }

        /** What it was given stays given. */
        private void stopImporting() {
            if (importer != null) {
                importer.close();
                importer = null;
            }
            if (importingRing != null) {
                importingRing.close();
                importingRing = null;
            }
        }

        private void addArea() {
            if (KernelProbe.get().canAddAreas() && areas.size() < MAX_AREAS) {
                Memory memory = Memory.anonymous((long) AREA_PAGES * Memory.PAGE_SIZE);
                areas.add(memory);
                Struct area = session.instance().areaArg(memory.segment());
                session.instance().addArea(area, memory.segment()).mustBe(0);
                if (importer != null) {
                    importer.instance().addArea(area.get("rq_area_token"), memory.segment());
                }
                model.added(AREA_PAGES);
            }
        }

        private void observe(Session one) {
            if (one.terminal() != null) {
                one.startReceiving();
            }
            one.receiveAll();
            List<Cqe> log = one.log();
            for (Cqe cqe : log.subList(seen.getOrDefault(one, 0), log.size())) {
                if (!one.isEvent(cqe) && cqe.more()) {
                    model.delivered(buffer(cqe), cqe.res()).ifPresent(this::fail);
                    model.happened(Zcrx.EVENT_COPY);
                }
            }
            seen.put(one, log.size());
            held.addAll(one.takeHeld());
            Cqe end = one.terminal();
            boolean noBuffer = end != null && end.res() == Errno.ENOMEM.result() && model.exhausted();
            boolean noSlot = end != null && end.res() == Errno.ENOSPC.result() && overflowing && one == session;
            if (end != null && !noBuffer && !noSlot) {
                fail("the receive ended with " + end);
            }
            if (one != session && !one.takeEvents().isEmpty()) {
                fail("an event came to the importer");
            }
        }

        private void fail(String what) {
            throw new RuleViolation(
                    what + "\nafter: " + taken.stream().map(Step::toString).collect(Collectors.joining(" · "))
                            + "\nthe model has " + model);
        }

        private static int buffer(Cqe cqe) {
            int page = (int) ((cqe.extra0() & Zcrx.OFFSET_MASK) / Memory.PAGE_SIZE);
            int area = (int) (cqe.extra0() >>> Zcrx.AREA_SHIFT);
            return area == 0 ? page : BUFFERS + (area - 1) * AREA_PAGES + page;
        }

        @Override
        public void close() {
            stopImporting();
            areas.forEach(Memory::close);
        }
    }
}
