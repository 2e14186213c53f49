// SPDX-License-Identifier: MIT
package zcrx.conformance.cases;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import zcrx.conformance.Full;
import zcrx.conformance.Paths;
import zcrx.conformance.Rule;
import zcrx.conformance.RunsOn;
import zcrx.conformance.RunsOn.Scope;
import zcrx.conformance.Subject;
import zcrx.fixtures.abi.Dialect;
import zcrx.fixtures.abi.Zcrx;
import zcrx.fixtures.path.NetdevPath;
import zcrx.fixtures.ring.Cqe;
import zcrx.fixtures.ring.Outcome;
import zcrx.fixtures.ring.Ring;
import zcrx.fixtures.ring.Ring.CqeFormat;
import zcrx.fixtures.sys.Errno;
import zcrx.fixtures.sys.Memory;
import zcrx.fixtures.traffic.Pattern;
import zcrx.fixtures.traffic.TcpPair;
import zcrx.fixtures.zcrx.Exported;
import zcrx.fixtures.zcrx.Registration;
import zcrx.fixtures.zcrx.Session;

@Subject("threads, processes and their ends")
class Concurrency {
    private static final int COPY = 1 << Zcrx.EVENT_COPY;
    private static final int PIECE = 2 * Memory.PAGE_SIZE;
    private static final int BUFFERS = 48;
    private static final int WORKERS = 3;
    private static final int ROUNDS = 40;

    /** What the threads of a test share. The refill ring has one producer at a time, as user space must see to. */
    private static final class Shared {
        private final Session creator;
        private final Exported exported;
        private final AtomicInteger armed = new AtomicInteger();

        Shared(Session creator, Exported exported) {
            this.creator = creator;
            this.exported = exported;
        }

        synchronized int importOn(Ring ring) {
            return exported.importOn(ring);
        }

        synchronized void giveBack(Session session) {
            session.giveBack(Integer.MAX_VALUE);
        }

        void round(Session session, int bytes) {
            session.transfer(1, bytes);
            giveBack(session);
            session.instance().flush().mustBe(0);
            Outcome outcome = session.instance().arm(Zcrx.EVENT_COPY);
            if (outcome.succeeded()) {
                armed.incrementAndGet();
            } else {
                // Another thread was faster, or nothing has fired since.
                outcome.mustBe(Errno.EINVAL);
            }
        }

        /** Imports, works, and gives everything back; says how much it received. */
        long work() {
            // A ring belongs to the thread that makes it.
            try (Ring ring = Ring.open(CqeFormat.CQE32);
                    Session session = creator.importedBy(ring, importOn(ring))) {
                session.startReceiving();
                for (int i = 0; i < ROUNDS; i++) {
                    round(session, PIECE + i);
                    if (i % 4 == 0) {
                        try (Exported again = Exported.of(session.instance());
                                Ring brief = Ring.open(CqeFormat.CQE_MIXED)) {
                            again.importOn(brief);
                        }
                    }
                }
                while (session.held() > 0) {
                    giveBack(session);
                    session.instance().flush().mustBe(0);
                }
                return session.received();
            }
        }
    }

    @Test
    @Full
    @Rule({"BUF-024", "ARM-009", "REG-027"})
    @DisplayName(
            "threads that receive, arm, flush, export, import and close at once lose no byte, no buffer and no event")
    void manyThreads() {
        long pinned = Pinned.settled();
        try (Session session = Session.open(
                        Registration.nodev(64, BUFFERS).events(COPY).stats());
                Exported exported = Exported.of(session.instance());
                ExecutorService threads =
                        Executors.newThreadPerTaskExecutor(Thread.ofPlatform().factory())) {
            var shared = new Shared(session, exported);
            List<Future<Long>> workers = new ArrayList<>();
            for (int i = 0; i < WORKERS; i++) {
                workers.add(threads.submit(shared::work));
            }
            session.startReceiving();
            while (!workers.stream().allMatch(Future::isDone)) {
                shared.round(session, PIECE);
                session.settle();
            }
            long received = session.received();
            for (Future<Long> worker : workers) {
                received += result(worker);
            }
            session.settle();
            long outstanding = session.takeEvents().size() - (long) shared.armed.get();
            Check.that(
                    outstanding == 0 || outstanding == 1,
                    shared.armed.get() + " times a fired event was armed, and there were " + outstanding
                            + " events more than that, expected 0 or 1");
            long counted = session.stats().bytes();
            Check.that(
                    counted > 0 && counted <= received, "copy_bytes is " + counted + " of " + received + " delivered");
            Buffers.allDeliverable(session, BUFFERS);
        }
        Pinned.awaitBack(pinned);
    }

    /** A thread's failure is the test's. */
    static <T> T result(Future<T> worker) {
        try {
            return worker.get();
        } catch (InterruptedException e) {
            throw new IllegalStateException(e);
        } catch (ExecutionException e) {
            if (e.getCause() instanceof Error error) {
                throw error;
            }
            throw new IllegalStateException(e.getCause());
        }
    }

    @Test
    @Full
    @Rule({"IMP-011", "IMP-006"})
    @DisplayName("another process imports the instance and receives into our area; it is killed, and ours goes on")
    void anotherProcess() {
        try (Session session = Session.open(
                        Registration.nodev(64, BUFFERS).events(COPY).stats());
                Exported exported = Exported.of(session.instance());
                OtherProcess other = OtherProcess.start(
                        Importer.class, ProcessHandle.current().pid(), exported.fd())) {
            List<Cqe> delivered = new ArrayList<>();
            long position = 0;
            for (String line = other.line(); !line.equals(Importer.END); line = other.line()) {
                String[] words = line.split(" ", 2);
                var cqe = new Cqe(0, Integer.parseInt(words[1]), 0, 32, Long.parseLong(words[0]), 0);
                Check.equal(
                        "first byte that is wrong of what another process received at " + position,
                        -1,
                        Pattern.mismatch(position, session.instance().data(cqe)));
                delivered.add(cqe);
                position += cqe.res();
            }
            Check.equal("bytes that another process received", Importer.BYTES, position);
            session.settle();
            Check.equal(
                    "type of the event on the creator's ring",
                    Dialect.spoken().typeCode(Zcrx.EVENT_COPY),
                    session.awaitEvent().res());
            Check.equal("copy_bytes", position, session.stats().bytes());
            other.kill();
            session.arm(Zcrx.EVENT_COPY);
            session.startReceiving();
            session.transfer(1, PIECE);
            session.settle();
            Check.equal(
                    "events after the importer was killed",
                    1,
                    session.takeEvents().size());
            // What the killed process held, the instance still holds; whoever knows of it can give it back.
            delivered.forEach(session.instance()::giveBack);
            Buffers.allDeliverable(session, BUFFERS);
        }
    }

    @Test
    @Full
    @Rule("BUF-025")
    @DisplayName(
            "a process that is killed while it receives, arms, flushes, exports and closes leaves a kernel that works")
    void killed() {
        try (OtherProcess victim = OtherProcess.start(Victim.class)) {
            for (int i = 0; i < Victim.Work.values().length; i++) {
                victim.line();
            }
            victim.kill();
        }
        try (Session session =
                Session.open(Registration.nodev(64, BUFFERS).events(COPY).stats())) {
            session.startReceiving();
            session.transfer(2, PIECE);
            session.settle();
            Check.equal("number of events", 1, session.takeEvents().size());
            Check.equal("copy_bytes", 2L * PIECE, session.stats().bytes());
            Buffers.allDeliverable(session, BUFFERS);
        }
    }

    @Test
    @Full
    @RunsOn(Scope.QUEUE)
    @Rule({"BUF-025", "NIC-031"})
    @DisplayName("a process that is killed lets go of its queue, though its buffers wait in sockets of others")
    void killedWithQueue() {
        NetdevPath path = Paths.netdev();
        path.awaitFree(path.queue());
        try (TcpPair tcp = path.connect(path.families().getFirst());
                OtherProcess victim =
                        OtherProcess.start(Victim.class, path.device().index(), path.queue())) {
            victim.line();
            try (var _ = path.steer(tcp, path.queue())) {
                tcp.send(4 * PIECE);
                victim.kill();
            }
        }
        NetdevLife.mustBeFree(path);
        NetdevLife.works(path);
    }
}
