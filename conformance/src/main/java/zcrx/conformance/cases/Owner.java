// SPDX-License-Identifier: MIT
package zcrx.conformance.cases;

import zcrx.conformance.Paths;
import zcrx.fixtures.abi.Dialect;
import zcrx.fixtures.path.NetdevPath;
import zcrx.fixtures.path.PathKind;
import zcrx.fixtures.sys.Memory;

/** A process that has a queue and receives on it until it is killed. */
final class Owner {
    private static final String READY = "ready";
    private static final int PIECE = 5 * Memory.PAGE_SIZE + 123;

    private Owner() {}

    /** Arguments: a dialect, and the data path, which is there already. */
    public static void main(String[] args) {
        Dialect.speak(Dialect.of(args[0]).orElseThrow());
        Paths.open(PathKind.of(args[1]).orElseThrow());
        OtherProcess.telling(() -> receive(Paths.netdev()));
    }

    private static void receive(NetdevPath path) {
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
        try (OtherProcess owner = OtherProcess.start(Owner.class, Paths.kind().word())) {
            String word = owner.line();
            if (!READY.equals(word)) {
                throw new IllegalStateException("the owner of the queue said " + word);
            }
        }
    }
}
