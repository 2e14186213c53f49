// SPDX-License-Identifier: MIT
package zcrx.vm.image;

import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.FileTime;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.SortedSet;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.apache.commons.codec.digest.DigestUtils;
import org.apache.commons.io.file.PathUtils;
import zcrx.conformance.Death;
import zcrx.fixtures.path.KernelModule;
import zcrx.fixtures.path.NetConfig;
import zcrx.vm.CannotTestException;
import zcrx.vm.Command;
import zcrx.vm.HostTools;

/** Builds the guest image; the build runs it when it packages this module. */
final class ImageBuilder {
    /** A run-time image with what the suite and its libraries use of the JDK; most of it is in the class archive. */
    private static final List<String> JLINK_OPTIONS = List.of(
            "--add-modules",
            "java.base,java.logging,jdk.unsupported",
            "--strip-debug",
            "--no-man-pages",
            "--no-header-files",
            "--compress",
            "zip-6",
            "--vm",
            "server");

    /** How the guest's JVM runs, in training as later: a class data archive fits one way only. */
    private static final List<String> JVM_OPTIONS = List.of(
            "--enable-native-access=ALL-UNNAMED",
            // What compiles longer than it runs is not worth optimising.
            "-XX:TieredStopAtLevel=1",
            "-XX:+UseSerialGC",
            "-XX:-UsePerfData",
            // A test is called once: not worth a class of its own that calls it.
            "-Djdk.reflect.useNativeAccessorOnly=true",
            "-XX:+AOTClassLinking",
            // Moving the archived classes to a random address takes seconds without KVM.
            "-XX:+UnlockDiagnosticVMOptions",
            "-XX:ArchiveRelocationMode=0",
            // What the JVM can't go on from is its process's end, and is told as that.
            "-XX:+ExitOnOutOfMemoryError",
            "-XX:+ErrorFileToStdout");

    private static final FileTime AGE = FileTime.from(Initramfs.MODIFIED, TimeUnit.SECONDS);

    private final Path javaHome;
    private final Path busybox;
    private final List<Path> jars;
    private final String mainClass;

    /**
     * @param javaHome the JDK to take the run-time image from
     * @param busybox statically linked
     * @param jars the suite and what it needs
     * @param mainClass takes {@code --train} and {@code --results FILE …}
     */
    ImageBuilder(Path javaHome, Path busybox, List<Path> jars, String mainClass) {
        this.javaHome = javaHome;
        this.busybox = busybox;
        this.jars = List.copyOf(jars);
        this.mainClass = mainClass;
    }

    /**
     * Arguments: the directory to build in, the class path of the suite, its main class. Exits with 125 when this host
     * lacks something, which the build tolerates: everything but running a guest works without an image.
     */
    public static void main(String[] args) throws IOException {
        Path dir = Path.of(args[0]).toAbsolutePath();
        List<Path> jars = Stream.of(args[1].split(":")).map(Path::of).toList();
        try {
            HostTools.install(System.err::println);
            new ImageBuilder(Path.of(System.getProperty("java.home")), HostTools.busybox(), jars, args[2]).build(dir);
        } catch (CannotTestException e) {
            System.err.println("no guest image: " + e.getMessage());
            Files.deleteIfExists(dir.resolve(GuestImage.NAME));
            System.exit(125);
        }
    }

    /** Builds only what isn't there yet, or was made from something else. */
    void build(Path dir) throws IOException {
        Files.createDirectories(dir);
        Path jre = jre(dir.resolve("jre"));
        SortedSet<Path> jreFiles = filesOf(jre);
        SortedSet<Path> libraries = SharedLibraries.neededBy(jreFiles.stream()
                .filter(f -> f.endsWith("bin/java") || f.toString().endsWith(".so"))
                .toList());
        Path image = dir.resolve(GuestImage.NAME);
        Path madeFrom = dir.resolve("made-from");
        String inputs = inputs(libraries);
        if (Files.exists(image)
                && Files.exists(madeFrom)
                && Files.readString(madeFrom).equals(inputs)) {
            return;
        }
        Files.deleteIfExists(madeFrom);
        Path suite = dir.resolve("suite");
        if (Files.exists(suite)) {
            PathUtils.deleteDirectory(suite);
        }
        Files.createDirectories(suite);
        var classPath = new ArrayList<Path>();
        for (Path jar : jars) {
            Path copy = suite.resolve(jar.getFileName().toString());
            Files.copy(jar, copy);
            Files.setLastModifiedTime(copy, AGE);
            classPath.add(copy);
        }
        Path archive = suite.resolve("suite.jsa");
        new ClassArchive(
                        jre.resolve("bin/java"),
                        JVM_OPTIONS,
                        classPath.stream().map(Path::toString).collect(Collectors.joining(":")),
                        mainClass.substring(0, mainClass.indexOf('.') + 1).replace('.', '/'))
                .write(archive, List.of(mainClass, "--train"));

        var guest = new Initramfs();
        for (Path file : jreFiles) {
            guest.add("jre/" + jre.relativize(file), file);
        }
        for (Path file : classPath) {
            guest.add("suite/" + file.getFileName(), file);
        }
        guest.add("suite/suite.jsa", archive);
        guest.add("suite/java.args", javaArguments());
        for (Path library : libraries) {
            guest.add(library.toString().substring(1), library.toRealPath());
        }
        guest.add("bin/busybox", busybox);
        for (String applet : List.of("sh", "mount", "ip", "stty", "unshare", "poweroff")) {
            guest.addLink("bin/" + applet, "busybox");
        }
        for (String directory : List.of("dev", "proc", "sys", "tmp")) {
            guest.addDirectory(directory);
        }
        guest.add("init", resource("init"));
        guest.add("etc/fstab", resource("fstab"));
        Path part = dir.resolve(GuestImage.NAME + ".part");
        guest.write(part);
        Files.move(part, image, StandardCopyOption.ATOMIC_MOVE);
        Files.writeString(madeFrom, inputs);
    }

    /** What {@code java} reads in the guest, down to the main class; the suite's own words follow. */
    private String javaArguments() {
        var words = new ArrayList<>(JVM_OPTIONS);
        words.add("-XX:SharedArchiveFile=/suite/suite.jsa");
        for (KernelModule module : List.of(KernelModule.SIMNIC, KernelModule.NETDEVSIM, KernelModule.DEATHS)) {
            words.add("-D" + module.property() + "=/" + GuestImage.pathOf(module.name()));
        }
        words.add("-D" + NetConfig.FILE_PROPERTY + "=/" + GuestImage.NET_CONFIG);
        words.add("-D" + Death.GUEST_PROPERTY + "=true");
        words.add("-cp");
        words.add(jars.stream().map(jar -> "/suite/" + jar.getFileName()).collect(Collectors.joining(":")));
        words.add(mainClass);
        return String.join("\n", words) + "\n";
    }

    private Path jre(Path dir) throws IOException {
        Path madeFrom = dir.resolve("made-from");
        var command = new ArrayList<>(List.of(javaHome.resolve("bin/jlink").toString()));
        command.addAll(JLINK_OPTIONS);
        command.addAll(List.of("--output", dir.toString()));
        String inputs = command + "\n" + Files.readString(javaHome.resolve("release"));
        if (Files.exists(madeFrom) && Files.readString(madeFrom).equals(inputs)) {
            return dir;
        }
        if (Files.exists(dir)) {
            PathUtils.deleteDirectory(dir);
        }
        Command.Result jlink = Command.run(command);
        if (!jlink.ok()) {
            throw new CannotTestException("jlink of " + javaHome + " failed: " + jlink.complaint("Error: ")
                    + "; set JAVA_HOME to a whole JDK 25");
        }
        PathUtils.deleteDirectory(dir.resolve("legal"));
        for (String unused : List.of("release", "bin/keytool", "lib/classlist", "lib/jrt-fs.jar")) {
            Files.deleteIfExists(dir.resolve(unused));
        }
        for (Path file : filesOf(dir)) {
            Files.setLastModifiedTime(file, AGE);
        }
        Files.writeString(madeFrom, inputs);
        return dir;
    }

    /** Everything that decides what is in the image, as text. */
    private String inputs(SortedSet<Path> libraries) throws IOException {
        var lines = new TreeMap<String, String>();
        var all = new ArrayList<>(libraries);
        all.addAll(jars);
        all.add(busybox);
        for (Path file : all) {
            lines.put(file.toString(), DigestUtils.sha256Hex(Files.readAllBytes(file)));
        }
        for (Class<?> builder :
                List.of(ImageBuilder.class, ClassArchive.class, Initramfs.class, SharedLibraries.class)) {
            try (InputStream in = builder.getResourceAsStream(builder.getSimpleName() + ".class")) {
                lines.put(builder.getName(), DigestUtils.sha256Hex(Objects.requireNonNull(in)));
            }
        }
        lines.put("init", DigestUtils.sha256Hex(resource("init")));
        lines.put("fstab", DigestUtils.sha256Hex(resource("fstab")));
        lines.put("java.args", DigestUtils.sha256Hex(javaArguments()));
        lines.put("java", JLINK_OPTIONS + " of " + Files.readString(javaHome.resolve("release")));
        return lines.entrySet().stream()
                .map(e -> e.getKey() + " " + e.getValue())
                .collect(Collectors.joining("\n"));
    }

    private static String resource(String name) throws IOException {
        try (InputStream in = ImageBuilder.class.getResourceAsStream(name)) {
            return new String(Objects.requireNonNull(in, name).readAllBytes(), StandardCharsets.UTF_8);
        }
    }

    private static SortedSet<Path> filesOf(Path dir) throws IOException {
        try (Stream<Path> all = Files.walk(dir)) {
            return all.filter(Files::isRegularFile)
                    .filter(f -> !f.endsWith("made-from"))
                    .collect(Collectors.toCollection(TreeSet::new));
        }
    }
}
