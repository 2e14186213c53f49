// SPDX-License-Identifier: MIT
package zcrx.conformance.cases;

import java.io.IOException;
import java.io.UncheckedIOException;
import zcrx.fixtures.ring.Cqe;
import zcrx.fixtures.ring.Ring;
import zcrx.fixtures.ring.Ring.CqeFormat;
import zcrx.fixtures.sys.Await;
import zcrx.fixtures.sys.Memory;
import zcrx.fixtures.sys.Syscall;
import zcrx.fixtures.traffic.TcpPair;
import zcrx.fixtures.zcrx.Exported;
import zcrx.fixtures.zcrx.Instance;

/** A process that imports another one's instance and receives with it, into an area that it cannot see. */
final class Importer {
    /** What it receives. */
    static final int BYTES = 6 * Memory.PAGE_SIZE + 321;

    static final String END = "end";

    private Importer() {}

    /**
     * Arguments: a dialect, a process, and its file descriptor of the instance. Says offset and length of all that it
     * receives, then {@link #END}, and waits to be killed.
     */
    public static void main(String[] args) {
        OtherProcess.telling(() -> {
            long process = Syscall.PIDFD_OPEN.must(Long.parseLong(args[1]), 0);
            receive((int) Syscall.PIDFD_GETFD.must(process, Long.parseLong(args[2]), 0));
        });
    }

    private static void receive(int fd) {
        try (TcpPair tcp = TcpPair.open(TcpPair.Family.IPV4);
                Ring ring = Ring.open(CqeFormat.CQE32);
                Exported exported = Exported.from(fd)) {
            Instance.receive(ring, exported.importOn(ring), tcp.receiver(), 0, 1);
            ring.submit();
            tcp.send(BYTES);
            int received = 0;
            while (received < BYTES && ring.await(Await.PATIENCE)) {
                for (Cqe cqe : ring.drain()) {
                    Check.that(cqe.more(), "the receive of an importer ended with " + cqe);
                    System.out.println(cqe.extra0() + " " + cqe.res());
                    received += cqe.res();
                }
            }
            System.out.println(END);
            System.out.flush();
            System.in.read();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
