// SPDX-License-Identifier: MIT
package zcrx.vm.image;

import java.io.File;
import java.io.IOException;
import java.lang.classfile.ClassFile;
import java.lang.classfile.ClassModel;
import java.lang.classfile.constantpool.InvokeDynamicEntry;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import java.util.stream.StreamSupport;
import java.util.zip.ZipEntry;
import java.util.zip.ZipFile;
import zcrx.vm.CannotTestException;
import zcrx.vm.Command;

/**
 * The suite's classes as the JVM wants them in memory, so that the guest's maps them instead of loading and linking
 * them. This is the older form of what {@code -XX:AOTCache} does, for two reasons: a cache holds code for the CPU of the
 * host that built it, which QEMU's CPU may not run; and no two caches are the same.
 */
final class ClassArchive {
    /** The header with its checksums, which the JVM looks at with -XX:+VerifySharedSpaces only. */
    private static final int HEADER = 4096;

    private static final String CLASS = ".class";
    /** In a class list: a class, and the indexes of those entries of its constant pool that are to be resolved. */
    private static final String REFERENCES = "@cp ";

    private final Path java;
    private final List<String> jvmOptions;
    private final String classPath;
    private final String root;

    /**
     * @param classPath jars
     * @param root what the names of all of the suite's own classes begin with, such as {@code org/example/}
     */
    ClassArchive(Path java, List<String> jvmOptions, String classPath, String root) {
        this.root = root;
        this.java = java;
        this.jvmOptions = jvmOptions;
        this.classPath = classPath;
    }

    /** Same classes, same bytes. */
    void write(Path archive, List<String> trainingRun) throws IOException {
        Path recorded = archive.resolveSibling("classes.recorded");
        Path classList = archive.resolveSibling("classes");
        // Interpreted, lest it depend on the compiler's timing which references get resolved.
        run(
                "the suite's training run",
                List.of("-Xshare:off", "-Xint", "-XX:DumpLoadedClassList=" + recorded),
                trainingRun);
        Files.write(classList, inOrder(withAll(ownClasses(), Files.readAllLines(recorded))));
        Path again = archive.resolveSibling("again.jsa");
        long[] first = dump(classList, archive);
        long[] second = dump(classList, again);
        blankTimes(archive, first, again, second);
        Files.delete(again);
        Files.delete(recorded);
        // In the guest an archive that doesn't fit would just make everything slow.
        run("a run with archived classes", List.of("-Xshare:on", "-XX:SharedArchiveFile=" + archive), trainingRun);
    }

    /** When it began and when it ended, in the JVM's milliseconds. */
    private long[] dump(Path classList, Path archive) {
        long start = TimeUnit.NANOSECONDS.toMillis(System.nanoTime());
        run(
                "archiving the suite's classes",
                List.of("-Xshare:dump", "-XX:SharedClassListFile=" + classList, "-XX:SharedArchiveFile=" + archive),
                List.of());
        return new long[] {start, TimeUnit.NANOSECONDS.toMillis(System.nanoTime())};
    }

    /** The classes of the suite, by their names in the class list. */
    private SortedMap<String, ClassModel> ownClasses() throws IOException {
        var classes = new TreeMap<String, ClassModel>();
        for (String jar : classPath.split(File.pathSeparator, -1)) {
            try (var files = new ZipFile(jar)) {
                for (ZipEntry file : files.stream()
                        .filter(f -> f.getName().startsWith(root) && f.getName().endsWith(CLASS))
                        .toList()) {
                    String name = file.getName().substring(0, file.getName().length() - CLASS.length());
                    classes.put(
                            name,
                            ClassFile.of().parse(files.getInputStream(file).readAllBytes()));
                }
            }
        }
        return classes;
    }

    /**
     * Adds what the training run did not reach, because its kernel has no zcrx: the other classes, and that their call
     * sites of lambdas and string concatenations are to be linked.
     */
    static List<String> withAll(SortedMap<String, ClassModel> own, List<String> recorded) {
        var lines = new ArrayList<String>(recorded);
        own.forEach((name, type) -> {
            lines.add(name);
            String callSites = StreamSupport.stream(type.constantPool().spliterator(), false)
                    .filter(InvokeDynamicEntry.class::isInstance)
                    .map(entry -> Integer.toString(entry.index()))
                    .collect(Collectors.joining(" "));
            if (!callSites.isEmpty()) {
                lines.add(REFERENCES + name + " " + callSites);
            }
        });
        return lines;
    }

    /**
     * Threads race in the training run: not what is loaded depends on that, but when, and what is done about two threads
     * that are at the same map at the same time. Classes go before references.
     */
    static List<String> inOrder(List<String> recorded) {
        Stream<String> classes = recorded.stream()
                .filter(l -> !l.startsWith("@") && !l.startsWith("#"))
                .map(l -> l.replaceFirst(" id: .*", ""));
        Stream<String> lambdas = recorded.stream().filter(l -> l.startsWith("@lambda"));
        Stream<String> references = recorded.stream()
                .filter(l -> l.startsWith(REFERENCES) && !l.startsWith(REFERENCES + "java/util/concurrent/"));
        return Stream.of(classes, lambdas, references)
                .flatMap(Stream::sorted)
                .distinct()
                .toList();
    }

    /**
     * Clears the one thing that differs from dump to dump: soft references know when they were last used, and linked
     * call sites have some. To the JVM they are unused since it started. An archive that differs in any other way is
     * left as it is: it works, but building it again won't give the same bytes.
     */
    private static void blankTimes(Path archive, long[] span, Path other, long[] otherSpan) throws IOException {
        ByteBuffer a = ByteBuffer.wrap(Files.readAllBytes(archive)).order(ByteOrder.LITTLE_ENDIAN);
        ByteBuffer b = ByteBuffer.wrap(Files.readAllBytes(other)).order(ByteOrder.LITTLE_ENDIAN);
        if (a.limit() != b.limit()) {
            return;
        }
        for (int at = 0; at < HEADER; at += Integer.BYTES) {
            if (a.getInt(at) != b.getInt(at)) {
                a.putInt(at, 0);
            }
        }
        for (int at = HEADER; at + Long.BYTES <= a.limit(); at += Long.BYTES) {
            long time = a.getLong(at);
            long otherTime = b.getLong(at);
            if (time != otherTime) {
                if (time < span[0] || time > span[1] || otherTime < otherSpan[0] || otherTime > otherSpan[1]) {
                    return;
                }
                a.putLong(at, 0);
            }
        }
        Files.write(archive, a.array());
    }

    private void run(String what, List<String> options, List<String> program) {
        var command = new ArrayList<String>();
        command.add(java.toString());
        command.addAll(jvmOptions);
        command.addAll(options);
        command.addAll(List.of("-cp", classPath));
        command.addAll(program);
        Command.Result result = Command.run(command);
        if (!result.ok()) {
            throw new CannotTestException(what + " failed: " + String.join(" | ", result.lines()));
        }
    }
}
