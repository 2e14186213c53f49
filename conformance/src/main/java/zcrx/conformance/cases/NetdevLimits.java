// SPDX-License-Identifier: MIT
package zcrx.conformance.cases;

import java.util.List;
import java.util.Objects;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Supplier;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import zcrx.conformance.Paths;
import zcrx.conformance.Rule;
import zcrx.conformance.RunsOn;
import zcrx.conformance.RunsOn.Scope;
import zcrx.conformance.Subject;
import zcrx.fixtures.abi.Struct;
import zcrx.fixtures.abi.Zcrx;
import zcrx.fixtures.net.Device;
import zcrx.fixtures.net.DeviceSettings;
import zcrx.fixtures.net.NetNamespace;
import zcrx.fixtures.path.NetdevPath;
import zcrx.fixtures.probe.KernelProbe;
import zcrx.fixtures.ring.Cqe;
import zcrx.fixtures.ring.Outcome;
import zcrx.fixtures.ring.Ring;
import zcrx.fixtures.ring.Ring.CqeFormat;
import zcrx.fixtures.sys.DmaBuf;
import zcrx.fixtures.sys.Errno;
import zcrx.fixtures.sys.Memory;
import zcrx.fixtures.traffic.TcpPair;
import zcrx.fixtures.zcrx.Exported;
import zcrx.fixtures.zcrx.Instance;
import zcrx.fixtures.zcrx.Registration;
import zcrx.fixtures.zcrx.Session;
import zcrx.fixtures.zcrx.Stats.Snapshot;

@Subject("netdev queues")
@RunsOn(Scope.QUEUE)
class NetdevLimits {
    private static final int PIECE = 5 * Memory.PAGE_SIZE + 123;
    /** Of several pages, and less than any device's most. */
    private static final int LARGE = 4 * Memory.PAGE_SIZE;

    /** Must be refused; and the same registration must be accepted once the reason is gone. */
    private static void refusedUntil(Registration registration, Errno expected, Runnable remedy) {
        try (Ring ring = Ring.open(CqeFormat.CQE32)) {
            registration.submit(ring).mustBe(expected);
            remedy.run();
            registration.submit(ring).mustBe(0);
        }
    }

    private static Registration plain(NetdevPath path) {
        return path.queued(path.queue(), 64, Steered.PLENTY);
    }

    @Test
    @Rule("REG-009")
    @DisplayName("an interface of another network namespace than the caller's is ENODEV")
    void otherNamespace() {
        NetdevPath path = Paths.netdev();
        try (var registration = plain(path);
                NetNamespace empty = NetNamespace.create()) {
            var outcome = new AtomicReference<Outcome>();
            empty.run(() -> {
                try (Ring ring = Ring.open(CqeFormat.CQE32)) {
                    outcome.set(registration.submit(ring));
                }
            });
            Objects.requireNonNull(outcome.get()).mustBe(Errno.ENODEV);
        }
    }

    @Test
    @Rule("NIC-020")
    @DisplayName("a queue that the device does not use is ERANGE")
    void noSuchQueue() {
        NetdevPath path = Paths.netdev();
        try (var registration = plain(path)) {
            for (int queue : new int[] {path.queues(), 1000, 0x7fff_ffff}) {
                registration.reg().set("if_rxq", queue);
                try (Ring ring = Ring.open(CqeFormat.CQE32)) {
                    registration.submit(ring).mustBe(Errno.ERANGE);
                }
            }
            registration.reg().set("if_rxq", path.queues());
            refusedUntil(registration, Errno.ERANGE, () -> registration.reg().set("if_rxq", path.queue()));
        }
    }

    @Test
    @Rule("NIC-020")
    @DisplayName("a queue that the device has, but does not use any more, is ERANGE")
    void queueNotUsed() {
        NetdevPath path = Paths.netdev();
        Check.needs(path.isSimulated(), "other devices lose more than a queue when they get fewer");
        try (var registration = plain(path)) {
            path.setUp(path.device().channels(path.queue()));
            try {
                refusedUntil(
                        registration,
                        Errno.ERANGE,
                        () -> path.setUp(path.device().channels(path.queues())));
            } finally {
                // First of all: of a queue that is not used nobody can be asked who has it.
                path.setUp(path.device().channels(path.queues()));
                path.awaitFree(path.queue());
            }
        }
    }

    @Test
    @Rule("NIC-021")
    @DisplayName("a queue that is taken is EEXIST, for the same ring and another; the first goes on")
    void taken() {
        NetdevPath path = Paths.netdev();
        try (var late = plain(path);
                Ring ring = Ring.open(CqeFormat.CQE32);
                Steered queue = Steered.open(
                        path, Steered.registration(path, Steered.PLENTY).stats())) {
            late.submit(ring).mustBe(Errno.EEXIST);
            late.submit(queue.session().ring()).mustBe(Errno.EEXIST);
            queue.session().transfer(2, PIECE);
            Check.equal("copy_bytes", 0, queue.session().stats().bytes());
        }
    }

    @Test
    @Rule("NIC-022")
    @DisplayName("a device that is left to choose whether it splits headers from data is EINVAL")
    void splitChosen() {
        NetdevPath path = Paths.netdev();
        splitRefused(path, () -> path.device().dataSplit(Device.TCP_DATA_SPLIT_UNKNOWN));
    }

    private static void splitRefused(NetdevPath path, Supplier<Outcome> split) {
        try (var registration = plain(path)) {
            path.setUp(split.get());
            try {
                refusedUntil(
                        registration,
                        Errno.EINVAL,
                        () -> path.setUp(path.device().dataSplit(true)));
            } finally {
                path.setUp(path.device().dataSplit(true));
            }
        }
    }

    @Test
    @Rule("NIC-022")
    @DisplayName(
            "a device that does not split headers from data is EINVAL, and so is one that splits long packets only")
    void splitOff() {
        NetdevPath path = Paths.netdev();
        splitRefused(path, () -> path.device().dataSplit(false));
        try (var registration = plain(path)) {
            path.setUp(path.device().splitThreshold(1));
            try {
                refusedUntil(
                        registration,
                        Errno.EINVAL,
                        () -> path.setUp(path.device().splitThreshold(0)));
            } finally {
                path.awaitFree(path.queue());
                path.setUp(path.device().splitThreshold(0));
            }
        }
    }

    @Test
    @Rule("NIC-023")
    @DisplayName("while a queue is bound the device refuses to stop splitting, and to give up the queue")
    void settingsWhileBound() {
        NetdevPath path = Paths.netdev();
        Device device = path.device();
        DeviceSettings before = DeviceSettings.of(device);
        try {
            try (Session _ = Session.open(path.queued(0, 64, Steered.PLENTY))) {
                device.dataSplit(false).mustBe(Errno.EINVAL);
            }
            try (Steered queue = Steered.open(
                    path, Steered.registration(path, Steered.PLENTY).stats())) {
                device.dataSplit(false).mustBe(Errno.EINVAL);
                if (device.rings().threshold().isPresent()) {
                    device.splitThreshold(100).mustBe(Errno.EINVAL);
                }
                device.channels(path.queue()).mustBe(Errno.EINVAL);
                queue.session().transfer(2, PIECE);
                Check.equal("copy_bytes", 0, queue.session().stats().bytes());
            }
        } finally {
            // What a kernel took after all would fail each test that comes later.
            before.putBack(device);
        }
    }

    /** For buffers of several pages; skips the test where the kernel has no memory for them. */
    private static Registration large(NetdevPath path, int length) {
        var registration = path.queued(path.queue(), 256, contiguous(path.buffers(4 * NetdevPath.RING), length))
                .stats();
        registration.reg().set("rx_buf_len", length);
        return registration;
    }

    static Memory contiguous(int buffers, int length) {
        Memory area = Memory.contiguous((long) buffers * length);
        long[] frames = Memory.frames(area.address(), area.size());
        for (int i = 0; i < frames.length; i++) {
            int inBuffer = i % (length / Memory.PAGE_SIZE);
            if (frames[i] != frames[i - inBuffer] + inBuffer) {
                area.close();
                Check.needs(false, "the kernel had no memory with pages side by side to give");
            }
        }
        return area;
    }

    @Test
    @Rule({"NIC-024", "NIC-030", "BUF-014"})
    @DisplayName("buffers of several pages outlast a link that goes down and up, and more of them can be added")
    void largeBuffersStay() {
        NetdevPath path = Paths.netdev();
        Check.needs(path.isSimulated(), "which drivers take buffers of several pages is another test's business");
        try (Steered queue = Steered.open(path, large(path, LARGE))) {
            Session session = queue.session();
            session.transfer(1, PIECE);
            Steered.restart(path);
            session.transfer(2, PIECE);
            Check.equal("copy_bytes", 0, session.stats().bytes());
            if (KernelProbe.get().canAddAreas()) {
                try (Memory more = contiguous((int) (Memory.HUGE / LARGE), LARGE)) {
                    Struct area = session.instance().areaArg(more.segment());
                    session.instance().addArea(area, more.segment()).mustBe(0);
                }
            }
        }
    }

    @Test
    @Rule({"NIC-024", "BUF-012", "BUF-001"})
    @DisplayName("a limit may cut a long packet anywhere, and the next piece begins there in the buffer")
    void piecesOfLargeBuffers() {
        NetdevPath path = Paths.netdev();
        Check.needs(path.isSimulated(), "of the simulated NIC it is known that a long packet is in one buffer");
        int packet = 60 << 10;
        try (Session session = Session.open(large(path, LARGEST));
                var _ = path.steer(session.tcp(), path.queue())) {
            long furthest = 0;
            // At first, and after a loss, TCP sends less at a time.
            for (int round = 0; round < 20 && furthest < LARGEST / 2; round++) {
                session.send(packet);
                session.awaitArrival();
                Buffers.receiveInPieces(session, packet, packet / 15);
                session.giveBackAll();
                furthest = session.log().stream()
                        .filter(Cqe::more)
                        .mapToLong(cqe -> cqe.extra0() % LARGEST)
                        .max()
                        .orElseThrow();
            }
            Check.needs(furthest >= LARGEST / 2, "no packet filled more than half of a buffer");
            Check.equal("copy_bytes", 0, session.stats().bytes());
        }
    }

    @Test
    @Rule({"NIC-024", "NIC-038", "BUF-001"})
    @DisplayName(
            "buffers of several pages: rx_buf_len comes back, data may fill them, and what misses the queue is in them")
    void largeBuffers() {
        NetdevPath path = Paths.netdev();
        if (!path.isSimulated()) {
            // Each driver has words of its own for what it can't do.
            try (var registration = large(path, LARGE);
                    Ring ring = Ring.open(CqeFormat.CQE32)) {
                Outcome outcome = registration.submit(ring);
                Check.needs(
                        outcome.succeeded(),
                        "the driver refuses buffers of several pages: " + Errno.describe(outcome.result()));
            }
        }
        var registration = large(path, LARGE);
        try (Steered queue = Steered.open(path, registration)) {
            Session session = queue.session();
            Check.equal("rx_buf_len", LARGE, session.instance().bufferSize());
            Check.equal("rx-buf-len by netlink", LARGE, path.device().providedLength(path.queue()));
            session.transfer(12, PIECE);
            Check.equal("copy_bytes", 0, session.stats().bytes());
            for (Cqe cqe : session.log()) {
                Check.that(
                        (cqe.extra0() % LARGE) + cqe.res() <= LARGE, cqe + " crosses the end of a buffer of " + LARGE);
            }
            session.giveBackAll();
            session.transfer(2, PIECE);
            queue.miss();
            session.transfer(2, PIECE);
            Check.that(session.stats().bytes() > 0, "what missed the queue was not copied");
        }
    }

    @Test
    @Rule("NIC-038")
    @DisplayName(
            "netlink tells of a queue and its page pool that a ring provides the buffers, and how long they are, while it does")
    void toldByNetlink() {
        NetdevPath path = Paths.netdev();
        poolsAreFree(path, "before");
        Check.equal("rx-buf-len before", 0, path.device().providedLength(path.queue()));
        try (Session session = Session.open(plain(path))) {
            Check.equal("rx-buf-len", Memory.PAGE_SIZE, path.device().providedLength(path.queue()));
            Check.equal("rx-buf-len of another queue", 0, path.device().providedLength(path.otherQueue()));
            try (Exported _ = Exported.of(session.instance())) {
                Check.equal(
                        "rx-buf-len while exported",
                        Memory.PAGE_SIZE,
                        path.device().providedLength(path.queue()));
            }
            Check.equal(
                    "rx-buf-len of page pools",
                    List.of((long) Memory.PAGE_SIZE),
                    path.device().providedToPools());
        }
        path.awaitFree(path.queue());
        Check.equal("rx-buf-len afterwards", 0, path.device().providedLength(path.queue()));
        poolsAreFree(path, "afterwards");
    }

    /** A ring lets go of a page pool some time after it was closed. */
    private static void poolsAreFree(NetdevPath path, String when) {
        Check.eventually(
                "a ring provides the buffers of a page pool " + when,
                () -> path.device().providedToPools().isEmpty());
    }

    @Test
    @Rule({"NIC-025", "REG-031"})
    @DisplayName("buffers of several pages in an area whose pages are scattered, all or the last ones, are ERANGE")
    void scatteredPages() {
        scatteredPages(Memory.scattered(Steered.PLENTY));
        scatteredPages(Memory.scatteredBehind(Steered.PLENTY));
    }

    private static void scatteredPages(Memory area) {
        long pinned = Pinned.settled();
        NetdevPath path = Paths.netdev();
        try (var registration = path.queued(path.queue(), 64, area)) {
            registration.reg().set("rx_buf_len", LARGE);
            refusedUntil(registration, Errno.ERANGE, () -> registration.reg().set("rx_buf_len", 0));
        }
        Pinned.awaitBack(pinned);
    }

    @Test
    @Rule("NIC-027")
    @DisplayName("buffers larger than the driver can fill are ERANGE")
    void tooLarge() {
        NetdevPath path = Paths.netdev();
        Check.needs(
                path.isSimulated(), "by which error a driver refuses buffers that it can't fill is its own business");
        try (var registration = path.queued(path.queue(), 64, Memory.contiguous(Memory.HUGE))) {
            registration.reg().set("rx_buf_len", TOO_LARGE);
            refusedUntil(registration, Errno.ERANGE, () -> registration.reg().set("rx_buf_len", 0));
        }
    }

    /** What the simulated NIC takes at most. */
    private static final int LARGEST = 64 << 10;

    private static final int TOO_LARGE = 2 * LARGEST;

    @Test
    @RunsOn(Scope.NETDEVSIM)
    @Rule("NIC-041")
    @DisplayName("a queue of netdevsim is EOPNOTSUPP: it has no device that could write to memory")
    void netdevsim() {
        int device = Paths.netdevsim().device().index();
        try (var registration = Registration.queue(device, 0, TcpPair::open, 64, Memory.anonymous(Memory.PAGE_SIZE));
                Ring ring = Ring.open(CqeFormat.CQE32)) {
            registration.submit(ring).mustBe(Errno.EOPNOTSUPP);
        }
    }

    private static Registration inDmaBuf(NetdevPath path, DmaBuf buffer) {
        var registration = path.queued(path.queue(), 1024, buffer.map());
        registration.area().set("flags", Zcrx.AREA_DMABUF).set("addr", 0).set("dmabuf_fd", buffer.fd());
        return registration;
    }

    private static DmaBuf dmaBuf() {
        Check.needs(DmaBuf.available(), "the kernel has no /dev/udmabuf");
        return DmaBuf.create((long) Steered.PLENTY * Memory.PAGE_SIZE);
    }

    @Test
    @Rule("NIC-028")
    @DisplayName("an area in a dma-buf gets data without a copy; what would have to be copied to it is ENOMEM")
    void dmaBufArea() {
        NetdevPath path = Paths.netdev();
        try (DmaBuf buffer = dmaBuf();
                Steered queue = Steered.open(
                        path,
                        inDmaBuf(path, buffer).events(Zcrx.EVENT_TYPE_MASK).stats())) {
            Session session = queue.session();
            for (int i = 0; i < 4; i++) {
                session.transfer(2, PIECE);
                session.giveBackAll();
            }
            Check.equal("statistics", Snapshot.ZERO, session.stats());
            queue.miss();
            session.send(PIECE);
            session.mustHaveEnded(Errno.ENOMEM);
            Check.equal("statistics", Snapshot.ZERO, session.stats());
        }
    }

    @Test
    @Rule("NIC-026")
    @DisplayName("an area in a dma-buf has no address: EINVAL; a file that is none is EINVAL, and no file at all EBADF")
    void dmaBufFile() {
        NetdevPath path = Paths.netdev();
        // Without CONFIG_DMA_SHARED_BUFFER each is EINVAL, and only who makes dma-bufs shows that there are any.
        try (DmaBuf buffer = dmaBuf();
                Ring noBuffer = Ring.open(CqeFormat.CQE32)) {
            bent(path, buffer, "addr", Memory.PAGE_SIZE, Errno.EINVAL);
            bent(path, buffer, "dmabuf_fd", -1, Errno.EBADF);
            bent(path, buffer, "dmabuf_fd", noBuffer.fd(), Errno.EINVAL);
        }
    }

    @Test
    @Rule("NIC-029")
    @DisplayName("a part of a dma-buf is refused, and so is one next to plain memory")
    void dmaBufRefused() {
        NetdevPath path = Paths.netdev();
        try (DmaBuf buffer = dmaBuf()) {
            bent(path, buffer, "len", Memory.PAGE_SIZE, Errno.EINVAL);
            if (KernelProbe.get().canAddAreas()) {
                try (Memory arg = Memory.anonymous(Memory.PAGE_SIZE);
                        Steered queue = Steered.open(path, Steered.registration(path, Steered.PLENTY))) {
                    Struct area = Struct.at(Zcrx.AREA_REG, arg.segment())
                            .set("flags", Zcrx.AREA_DMABUF)
                            .set("len", (long) Steered.PLENTY * Memory.PAGE_SIZE)
                            .set("dmabuf_fd", buffer.fd());
                    queue.session().instance().addArea(area, arg.segment()).mustBe(Errno.EINVAL);
                    queue.session().transfer(1, PIECE);
                }
                try (Memory plain = Memory.anonymous(Memory.PAGE_SIZE);
                        Steered queue = Steered.open(path, inDmaBuf(path, buffer))) {
                    Instance instance = queue.session().instance();
                    instance.addArea(instance.areaArg(plain.segment()), plain.segment())
                            .mustBe(Errno.EINVAL);
                    queue.session().transfer(1, PIECE);
                }
            }
        }
    }

    @Test
    @Rule({"NIC-029", "REG-032"})
    @DisplayName(
            "a dma-buf that was an area, or was refused as one, is let go of: its memory is free when it is closed")
    void dmaBufIsFree() {
        NetdevPath path = Paths.netdev();
        Check.needs(path.isSimulated(), "on a machine with other work others have shared memory, too");
        int rounds = 16;
        long all = (long) rounds * Steered.PLENTY * Memory.PAGE_SIZE / 1024;
        long pinned = Pinned.pagesOfAll();
        long before = Pinned.number("/proc/meminfo", "Shmem:");
        for (int i = 0; i < rounds; i++) {
            try (DmaBuf buffer = dmaBuf();
                    var registration = inDmaBuf(path, buffer);
                    Ring ring = Ring.open(CqeFormat.CQE32)) {
                long length = registration.area().get("len");
                registration.area().set("len", Memory.PAGE_SIZE);
                registration.submit(ring).mustBe(Errno.EINVAL);
                if (i % 2 == 0) {
                    registration.area().set("len", length);
                    registration.submit(ring).mustBe(0);
                }
            }
        }
        Check.eventually(
                "Shmem of /proc/meminfo has more than a quarter of " + all + " kB more than before",
                () -> Pinned.number("/proc/meminfo", "Shmem:") - before < all / 4);
        // Closed, it is no shared memory any more, though somebody may hold it.
        Pinned.awaitPagesBack(pinned, rounds * Steered.PLENTY / 2);
    }

    /** One field of the area is wrong until it is set right. */
    private static void bent(NetdevPath path, DmaBuf buffer, String field, long wrong, Errno expected) {
        try (var registration = inDmaBuf(path, buffer)) {
            long right = registration.area().get(field);
            registration.area().set(field, wrong);
            refusedUntil(registration, expected, () -> registration.area().set(field, right));
        }
    }
}
