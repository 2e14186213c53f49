// SPDX-License-Identifier: MIT
package zcrx.conformance.cases;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.List;
import zcrx.fixtures.ring.Cqe;
import zcrx.fixtures.sys.Errno;
import zcrx.fixtures.zcrx.Session;

/**
 * Buffers that a test holds on to while others come and go.
 *
 * @param completions that brought them
 * @param before what was in each of them
 */
record Kept(Session session, List<Cqe> completions, List<byte[]> before) {

    /** All that the session holds; it won't give them back. */
    static Kept of(Session session) {
        List<Cqe> completions = session.takeHeld();
        return new Kept(
                session,
                completions,
                completions.stream()
                        .map(cqe -> session.instance().data(cqe).toArray(ValueLayout.JAVA_BYTE))
                        .toList());
    }

    /**
     * All others can be delivered, and none of these.
     *
     * @param pages of the area
     */
    void leavesTheRest(int pages) {
        session.exhaust(pages - completions.size(), Errno.ENOMEM);
        session.settle();
        Check.equal("buffers delivered beside those that are held", pages - completions.size(), session.held());
        mustBeAsTheyWere();
    }

    void mustBeAsTheyWere() {
        for (int i = 0; i < completions.size(); i++) {
            Cqe cqe = completions.get(i);
            Check.equal(
                    "first byte that changed of " + cqe + ", which is held",
                    -1,
                    session.instance().data(cqe).mismatch(MemorySegment.ofArray(before.get(i))));
        }
    }
}
