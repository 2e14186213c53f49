// SPDX-License-Identifier: MIT
package zcrx.vm.kernel;

import java.io.BufferedReader;
import java.io.IOException;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * A Debian package with a kernel image in it.
 *
 * @param name such as {@code linux-binary-7.3.4+deb13-amd64}
 * @param version of the package
 * @param suite that has it
 */
record KernelPackage(String name, DebianVersion version, String suite) {
    /**
     * Since 6.19 linux-binary-… has the image and linux-image-… only draws it in together with the modules; before,
     * linux-image-… has both. Unsigned and debug packages don't match.
     */
    private static final Pattern NAME = Pattern.compile("linux-(binary|image)-[0-9][0-9.]*[^-]*?(-rt|-cloud)?-amd64");

    /** Reads those of a {@code Packages} file that hold an image. */
    static List<KernelPackage> readList(BufferedReader packages, String suite) throws IOException {
        var found = new ArrayList<KernelPackage>();
        Set<String> names = new HashSet<>();
        String name = "";
        for (String line = packages.readLine(); line != null; line = packages.readLine()) {
            if (line.startsWith("Package: ")) {
                name = line.substring("Package: ".length());
            } else if (line.startsWith("Version: ") && name.startsWith("linux-")) {
                var p = new KernelPackage(name, new DebianVersion(line.substring("Version: ".length())), suite);
                if (NAME.matcher(name).matches()) {
                    found.add(p);
                    names.add(name);
                }
            }
        }
        found.removeIf(p -> p.name.startsWith("linux-image-")
                && names.contains(p.name.replaceFirst("^linux-image-", "linux-binary-")));
        return found;
    }

    /** {@code -rt}, {@code -cloud}, or nothing. */
    String flavour() {
        Matcher m = NAME.matcher(name);
        return m.matches() && m.group(2) != null ? m.group(2) : "";
    }

    /** The one that has the configuration: the same, or since 6.19 linux-base-…. */
    KernelPackage configPackage() {
        return new KernelPackage(name.replaceFirst("^linux-binary-", "linux-base-"), version, suite);
    }

    boolean isReleaseCandidate() {
        return version.upstream().contains("~rc");
    }

    @Override
    public String toString() {
        return suite + ", " + name + " " + version.text();
    }
}
