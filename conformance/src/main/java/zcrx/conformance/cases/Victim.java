// SPDX-License-Identifier: MIT
package zcrx.conformance.cases;

import java.util.ArrayList;
import java.util.List;
import zcrx.fixtures.abi.Dialect;
import zcrx.fixtures.abi.Zcrx;
import zcrx.fixtures.ring.Ring;
import zcrx.fixtures.ring.Ring.CqeFormat;
import zcrx.fixtures.sys.Memory;
import zcrx.fixtures.traffic.TcpPair;
import zcrx.fixtures.zcrx.Exported;
import zcrx.fixtures.zcrx.Instance;
import zcrx.fixtures.zcrx.Registration;
import zcrx.fixtures.zcrx.Session;

/**
 * A process that is to be killed in the middle of what it does: each of its threads does one thing, over and over, and
 * says so when it has done it for the first time.
 */
final class Victim {
    private static final int PIECE = 3 * Memory.PAGE_SIZE;

    private Victim() {}

    /** What its threads do when it is given no queue. */
    @SuppressWarnings("ImmutableEnumChecker") // lambdas without state
    enum Work {
        RECEIVE(Victim::receive),
        ARM(Victim::arm),
        FLUSH(Victim::flush),
        EXPORT(Victim::export),
        CLOSE(Victim::close);

        private final Runnable body;

        Work(Runnable body) {
            this.body = body;
        }
    }

    /** Arguments: a dialect; and none, or a device and one of its queues, which it takes and keeps. */
    public static void main(String[] args) {
        Dialect.speak(Dialect.of(args[0]).orElseThrow());
        if (args.length == 1) {
            for (Work work : Work.values()) {
                start(work.body);
            }
        } else {
            start(() -> keep(Integer.parseInt(args[1]), Integer.parseInt(args[2])));
        }
    }

    private static void start(Runnable work) {
        Thread.ofPlatform().start(() -> OtherProcess.telling(work));
    }

    private static synchronized void say(String line) {
        System.out.println(line);
        System.out.flush();
    }

    private static Session session() {
        return Session.open(Registration.nodev().events(Zcrx.EVENT_TYPE_MASK).stats());
    }

    @SuppressWarnings("InfiniteLoopStatement")
    private static void forEver(Runnable round, Work work) {
        round.run();
        say(work.name());
        while (true) {
            round.run();
        }
    }

    private static void receive() {
        try (Session session = session()) {
            session.startReceiving();
            forEver(
                    () -> {
                        session.transfer(1, PIECE);
                        session.giveBackAll();
                    },
                    Work.RECEIVE);
        }
    }

    private static void arm() {
        try (Session session = session()) {
            session.startReceiving();
            forEver(
                    () -> {
                        session.transfer(1, PIECE);
                        session.giveBackAll();
                        session.settle();
                        session.arm(Zcrx.EVENT_COPY);
                    },
                    Work.ARM);
        }
    }

    private static void flush() {
        try (Session session = session()) {
            session.startReceiving();
            session.transfer(4, PIECE);
            forEver(
                    () -> {
                        // The kernel refuses most of them, which takes as much of it.
                        for (int page = 0; page < Registration.DEFAULT_AREA_PAGES; page++) {
                            session.instance().refill().push((long) page * Memory.PAGE_SIZE, Memory.PAGE_SIZE);
                        }
                        session.instance().flush().mustBe(0);
                    },
                    Work.FLUSH);
        }
    }

    private static void export() {
        try (Session session = session()) {
            forEver(
                    () -> {
                        try (Exported exported = Exported.of(session.instance());
                                Ring other = Ring.open(CqeFormat.CQE_MIXED)) {
                            exported.importOn(other);
                        }
                    },
                    Work.EXPORT);
        }
    }

    private static void close() {
        forEver(
                () -> {
                    try (Session session = session()) {
                        session.startReceiving();
                        session.send(PIECE);
                        session.ring().runTaskWork();
                    }
                },
                Work.CLOSE);
    }

    private static void keep(int device, int queue) {
        Registration registration = Registration.queue(
                device, queue, TcpPair::open, 64, Memory.anonymous((long) Steered.PLENTY * Memory.PAGE_SIZE));
        try (Ring ring = Ring.open(CqeFormat.CQE32);
                Instance instance = Instance.register(ring, registration)) {
            List<Exported> kept = new ArrayList<>();
            forEver(
                    () -> {
                        if (kept.size() < 8) {
                            kept.add(Exported.of(instance));
                        }
                        instance.flush().mustBe(0);
                    },
                    Work.EXPORT);
        }
    }
}
