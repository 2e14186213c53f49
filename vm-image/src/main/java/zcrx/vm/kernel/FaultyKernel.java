// SPDX-License-Identifier: MIT
package zcrx.vm.kernel;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Stream;
import org.apache.commons.codec.digest.DigestUtils;
import zcrx.vm.CannotTestException;
import zcrx.vm.Command;
import zcrx.vm.Progress;

/** One tree of kernel source, in which faults are exchanged and only what they touch is compiled again. */
final class FaultyKernel {
    static final Path IMAGE = Path.of("arch", "x86", "boot", "bzImage");

    /** About as many as make prints for a first build; only what is shown of its progress depends on it. */
    private static final int LINES_OF_A_BUILD = 2100;

    private final Path tree;
    private final Path pristine;
    private final Path configuredFrom;
    private final Path builtFrom;
    private final Progress progress;

    /**
     * For one version of the source.
     *
     * @param dir where its tree is or will be, and what is remembered of it
     */
    FaultyKernel(Path dir, Progress progress) {
        this.tree = dir.resolve("tree");
        this.pristine = dir.resolve("pristine");
        this.configuredFrom = dir.resolve("configured-from");
        this.builtFrom = dir.resolve("built-from");
        this.progress = progress;
    }

    Path tree() {
        return tree;
    }

    boolean hasSource() {
        return Files.isDirectory(tree);
    }

    /**
     * Unpacks the source.
     *
     * @param into an empty directory on the same file system
     */
    void unpack(Path tarball, Path into) throws IOException {
        try (Progress.Task _ = progress.begin("unpacking " + tarball.getFileName())) {
            must(Command.run(List.of("tar", "-xf", tarball.toString(), "-C", into.toString(), "--strip-components=1")));
        }
        Files.createDirectories(tree.getParent());
        Files.move(into, tree, StandardCopyOption.ATOMIC_MOVE);
    }

    /** Builds what is not built yet. */
    void build(String config, List<Fault> faults) throws IOException {
        var inputs = new StringBuilder(config);
        Map<String, String> sources = sources(faults);
        sources.forEach((path, text) -> inputs.append(path).append(DigestUtils.sha256Hex(text)));
        String digest = DigestUtils.sha256Hex(inputs.toString());
        if (Files.exists(tree.resolve(IMAGE)) && read(builtFrom).equals(digest)) {
            return;
        }
        Files.deleteIfExists(builtFrom);
        configure(config);
        for (Map.Entry<String, String> source : sources.entrySet()) {
            Path file = tree.resolve(source.getKey());
            // What is as it was needn't be compiled.
            if (!read(file).equals(source.getValue())) {
                Files.writeString(file, source.getValue());
            }
        }
        make();
        Files.writeString(builtFrom, digest);
    }

    /** The files that faults are in or were in, as they must be now. */
    private Map<String, String> sources(List<Fault> faults) throws IOException {
        Map<String, FaultySource> faulty = new LinkedHashMap<>();
        for (int i = 0; i < faults.size(); i++) {
            for (Fault.Edit edit : faults.get(i).edit()) {
                String path = edit.path();
                if (!faulty.containsKey(path)) {
                    faulty.put(path, new FaultySource(path, original(path, faults.get(i))));
                }
                faulty.get(path).add(faults.get(i), i + 1, edit);
            }
        }
        Map<String, String> sources = new TreeMap<>();
        try (Stream<Path> kept = Files.exists(pristine) ? Files.walk(pristine) : Stream.empty()) {
            for (Path file : kept.filter(Files::isRegularFile).toList()) {
                sources.put(pristine.relativize(file).toString(), Files.readString(file));
            }
        }
        faulty.forEach((path, source) -> sources.put(path, source.withFaults()));
        return sources;
    }

    private String original(String path, Fault fault) throws IOException {
        Path kept = pristine.resolve(path);
        if (!Files.exists(kept)) {
            try {
                Path part = pristine.resolveSibling("original");
                Files.copy(tree.resolve(path), part, StandardCopyOption.REPLACE_EXISTING);
                Files.createDirectories(kept.getParent());
                Files.move(part, kept, StandardCopyOption.ATOMIC_MOVE);
            } catch (NoSuchFileException e) {
                throw new CannotTestException("fault " + fault.name() + " does not fit this kernel: it has no " + path
                        + "; mend it in faults.yaml");
            }
        }
        return Files.readString(kept);
    }

    private void configure(String config) throws IOException {
        if (read(configuredFrom).equals(config)) {
            return;
        }
        Files.deleteIfExists(configuredFrom);
        try (Progress.Task _ = progress.begin("configuring the kernel")) {
            must(Command.run(List.of("make", "-C", tree.toString(), "tinyconfig")));
            Path file = tree.resolve(".config");
            Files.writeString(file, Files.readString(file) + config);
            must(Command.run(List.of("make", "-C", tree.toString(), "olddefconfig")));
            List<String> set = Files.readAllLines(file);
            config.lines()
                    .filter(line -> line.startsWith("CONFIG_") && !set.contains(line))
                    .findFirst()
                    .ifPresent(line -> {
                        throw new CannotTestException("the kernel's configuration lost " + line
                                + ": it depends on something that kernel.config lacks");
                    });
        }
        Files.writeString(configuredFrom, config);
    }

    private void make() {
        var lines = new AtomicInteger();
        int jobs = Runtime.getRuntime().availableProcessors();
        try (Progress.Task task = progress.begin("building a kernel with faults, which takes long the first time")) {
            Command.Result result = Command.run(
                    List.of("make", "-C", tree.toString(), "-j" + jobs, "bzImage", "modules"), Map.of(), line -> {
                        task.percent(Math.min(99, 100 * lines.incrementAndGet() / LINES_OF_A_BUILD));
                        return !line.contains("rror");
                    });
            if (!result.ok()) {
                throw new CannotTestException("the kernel does not build: " + result.complaint("error: ")
                        + "; see what make -C " + tree + " says");
            }
        }
    }

    private static void must(Command.Result result) {
        if (!result.ok()) {
            throw new CannotTestException(result.complaint("error: "));
        }
    }

    /** Nothing where there is no such file. */
    private static String read(Path file) throws IOException {
        return Files.exists(file) ? Files.readString(file) : "";
    }
}
