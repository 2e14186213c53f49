// SPDX-License-Identifier: MIT
package zcrx.vm.image;

import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;

/** The initramfs of a guest that runs C programs. */
public final class ProgramImage {
    private ProgramImage() {}

    /**
     * Writes it.
     *
     * @param init the script that is the first process
     * @param jobs what it reads
     * @param programs by the names that the jobs have for them; statically linked
     * @param busybox statically linked
     */
    public static void write(Path target, String init, String jobs, Map<String, Path> programs, Path busybox)
            throws IOException {
        var guest = new Initramfs();
        guest.add("init", init);
        guest.add("jobs", jobs);
        guest.add("bin/busybox", busybox);
        for (String applet : List.of("sh", "mount", "ip", "stty", "timeout", "poweroff")) {
            guest.addLink("bin/" + applet, "busybox");
        }
        programs.forEach((name, file) -> guest.add("programs/" + name, file));
        for (String directory : List.of("dev", "proc", "sys", "tmp")) {
            guest.addDirectory(directory);
        }
        guest.write(target);
    }
}
