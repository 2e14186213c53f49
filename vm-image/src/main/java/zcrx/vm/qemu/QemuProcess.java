// SPDX-License-Identifier: MIT
package zcrx.vm.qemu;

import java.io.IOException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.Channels;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import zcrx.vm.CannotTestException;
import zcrx.vm.ChildProcess;
import zcrx.vm.Ending;
import zcrx.vm.Limits;
import zcrx.vm.Silence;
import zcrx.vm.SuiteHost.Observer;

/** One QEMU, from its start to its end. */
final class QemuProcess {
    /** QEMU stays after this, and the guest stands still for ever. */
    private static final String KVM_GAVE_UP = "KVM internal error";

    private final List<String> command;
    private final Observer observer;
    private final List<String> complaints = new ArrayList<>();
    private volatile boolean spoke;

    /**
     * @param command QEMU and its arguments but for the serial lines: the first is the console, the second has the
     *     results
     */
    QemuProcess(List<String> command, Observer observer) {
        this.command = command;
        this.observer = observer;
    }

    /** As {@link zcrx.vm.SuiteHost#run}. Must not be called on a virtual thread, see {@link ChildProcess#run}. */
    Ending run(Limits limits) {
        try {
            // Not in a directory of the user's: the path of a socket is at most 107 bytes long.
            Path socket = Files.createTempDirectory("zcrx-").resolve("results");
            try (var server = ServerSocketChannel.open(StandardProtocolFamily.UNIX)) {
                server.bind(UnixDomainSocketAddress.of(socket));
                return run(limits, server, socket);
            } finally {
                remove(socket);
            }
        } catch (IOException e) {
            throw CannotTestException.because(e, "cannot run QEMU", "check " + System.getProperty("java.io.tmpdir"));
        }
    }

    private static void remove(Path socket) throws IOException {
        Files.deleteIfExists(socket);
        Files.deleteIfExists(Objects.requireNonNull(socket.getParent()));
    }

    private Ending run(Limits limits, ServerSocketChannel server, Path socket) throws IOException {
        var words = new ArrayList<>(command);
        words.addAll(List.of("-chardev", "file,id=console,path=/dev/stdout", "-serial", "chardev:console"));
        words.addAll(List.of("-chardev", "socket,id=results,path=" + socket, "-serial", "chardev:results"));
        var silence = new Silence(limits.silence());
        Thread results = Thread.ofPlatform().name("results").start(() -> readResults(server, socket, silence));
        ChildProcess.Outcome outcome;
        try {
            outcome = ChildProcess.run(
                    words,
                    limits.whole(),
                    silence,
                    ChildProcess.logLines(),
                    line -> {
                        spoke = true;
                        observer.kernelLog(line);
                    },
                    line -> {
                        complaints.add(line);
                        return line.startsWith(KVM_GAVE_UP);
                    });
        } finally {
            // Ends the wait for a connection that QEMU never made.
            server.close();
            ChildProcess.uninterrupted(results::join);
        }
        return outcome.cut() == null ? ending(outcome, spoke, complaints) : limits.ending(outcome.cut());
    }

    private void readResults(ServerSocketChannel server, Path socket, Silence silence) {
        try (SocketChannel channel = server.accept()) {
            // Nobody else will connect; and what is gone can't be left behind.
            remove(socket);
            ChildProcess.resultLines().read(Channels.newInputStream(channel), line -> {
                silence.end();
                observer.result(line);
            });
        } catch (IOException _) {
            // QEMU never connected, or was killed; how it ended says more than this.
        }
    }

    /** What it means that QEMU ended by itself. */
    static Ending ending(ChildProcess.Outcome outcome, boolean spoke, List<String> complaints) {
        String last = complaints.stream()
                .filter(l -> l.startsWith(KVM_GAVE_UP) || l.startsWith("qemu-system"))
                .findFirst()
                .orElse(complaints.isEmpty() ? "" : complaints.getLast());
        // It ends in order, with 0, when a signal asks it to.
        if (last.startsWith(KVM_GAVE_UP) || last.contains("terminating on signal")) {
            return new Ending(Ending.Kind.KILLED, last);
        }
        if (!outcome.signal().isEmpty()) {
            return new Ending(
                    Ending.Kind.KILLED, "QEMU was killed by " + outcome.signal() + (last.isEmpty() ? "" : ", " + last));
        }
        if (outcome.status() == 0) {
            return new Ending(Ending.Kind.STOPPED, "");
        }
        return new Ending(
                spoke ? Ending.Kind.KILLED : Ending.Kind.NOT_STARTED,
                last.isEmpty() ? "QEMU ended with status " + outcome.status() : last);
    }
}
