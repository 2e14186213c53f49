// SPDX-License-Identifier: MIT
package zcrx.conformance.cases;

import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import zcrx.conformance.Paths;
import zcrx.conformance.Rule;
import zcrx.conformance.RunsOn;
import zcrx.conformance.RunsOn.Scope;
import zcrx.conformance.Subject;
import zcrx.fixtures.abi.Dialect;
import zcrx.fixtures.abi.Zcrx;
import zcrx.fixtures.path.DataPath;
import zcrx.fixtures.path.NetdevPath;
import zcrx.fixtures.ring.Cqe;
import zcrx.fixtures.sys.Memory;
import zcrx.fixtures.zcrx.Registration;
import zcrx.fixtures.zcrx.Session;

/**
 * The two cases of the selftest that was posted with the first version of the UAPI, with their sizes and steps. Unlike
 * the posted one, a missing event ends in a failure and not in a wait.
 */
@Subject("the posted selftest")
class PostedSelftest {
    private static final int AREA_PAGES = 8192;
    private static final int SCARCE_PAGES = 64;
    private static final int ENTRIES = 4096;
    private static final int TOTAL = 2 << 20;
    private static final int SEND = 12840;

    /** The region grew by one page for the statistics, which start where it ended before. */
    private static Registration withStats(Registration registration) {
        return registration.stats(registration.regionMemory().byteSize() - Memory.PAGE_SIZE);
    }

    @Test
    @RunsOn(Scope.EVERY_PATH)
    @Rule({"EVT-001", "CNT-004"})
    @DisplayName("notif_copy_fallback: 2 MiB in sends of 12840 bytes are copied, with an event and in the counters")
    void notifCopyFallback() {
        DataPath path = Paths.current();
        var registration =
                withStats(path.copying(ENTRIES, AREA_PAGES - path.reserved()).events(1 << Zcrx.EVENT_COPY));
        try (Session session = Session.open(registration)) {
            session.startReceiving();
            for (int left = TOTAL; left > 0; left -= Math.min(left, SEND)) {
                int size = Math.min(left, SEND);
                session.send(size);
                session.receive(size);
                session.giveBackAll();
            }
            session.settle();
            Cqe event = session.awaitEvent();
            Check.equal("type of the event", Dialect.spoken().typeCode(Zcrx.EVENT_COPY), event.res());
            Check.equal("bytes received", TOTAL, session.received());
            Check.atLeast("copy_count", 1, session.stats().count());
            Check.atLeast("copy_bytes", 1, session.stats().bytes());
        }
    }

    @Test
    @RunsOn(Scope.QUEUE)
    @Rule("EVT-016")
    @DisplayName("notif_no_buffers: 2 MiB for buffers that never go back end in an event")
    void notifNoBuffers() {
        NetdevPath path = Paths.netdev();
        try (Steered queue = Steered.open(
                path, withStats(path.queued(path.queue(), ENTRIES, SCARCE_PAGES).events(1 << Zcrx.EVENT_ALLOC_FAIL)))) {
            for (int left = TOTAL; left > 0; left -= Math.min(left, SEND)) {
                queue.session().send(Math.min(left, SEND));
            }
            Cqe event = queue.session().awaitEvent();
            Check.equal("type of the event", Dialect.spoken().typeCode(Zcrx.EVENT_ALLOC_FAIL), event.res());
        }
    }
}
