// SPDX-License-Identifier: MIT
package zcrx.conformance.cases;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import zcrx.conformance.Paths;
import zcrx.fixtures.path.NetConfig;
import zcrx.fixtures.path.NetdevPath;
import zcrx.fixtures.path.PathKind;
import zcrx.fixtures.sys.Memory;

/** A process that has a queue and receives on it until it is killed. */
final class Owner {
    private static final String READY = "ready";
    private static final int PIECE = 5 * Memory.PAGE_SIZE + 123;

    private Owner() {}

    /** Argument: the data path, which is there already. */
    public static void main(String[] args) {
        Paths.open(PathKind.of(args[0]).orElseThrow());
        NetdevPath path = Paths.netdev();
        try (Steered queue = Steered.open(path, Steered.registration(path, Steered.PLENTY))) {
            for (long round = 0; ; round++) {
                queue.session().transfer(1, PIECE);
                queue.session().giveBackAll();
                if (round == 1) {
                    System.out.println(READY);
                }
            }
        }
    }

    /** Starts one, and kills it with SIGKILL in the middle of its traffic. */
    static void startAndKill() {
        var command = new ArrayList<>(List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "--enable-native-access=ALL-UNNAMED",
                "-XX:TieredStopAtLevel=1"));
        String netConfig = System.getProperty(NetConfig.FILE_PROPERTY);
        if (netConfig != null) {
            command.add("-D" + NetConfig.FILE_PROPERTY + "=" + netConfig);
        }
        command.addAll(List.of(
                "-cp",
                System.getProperty("java.class.path"),
                Owner.class.getName(),
                Paths.kind().word()));
        try {
            Process owner = new ProcessBuilder(command)
                    .redirectError(ProcessBuilder.Redirect.INHERIT)
                    .start();
            try (var words = owner.inputReader()) {
                String word = words.readLine();
                if (!READY.equals(word)) {
                    throw new IllegalStateException(
                            "the owner of the queue said " + word + " and ended with " + owner.waitFor());
                }
            } finally {
                owner.destroyForcibly().waitFor();
            }
        } catch (IOException | InterruptedException e) {
            throw new IllegalStateException(e);
        }
    }
}
