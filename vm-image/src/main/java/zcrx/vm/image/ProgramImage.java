// SPDX-License-Identifier: MIT
package zcrx.vm.image;

import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.SequencedMap;

/** The initramfs of a guest that runs C programs. */
public final class ProgramImage {
    private ProgramImage() {}

    /**
     * Writes it.
     *
     * @param init the script that is the first process
     * @param programs by name, in the order in which they are to run; statically linked
     * @param busybox statically linked
     */
    public static void write(Path target, String init, SequencedMap<String, Path> programs, Path busybox)
            throws IOException {
        var guest = new Initramfs();
        add(guest, init, programs);
        guest.add("bin/busybox", busybox);
        for (String applet : List.of("sh", "mount", "ip", "stty", "poweroff")) {
            guest.addLink("bin/" + applet, "busybox");
        }
        for (String directory : List.of("dev", "proc", "sys", "tmp")) {
            guest.addDirectory(directory);
        }
        guest.write(target);
    }

    /** Adds what the image of the suite lacks; of two files of a name, the later one counts. */
    static void add(Initramfs guest, String init, SequencedMap<String, Path> programs) {
        guest.add("init", init);
        guest.add("list", String.join("\n", programs.sequencedKeySet()) + "\n");
        guest.addLink("bin/timeout", "busybox");
        programs.forEach((name, file) -> guest.add("programs/" + name, file));
    }
}
