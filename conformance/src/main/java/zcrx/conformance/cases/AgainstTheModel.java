// SPDX-License-Identifier: MIT
package zcrx.conformance.cases;

import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.Combinators;
import net.jqwik.api.ForAll;
import net.jqwik.api.Label;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import net.jqwik.api.lifecycle.AddLifecycleHook;
import zcrx.conformance.Full;
import zcrx.conformance.Paths;
import zcrx.conformance.PropertySeed;
import zcrx.conformance.Rule;
import zcrx.conformance.RunsOn;
import zcrx.conformance.RunsOn.Scope;
import zcrx.conformance.Subject;
import zcrx.fixtures.abi.Zcrx;
import zcrx.fixtures.model.InstanceModel;
import zcrx.fixtures.ring.Cqe;
import zcrx.fixtures.ring.RuleViolation;
import zcrx.fixtures.sys.Errno;
import zcrx.fixtures.sys.Memory;
import zcrx.fixtures.zcrx.Session;

/** Random sequences of what user space can do, each followed by a look at whether the kernel did what the model says. */
@Subject("fire-once and re-arm")
@AddLifecycleHook(PropertySeed.class)
@RunsOn(Scope.EVERY_PATH)
class AgainstTheModel {
    private static final int BUFFERS = 16;
    private static final int ENTRIES = 32;

    /** What user space can do. */
    enum Action {
        SEND,
        GIVE_BACK,
        FLUSH,
        ARM_COPY,
        ARM_ALLOC_FAIL
    }

    /**
     * One step of a sequence.
     *
     * @param amount pages for SEND, buffers for GIVE_BACK
     */
    record Step(Action action, int amount) {
        @Override
        public String toString() {
            return switch (action) {
                case SEND -> "send " + amount + " pages";
                case GIVE_BACK -> "give back " + amount;
                case FLUSH -> "flush";
                case ARM_COPY -> "arm COPY";
                case ARM_ALLOC_FAIL -> "arm ALLOC_FAIL";
            };
        }
    }

    @Provide
    Arbitrary<List<Step>> steps() {
        Arbitrary<Action> action = Arbitraries.frequency(
                net.jqwik.api.Tuple.of(4, Action.SEND),
                net.jqwik.api.Tuple.of(3, Action.GIVE_BACK),
                net.jqwik.api.Tuple.of(2, Action.FLUSH),
                net.jqwik.api.Tuple.of(2, Action.ARM_COPY),
                net.jqwik.api.Tuple.of(1, Action.ARM_ALLOC_FAIL));
        return Combinators.combine(action, Arbitraries.integers().between(1, 5))
                .as(Step::new)
                .list()
                .ofMinSize(1)
                .ofMaxSize(20);
    }

    @Full
    @Property(tries = 120)
    @Rule("ARM-010")
    @Label("whatever is done in whatever order, events, latches and buffers are as the model says")
    void sequences(@ForAll("steps") List<Step> steps, @ForAll boolean subscribed) {
        int mask = subscribed ? Zcrx.EVENT_TYPE_MASK : 1 << Zcrx.EVENT_ALLOC_FAIL;
        var model = new InstanceModel(BUFFERS, mask);
        try (Session session = Session.open(
                Paths.current().copying(ENTRIES, BUFFERS).events(mask).stats())) {
            var run = new Run(session, model);
            session.startReceiving();
            for (Step step : steps) {
                run.take(step);
            }
        }
    }

    private static final class Run {
        private final Session session;
        private final InstanceModel model;
        private final Deque<Cqe> held = new ArrayDeque<>();
        private int seen;

        Run(Session session, InstanceModel model) {
            this.session = session;
            this.model = model;
        }

        void take(Step step) {
            switch (step.action) {
                case SEND -> {
                    // What does not fit waits in the socket; more than it can take would be the sender's business.
                    if (session.tcp().sent() - session.received() < 8L * Memory.PAGE_SIZE) {
                        session.send(step.amount * Memory.PAGE_SIZE);
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
                case ARM_COPY -> arm(Zcrx.EVENT_COPY);
                case ARM_ALLOC_FAIL -> arm(Zcrx.EVENT_ALLOC_FAIL);
            }
            if (session.terminal() != null) {
                session.startReceiving();
            }
            session.receiveAll();
            observe(step);
        }

        private void arm(int type) {
            boolean accepted = model.arm(type);
            session.instance().arm(type).mustBe(accepted ? 0 : Errno.EINVAL.result());
        }

        private void observe(Step step) {
            List<Cqe> log = session.log();
            for (Cqe cqe : log.subList(seen, log.size())) {
                if (!session.isEvent(cqe) && cqe.more()) {
                    model.delivered(buffer(cqe)).ifPresent(wrong -> {
                        throw violation(wrong, step);
                    });
                    model.happened(Zcrx.EVENT_COPY);
                }
            }
            seen = log.size();
            held.addAll(session.takeHeld());
            Cqe end = session.terminal();
            if (end != null && (end.res() != Errno.ENOMEM.result() || !model.exhausted())) {
                throw violation("the receive ended with " + end, step);
            }
            int due = model.takeDueEvents();
            int came = session.takeEvents().size();
            if (due != came) {
                throw violation(came + " events came, expected " + due, step);
            }
        }

        private RuleViolation violation(String what, Step step) {
            return new RuleViolation(what + "\nafter: " + step + "; the model has " + model);
        }

        private static int buffer(Cqe cqe) {
            return (int) ((cqe.extra0() & Zcrx.OFFSET_MASK) / Memory.PAGE_SIZE);
        }
    }
}
