// SPDX-License-Identifier: MIT
package zcrx.conformance.cases;

import org.jspecify.annotations.Nullable;
import zcrx.fixtures.net.Device;
import zcrx.fixtures.path.NetdevPath;
import zcrx.fixtures.ring.Ring.CqeFormat;
import zcrx.fixtures.ring.RuleViolation;
import zcrx.fixtures.sys.Memory;
import zcrx.fixtures.sys.SyscallException;
import zcrx.fixtures.traffic.TcpPair;
import zcrx.fixtures.zcrx.Registration;
import zcrx.fixtures.zcrx.Session;

/** A session whose data is sent to the queue of its instance, by a rule: it is received without a copy. */
final class Steered implements AutoCloseable {
    /** It never runs dry if buffers are given back. */
    static final int PLENTY = NetdevPath.UNCOUNTED;
    /** The queue has its buffers, and a page pool takes as many once more: then there are none left. */
    static final int SCARCE = 2 * NetdevPath.RING;
    /**
     * What empties a scarce area, and goes on asking, in buffers. Not by much: of what is on its way when buffers are
     * given back, a packet may have been dropped and those behind it wait for it, out of order. If these could fill the
     * area, nothing would be left to receive the missing one in, for ever.
     */
    private static final int TOO_MUCH = SCARCE + NetdevPath.RING / 2;

    private static final int ENTRIES = 2048;

    private final NetdevPath path;
    private final Session session;
    private final int queue;
    private Device.@Nullable Rule rule;

    private Steered(NetdevPath path, Session session) {
        this.path = path;
        this.session = session;
        this.queue = (int) session.registration().reg().get("if_rxq");
        hit();
    }

    static Registration registration(NetdevPath path, int pages) {
        return path.queued(path.queue(), ENTRIES, pages);
    }

    /** Takes the registration over. It receives. */
    static Steered open(NetdevPath path, Registration registration) {
        return open(path, Session.open(registration));
    }

    static Steered open(NetdevPath path, Registration registration, CqeFormat format) {
        return open(path, Session.open(format, registration));
    }

    static Steered open(NetdevPath path, Registration registration, TcpPair.Family family) {
        return open(path, Session.open(registration, family));
    }

    private static Steered open(NetdevPath path, Session session) {
        try {
            session.startReceiving();
            return new Steered(path, session);
        } catch (RuntimeException | Error e) {
            session.close();
            throw e;
        }
    }

    Session session() {
        return session;
    }

    /** From now on packets go to the queue. */
    void hit() {
        rule = path.steer(session.tcp(), queue);
    }

    /** From now on packets miss the queue, and are copied. */
    void miss() {
        if (rule != null) {
            rule.close();
            rule = null;
        }
    }

    /** What the device counts for the queue. */
    long nic(String statistic) {
        return path.statistic(queue, statistic);
    }

    /** A link that is down until this is closed. */
    interface LinkDown extends AutoCloseable {
        @Override
        void close();
    }

    static LinkDown down(NetdevPath path) {
        path.down();
        return () -> {
            try {
                path.up();
            } catch (SyscallException e) {
                throw new RuleViolation("a link that was up does not come up again: " + e.getMessage());
            }
        };
    }

    static void restart(NetdevPath path) {
        down(path).close();
    }

    /** Sends more than there are buffers, gives none back, and waits until the device has asked for some in vain. */
    void starve() {
        starve(path, queue, session);
    }

    /** The same for a session that was not opened here. */
    static void starve(NetdevPath path, int queue, Session session) {
        long before = path.allocationFailures(queue);
        session.send(TOO_MUCH * Memory.PAGE_SIZE);
        // What is not received keeps the sender from sending.
        session.starveUntil("the queue to starve", () -> path.allocationFailures(queue) > before);
    }

    /** Until the device has asked for buffers in vain some more times, as what was dropped was sent again, or all has come. */
    void starveOn() {
        long asked = path.allocationFailures(queue);
        session.starveUntil(
                "the queue to starve on",
                () -> session.received() == session.tcp().sent() || path.allocationFailures(queue) > asked + 1);
    }

    /** Gives everything back until all that was sent has come. */
    void recover() {
        session.recover();
    }

    @Override
    public void close() {
        try {
            miss();
        } finally {
            session.close();
        }
    }
}
