// SPDX-License-Identifier: MIT
package zcrx.conformance.cases;

import java.lang.foreign.MemorySegment;
import java.util.ArrayDeque;
import java.util.List;
import java.util.SplittableRandom;
import java.util.function.Consumer;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import zcrx.conformance.Full;
import zcrx.conformance.Paths;
import zcrx.conformance.PropertySeed;
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
import zcrx.fixtures.path.PathKind;
import zcrx.fixtures.path.Simnic;
import zcrx.fixtures.path.Site;
import zcrx.fixtures.probe.KernelProbe;
import zcrx.fixtures.ring.Ring;
import zcrx.fixtures.ring.Ring.CqeFormat;
import zcrx.fixtures.ring.RuleViolation;
import zcrx.fixtures.sys.Await;
import zcrx.fixtures.sys.Errno;
import zcrx.fixtures.sys.Memory;
import zcrx.fixtures.sys.SyscallException;
import zcrx.fixtures.traffic.TcpPair;
import zcrx.fixtures.zcrx.Exported;
import zcrx.fixtures.zcrx.OwnProcess;
import zcrx.fixtures.zcrx.Registration;
import zcrx.fixtures.zcrx.Session;

@Subject("netdev queues")
@RunsOn(Scope.QUEUE)
class NetdevLife {
    private static final int PIECE = 5 * Memory.PAGE_SIZE + 123;

    @Test
    @Rule("NIC-030")
    @DisplayName("a link that goes down and up again while data is under way loses nothing, and copies nothing")
    void linkFlap() {
        NetdevPath path = Paths.netdev();
        try (Steered queue =
                Steered.open(path, Steered.registration(path, Steered.PLENTY).stats())) {
            Session session = queue.session();
            for (int i = 0; i < 3; i++) {
                session.transfer(2, PIECE);
                try (var _ = Steered.down(path)) {
                    session.send(PIECE);
                }
                session.receive(PIECE);
                session.giveBackAll();
            }
            Check.equal("copy_bytes", 0, session.stats().bytes());
        }
    }

    @Test
    @Rule({"NIC-030", "NIC-032"})
    @DisplayName("buffers that are held while the link goes down and up can be given back, and nothing is kept of them")
    void heldWhileDown() {
        leavesNothing(path -> {
            try (Steered queue = Steered.open(path, Steered.registration(path, Steered.PLENTY))) {
                Session session = queue.session();
                session.transfer(4, PIECE);
                Steered.restart(path);
                // By the refill ring alone, where the new page pool finds them with the next packet, and none are its
                // own. Fewer follow than these, so that the device has them when it is closed.
                session.giveBack(Integer.MAX_VALUE);
                session.transfer(2, PIECE);
            }
        });
        works(Paths.netdev());
    }

    @Test
    @Rule({"NIC-030", "BUF-001"})
    @DisplayName("what waits in a socket while the link goes down and up is delivered")
    void waitingWhileDown() {
        NetdevPath path = Paths.netdev();
        try (Session session =
                        Session.open(Steered.registration(path, Steered.PLENTY).stats());
                var _ = path.steer(session.tcp(), path.queue())) {
            session.send(PIECE);
            session.awaitArrival();
            Steered.restart(path);
            session.startReceiving();
            session.receive(PIECE);
            Check.equal("copy_bytes", 0, session.stats().bytes());
        }
    }

    @Test
    @Rule({"NIC-030", "BUF-004"})
    @DisplayName("refill entries that wait while the link goes down and up are taken then: no buffer is lost")
    void entriesWhileDown() {
        NetdevPath path = Paths.netdev();
        int piece = NetdevPath.RING / 2;
        int pages = path.buffers(3 * NetdevPath.RING);
        try (Steered queue = Steered.open(path, Steered.registration(path, pages))) {
            Session session = queue.session();
            for (int given = 0; given <= pages; given += piece) {
                session.transfer(1, piece * Memory.PAGE_SIZE);
                session.giveBack(Integer.MAX_VALUE);
                Steered.restart(path);
            }
        }
    }

    @Test
    @Rule({"NIC-030", "EVT-003"})
    @DisplayName("what has fired stays so when the link goes down and up")
    void latchedWhileDown() {
        NetdevPath path = Paths.netdev();
        try (Session session = Session.open(path.copying().events(Zcrx.EVENT_TYPE_MASK))) {
            session.startReceiving();
            session.transfer(1, PIECE);
            session.settle();
            session.awaitEvent();
            Steered.restart(path);
            session.transfer(1, PIECE);
            session.settle();
            Check.equal("events before arming", List.of(), session.takeEvents());
            session.arm(Zcrx.EVENT_COPY);
            session.transfer(1, PIECE);
            session.settle();
            Check.equal("events after arming", 1, session.takeEvents().size());
        }
    }

    @Test
    @Rule({"NIC-031", "NIC-032", "REG-027"})
    @DisplayName("a ring that is closed while the link is down lets go of its queue, which works anew")
    void closedWhileDown() {
        long pinned = Pinned.settled();
        leavesNothing(path -> {
            var link = new ArrayDeque<Steered.LinkDown>();
            try {
                try (Session session = Session.open(Steered.registration(path, Steered.PLENTY))) {
                    session.startReceiving();
                    try (var _ = path.steer(session.tcp(), path.queue())) {
                        session.transfer(2, PIECE);
                    }
                    link.add(Steered.down(path));
                }
                // Who has a queue cannot be asked while the link is down.
                Pinned.awaitBack(pinned);
            } finally {
                link.forEach(Steered.LinkDown::close);
            }
        });
        works(Paths.netdev());
    }

    @Test
    @Rule({"NIC-031", "NIC-032", "REG-027"})
    @DisplayName("a queue can be taken, and let go of, while the link is down, and nothing is kept of it")
    void boundWhileDown() {
        long pinned = Pinned.settled();
        leavesNothing(path -> {
            try (var registration = Steered.registration(path, Steered.PLENTY)) {
                try (var _ = Steered.down(path)) {
                    try (Ring ring = Ring.open(CqeFormat.CQE32)) {
                        registration.again().submit(ring).mustBe(0);
                    }
                    Pinned.awaitBack(pinned);
                }
                mustBeFree(path);
                try (Ring ring = Ring.open(CqeFormat.CQE32)) {
                    try (var _ = Steered.down(path)) {
                        registration.again().submit(ring).mustBe(0);
                    }
                    Check.that(path.device().isBound(path.queue()), "the queue is not bound when its link comes up");
                }
            }
        });
        works(Paths.netdev());
    }

    @Test
    @Full
    @Rule({"NIC-031", "NIC-032", "REG-027"})
    @DisplayName(
            "buffers that wait in a socket when their ring is gone don't keep its queue, and are free with the socket")
    void socketOutlivesRing() {
        long pinned = Pinned.settled();
        NetdevPath path = Paths.netdev();
        try (TcpPair tcp = path.connect(path.families().getFirst())) {
            try (Session _ = Session.open(Steered.registration(path, Steered.PLENTY));
                    var _ = path.steer(tcp, path.queue())) {
                tcp.send(PIECE);
                Await.until("data to wait in the socket", () -> tcp.waiting() >= PIECE);
            }
            mustBeFree(path);
            works(path);
            // The kernel looks after a second whether all came back, and must go on doing so.
            boolean waited = Await.holds(() -> path.device().longestDetached() >= 3);
            Check.needs(waited || path.isSimulated(), "the driver tells of no page pool that waits for its buffers");
            Check.that(waited, "no page pool waits for the buffers in the socket");
        }
        Pinned.awaitBack(pinned);
    }

    @Test
    @Rule("NIC-031")
    @DisplayName("a ring that is closed with data under way and buffers in use lets go of its queue, which works anew")
    void closedInTraffic() {
        NetdevPath path = Paths.netdev();
        int pages = path.buffers(Steered.SCARCE);
        for (int i = 0; i < 4; i++) {
            try (Steered queue = Steered.open(path, Steered.registration(path, pages))) {
                queue.session().transfer(2, PIECE);
                queue.session().send(2 * Steered.SCARCE * Memory.PAGE_SIZE);
            }
            mustBeFree(path);
            works(path);
        }
    }

    @Test
    @Rule({"NIC-031", "IMP-010"})
    @DisplayName("an instance that was exported and imported lets go of its queue when the last that has it is closed")
    void exported() {
        NetdevPath path = Paths.netdev();
        for (boolean imported : new boolean[] {false, true}) {
            for (boolean creatorFirst : new boolean[] {false, true}) {
                try (Ring other = Ring.open(CqeFormat.CQE32)) {
                    Session session = Session.open(Steered.registration(path, Steered.PLENTY));
                    Exported exported = Exported.of(session.instance());
                    if (imported) {
                        exported.importOn(other);
                    }
                    if (creatorFirst) {
                        session.close();
                        exported.close();
                    } else {
                        exported.close();
                        session.close();
                    }
                }
                mustBeFree(path);
            }
        }
        works(path);
    }

    @Test
    @Rule({"IMP-010", "NIC-001"})
    @DisplayName("a queue stays with an instance that rings share until the last of them is closed")
    void sharedUntilTheLast() {
        NetdevPath path = Paths.netdev();
        for (boolean creatorFirst : new boolean[] {false, true}) {
            try (Ring other = Ring.open(CqeFormat.CQE32);
                    Session creator = Session.open(
                            Steered.registration(path, Steered.PLENTY).stats());
                    Exported exported = Exported.of(creator.instance());
                    Session importer = ExportImport.imported(creator, exported, other)) {
                Session stays = creatorFirst ? importer : creator;
                Session goes = creatorFirst ? creator : importer;
                long pinned = OwnProcess.pinnedKib();
                // Its pages tell when the ring that they are registered with has ended.
                try (Session _ = goes.beside(Registration.nodev(64, 64))) {
                    goes.ring().close();
                    Check.eventually("the ring that was closed has not ended", () -> OwnProcess.pinnedKib() <= pinned);
                }
                stays.startReceiving();
                try (var _ = path.steer(stays.tcp(), path.queue())) {
                    stays.transfer(2, PIECE);
                    Check.equal("copy_bytes", 0, creator.stats().bytes());
                }
            }
            mustBeFree(path);
        }
    }

    @Test
    @Rule({"NIC-031", "REG-012"})
    @DisplayName("a registration whose answer cannot be written does not keep a queue")
    void failedRegistration() {
        NetdevPath path = Paths.netdev();
        try (var registration = Steered.registration(path, Steered.PLENTY);
                Memory area = Memory.anonymous(Memory.PAGE_SIZE);
                Ring ring = Ring.open(CqeFormat.CQE32)) {
            MemorySegment right = registration.area().memory();
            area.segment().asSlice(0, right.byteSize()).copyFrom(right);
            area.readOnly();
            // Written last, when the queue is bound.
            registration.reg().set("area_ptr", area.address());
            registration.submit(ring).mustBe(Errno.EFAULT);
            mustBeFree(path);
        }
        works(path);
    }

    @Test
    @Rule({"NIC-031", "IMP-007"})
    @DisplayName("an import that failed does not keep a queue")
    void failedImport() {
        NetdevPath path = Paths.netdev();
        try (Session session = Session.open(Steered.registration(path, Steered.PLENTY));
                Exported exported = Exported.of(session.instance());
                Ring other = Ring.open(CqeFormat.CQE32)) {
            // Told last, when all but the answer is done.
            Struct reg = exported.reg();
            exported.memory().readOnly();
            Exported.importOn(other, reg).mustBe(Errno.EFAULT);
        }
        mustBeFree(path);
        works(path);
    }

    /** After such a use of the queue, which ends with nobody having it, it is free, and so is all of the memory. */
    static void leavesNothing(Consumer<NetdevPath> use) {
        long pinned = Pinned.settled();
        NetdevPath path = Paths.netdev();
        use.accept(path);
        mustBeFree(path);
        Pinned.awaitBack(pinned);
    }

    /** Once nobody has it. */
    static void mustBeFree(NetdevPath path) {
        Check.eventually("the queue is still bound though its ring is gone", () -> path.isFree(path.queue()));
    }

    static void works(NetdevPath path) {
        try (Steered queue =
                Steered.open(path, Steered.registration(path, Steered.PLENTY).stats())) {
            queue.session().transfer(1, PIECE);
            Check.equal("copy_bytes", 0, queue.session().stats().bytes());
        }
    }

    /**
     * What is done between taking a queue and letting go of it, in this order.
     *
     * @param pages of the area
     * @param sent bytes; 0 for none
     * @param settled whether all that came is reaped
     * @param given buffers that go back then
     */
    private record Round(int pages, boolean steered, boolean receiving, int sent, boolean settled, int given) {
        static Round draw(SplittableRandom random, int leastPages) {
            return new Round(
                    leastPages + random.nextInt(200),
                    random.nextBoolean(),
                    random.nextBoolean(),
                    random.nextBoolean() ? 1 + random.nextInt(PIECE) : 0,
                    random.nextBoolean(),
                    random.nextInt(4));
        }

        void run(NetdevPath path) {
            try (Session session = Session.open(path.queued(path.queue(), 64, pages));
                    var _ = steered ? path.steer(session.tcp(), path.queue()) : null) {
                if (receiving) {
                    session.startReceiving();
                }
                if (sent > 0) {
                    session.send(sent);
                }
                if (settled) {
                    session.settle();
                    session.giveBack(given);
                }
            }
            mustBeFree(path);
        }
    }

    /** What the rounds are is drawn from the run's seed. */
    private static void cycles(int rounds) {
        long pinned = Pinned.settled();
        NetdevPath path = Paths.netdev();
        var random = new SplittableRandom(PropertySeed.seed());
        // Of the simulated NIC it is known that it takes a ring that it can't fill.
        int leastPages = path.buffers(NetdevPath.RING / 2);
        for (int i = 1; i <= rounds; i++) {
            Round round = Round.draw(random, leastPages);
            try {
                round.run(path);
            } catch (RuleViolation e) {
                throw new RuleViolation(
                        e.getMessage() + "\nin round " + i + " of " + rounds + ", " + round,
                        e.expectation(),
                        e.basic());
            } catch (SyscallException | IllegalStateException e) {
                throw new IllegalStateException(
                        "round " + i + " of " + rounds + ", " + round + ": " + e.getMessage(), e);
            }
        }
        works(path);
        Pinned.awaitBack(pinned);
    }

    @Test
    @Rule("NIC-032")
    @DisplayName("a queue can be taken and let go of any number of times")
    void cycles() {
        cycles(20);
    }

    @Test
    @Full
    @Rule("NIC-032")
    @DisplayName("hundreds of random rounds of taking a queue and letting go of it leave nothing behind")
    void manyCycles() {
        cycles(300);
    }

    /** What a test has taken away comes back; whether that succeeds does not hide what the test has found before. */
    private interface Reopened extends AutoCloseable {
        @Override
        void close();
    }

    /**
     * Takes the device away while a queue is bound, data was delivered, data is under way, and all of the device's
     * buffers are in use. All memory comes back, and a new one works.
     */
    private static void whileBound(Consumer<Session> removal) {
        long pinned = Pinned.settled();
        NetdevPath path = Paths.netdev();
        try (Reopened _ = Paths::reopen;
                Session session = Session.open(Steered.registration(path, Steered.PLENTY));
                Memory more = Memory.anonymous(Memory.PAGE_SIZE)) {
            session.startReceiving();
            path.steer(session.tcp(), path.queue());
            session.transfer(2, PIECE);
            session.send(NetdevPath.RING * Memory.PAGE_SIZE);
            removal.accept(session);
            session.giveBackAll();
            Check.equal(
                    "entries of the refill ring left after a flush",
                    0,
                    session.instance().refill().pending());
            if (KernelProbe.get().canAddAreas()) {
                Struct area = session.instance().areaArg(more.segment());
                session.instance().addArea(area, more.segment()).mustBe(Errno.EFAULT);
            }
        }
        Pinned.awaitBack(pinned);
        works(Paths.netdev());
    }

    @Test
    @Full
    @Rule({"NIC-033", "NIC-037", "BUF-005"})
    @DisplayName(
            "a driver can be removed while a queue is bound and data is under way; all memory comes back, none is added")
    void driverRemoved() {
        whileBound(_ -> {
            Paths.netdev().abandon();
            Check.equal("delete_module", 0, new Simnic().unload());
            Check.that(!Simnic.hasNear(), "the device is still there");
        });
    }

    @Test
    @Full
    @Rule({"NIC-034", "NIC-037", "BUF-005"})
    @DisplayName(
            "a device whose namespaces go while a queue is bound goes with them; all memory comes back, none is added")
    void namespaceRemoved() {
        whileBound(session -> {
            session.receive((long) NetdevPath.RING * Memory.PAGE_SIZE);
            session.send(PIECE);
            session.tcp().closeSender();
            Paths.netdev().abandon();
            NetNamespace.delete(Simnic.NAMESPACE);
            Check.eventually("the device is still there though its namespace is gone", () -> !Simnic.hasNear());
        });
    }

    @Test
    @Full
    @Rule("NIC-035")
    @DisplayName("a process that is killed in the middle of traffic lets go of its queue, which works anew")
    void ownerKilled() {
        NetdevPath path = Paths.netdev();
        var rules = path.device().rules();
        Owner.startAndKill();
        mustBeFree(path);
        // These belong to the device, not to who made them.
        path.device().rules().stream()
                .filter(rule -> !rules.contains(rule))
                .forEach(rule -> path.device().removeRule(rule).mustBe(0));
        works(path);
    }

    @Test
    @Rule("NIC-036")
    @DisplayName("once no queue is bound the device takes every setting, and takes each back")
    void settingsComeBack() {
        NetdevPath path = Paths.netdev();
        Device device = path.device();
        works(path);
        path.awaitFree(path.queue());
        DeviceSettings before = DeviceSettings.of(device);
        try {
            path.setUp(device.dataSplit(false));
            path.setUp(device.ringSize(2 * NetdevPath.RING));
            path.setUp(device.spread(1));
            device.steer(false, 9, path.queue());
            Check.equal(
                    "settings that differ",
                    List.of("rss", "rules", "rx", "tcp-data-split"),
                    before.differences(DeviceSettings.of(device)).stream()
                            .map(difference -> difference.replaceFirst(" .*", ""))
                            .toList());
        } finally {
            Check.equal("settings that could not be put back", List.of(), before.putBack(device));
        }
        works(path);
    }

    @Test
    @Full
    @Rule("NIC-036")
    @DisplayName("the settings of a NIC whose tester was killed with a queue bound are put back by the next")
    void settingsOutliveTheirTester() {
        Check.needs(Paths.kind() == PathKind.NIC, "is about a NIC that a net.config names: add --data-path nic");
        NetdevPath path = Paths.netdev();
        Device device = path.device();
        Site nic = PathKind.NIC.site();
        nic.down();
        DeviceSettings original = DeviceSettings.of(device);
        try {
            path.setUp(device.ntuple(true));
            path.setUp(device.dataSplit(false));
            path.setUp(device.ringSize(2 * NetdevPath.RING));
            path.setUp(device.spread(1));
            device.steer(false, 9, 0);
            DeviceSettings before = DeviceSettings.of(device);
            Owner.startAndKill();
            Check.that(!before.differences(DeviceSettings.of(device)).isEmpty(), "the tester changed no setting");
            nic.down();
            Check.equal("settings that differ", List.of(), before.differences(DeviceSettings.of(device)));
        } finally {
            Check.equal("settings that could not be put back", List.of(), original.putBack(device));
            nic.up();
        }
        works(path);
    }
}
