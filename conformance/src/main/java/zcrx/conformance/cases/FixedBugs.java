// SPDX-License-Identifier: MIT
package zcrx.conformance.cases;

import java.lang.foreign.MemorySegment;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import zcrx.conformance.Full;
import zcrx.conformance.Rule;
import zcrx.conformance.Subject;
import zcrx.fixtures.abi.Zcrx;
import zcrx.fixtures.ring.Cqe;
import zcrx.fixtures.ring.Ring.CqeFormat;
import zcrx.fixtures.sys.Await;
import zcrx.fixtures.sys.Errno;
import zcrx.fixtures.sys.Memory;
import zcrx.fixtures.sys.Syscall;
import zcrx.fixtures.traffic.Pattern;
import zcrx.fixtures.zcrx.Registration;
import zcrx.fixtures.zcrx.Session;

/** Bugs that shipped and were fixed; kernels that still have them are in use. */
@Subject("fixed bugs")
class FixedBugs {
    @Test
    @Rule("BUF-020")
    @DisplayName("a receive that made progress and then met no buffer ends with ENOMEM, though no packet follows")
    void noBufferAfterProgress() {
        int pages = 4;
        for (boolean pagesApart : new boolean[] {false, true}) {
            try (Session session = Session.open(Registration.nodev(64, pages))) {
                session.startReceiving();
                send(session, pages + 2, pagesApart);
                session.mustHaveEnded(Errno.ENOMEM);
            }
        }
    }

    @Test
    @Rule("BUF-020")
    @DisplayName(
            "a receive that made progress and then met a full completion ring ends with ENOSPC, though no packet follows")
    void fullRingAfterProgress() {
        int slots = 4;
        for (boolean pagesApart : new boolean[] {false, true}) {
            try (Session session = Session.open(CqeFormat.CQE32, slots, Registration.nodev())) {
                session.startReceiving();
                send(session, slots + 2, pagesApart);
                session.mustHaveEnded(Errno.ENOSPC);
            }
        }
    }

    /**
     * Sends at once.
     *
     * @param apart as a fragment each: the receive ends where one begins. Otherwise it ends within one.
     */
    private static void send(Session session, int pages, boolean apart) {
        if (apart) {
            session.tcp().sendFile(pages * Memory.PAGE_SIZE);
        } else {
            session.send(pages * Memory.PAGE_SIZE);
        }
    }

    @Test
    @Full
    @Rule("BUF-022")
    @DisplayName("the offset of a buffer 4 GiB or more into its area is not cut to 32 bits")
    void farIntoTheArea() {
        // No power of two, so that where an offset is cut there is another page.
        long chunk = (16L << 20) + Memory.PAGE_SIZE;
        int times = (int) ((4L << 30) / chunk) + 1;
        try (Memory name = Memory.anonymous(Memory.PAGE_SIZE)) {
            int fd = (int) Syscall.MEMFD_CREATE.must(name.address(), 0);
            Syscall.FTRUNCATE.must(fd, chunk);
            try (Memory area = Memory.repeated(fd, chunk, times)) {
                var registration = Registration.nodev();
                registration.area().set("addr", area.address()).set("len", area.size());
                try (Session session = Session.open(registration)) {
                    session.instance().addArea(0, area.segment());
                    session.startReceiving();
                    int bytes = 2 * Memory.PAGE_SIZE;
                    session.send(bytes);
                    MemorySegment whole = area.segment();
                    long received = 0;
                    // Not by the session, to which data at a wrong offset is wrong data.
                    while (received < bytes) {
                        Check.that(
                                session.ring().await(Await.PATIENCE),
                                received + " of " + bytes + " bytes were delivered");
                        for (Cqe cqe : session.ring().drain()) {
                            Check.that(
                                    (cqe.extra0() & Zcrx.OFFSET_MASK) >= whole.byteSize() - chunk,
                                    "the offset of " + cqe + " is not in the last " + chunk + " bytes of an area of "
                                            + whole.byteSize() + ", whose buffers are taken from the end");
                            Check.equal(
                                    "first byte that is wrong of " + cqe,
                                    -1,
                                    Pattern.mismatch(
                                            received, session.instance().data(cqe)));
                            received += cqe.res();
                        }
                    }
                }
            } finally {
                Syscall.CLOSE.must(fd);
            }
        }
    }
}
