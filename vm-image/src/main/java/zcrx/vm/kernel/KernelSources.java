// SPDX-License-Identifier: MIT
package zcrx.vm.kernel;

import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.time.Clock;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.locks.ReentrantLock;
import java.util.stream.Stream;
import zcrx.vm.BadRequestException;
import zcrx.vm.CannotTestException;
import zcrx.vm.Progress;

/** Turns what the user gave for {@code --kernel} into a kernel that QEMU can boot. */
public final class KernelSources {
    private static final byte[] DEB_MAGIC = "!<arch>\n".getBytes(StandardCharsets.US_ASCII);

    /** File locks keep processes apart, not threads. */
    private static final ReentrantLock WITHIN_THIS_PROCESS = new ReentrantLock();

    private final Path cacheDir;
    private final Progress progress;
    private final FileCache cache;
    private final DebianArchive archive;

    /**
     * Concurrent runs may share the directory.
     *
     * @param cacheDir where fetched and unpacked kernels are kept; see {@link #defaultCacheDir}
     */
    public KernelSources(Path cacheDir, Progress progress) {
        this.cacheDir = cacheDir.toAbsolutePath();
        this.progress = progress;
        this.cache = new FileCache(this.cacheDir.resolve("kernels"));
        this.archive = new DebianArchive(this.cacheDir.resolve("apt"), progress, Clock.systemUTC());
    }

    /** {@code $XDG_CACHE_HOME/zcrx}, or {@code ~/.cache/zcrx}. */
    public static Path defaultCacheDir() {
        String xdg = System.getenv("XDG_CACHE_HOME");
        // The specification of that variable says to ignore relative paths.
        Path base =
                xdg != null && xdg.startsWith("/") ? Path.of(xdg) : Path.of(System.getProperty("user.home"), ".cache");
        return base.resolve("zcrx");
    }

    /**
     * Fetches, unpacks and checks what has to be.
     *
     * @param spec {@code debian:latest}, {@code debian:7.3}, {@code debian:7.2.9}, {@code debian:7.3-rt}, a bzImage, an
     *     ELF vmlinux, a build tree, or a .deb
     */
    public Kernel resolve(String spec) {
        return exclusively(
                "prepare " + spec, () -> spec.startsWith(DebianSpec.PREFIX) ? fromDebian(spec) : fromFile(spec));
    }

    /**
     * Builds the simulated NIC for a kernel, unless that was done before.
     *
     * @param sources the folder of the module
     */
    public SimnicModule simnic(Kernel kernel, Path sources) {
        try {
            return exclusively("build simnic", () -> {
                var build = new ModuleBuild(sources);
                String name = "simnic/" + kernel.sha256() + "/" + FileCache.sha256(build.inputs()) + "/simnic.ko";
                Optional<FileCache.Entry> built = cache.find(name);
                return SimnicModule.of((built.isPresent() ? built.get() : buildSimnic(kernel, build, name)).path());
            });
        } catch (CannotTestException e) {
            return SimnicModule.missing(String.valueOf(e.getMessage()));
        }
    }

    private FileCache.Entry buildSimnic(Kernel kernel, ModuleBuild build, String name) throws IOException {
        Path tree = Path.of(kernel.spec().replace('\0', '?'));
        boolean isTree = Files.isDirectory(tree);
        String release = kernel.release();
        if (!isTree && !ModuleBuild.isDebian(release)) {
            throw new CannotTestException(
                    "it cannot be built for a kernel file that isn't Debian's: give the build tree");
        }
        Path headers = cacheDir.resolve("headers").resolve(release);
        if (!isTree && !Files.isDirectory(headers)) {
            Path part = Files.createTempDirectory(cacheDir, "headers-");
            try {
                Path unpacked = part.resolve(release);
                ModuleBuild.fetchHeaders(archive, release, unpacked, headers);
                Files.createDirectories(headers.getParent());
                Files.move(unpacked, headers, StandardCopyOption.ATOMIC_MOVE);
            } finally {
                deleteTree(part);
            }
        }
        Path dir = Files.createTempDirectory(cacheDir, "simnic-");
        try (Progress.Task _ = progress.begin("building simnic for " + release)) {
            Path module = isTree ? build.withTree(tree, dir) : build.withHeaders(release, headers, dir);
            return cache.put(name, out -> Files.copy(module, out));
        } finally {
            deleteTree(dir);
        }
    }

    private static void deleteTree(Path dir) throws IOException {
        try (Stream<Path> all = Files.walk(dir)) {
            for (Path path : all.sorted(Comparator.reverseOrder()).toList()) {
                Files.delete(path);
            }
        }
    }

    /** Something that the operating system may refuse. */
    @FunctionalInterface
    private interface Work<T> {
        T done() throws IOException;
    }

    private <T> T exclusively(String what, Work<T> work) {
        WITHIN_THIS_PROCESS.lock();
        try {
            Files.createDirectories(cacheDir);
            try (FileChannel channel = FileChannel.open(
                            cacheDir.resolve("lock"), StandardOpenOption.CREATE, StandardOpenOption.WRITE);
                    FileLock _ = lock(channel)) {
                return work.done();
            }
        } catch (IOException e) {
            throw CannotTestException.because(
                    e, "cannot " + what, "kernels are kept in " + cacheDir + ", below XDG_CACHE_HOME");
        } finally {
            WITHIN_THIS_PROCESS.unlock();
        }
    }

    private FileLock lock(FileChannel channel) throws IOException {
        FileLock lock = channel.tryLock();
        if (lock != null) {
            return lock;
        }
        try (Progress.Task _ = progress.begin("waiting for another run that uses " + cacheDir)) {
            return channel.lock();
        }
    }

    private Kernel fromDebian(String spec) throws IOException {
        DebianSpec wanted = DebianSpec.parse(spec);
        List<KernelPackage> cached = cachedPackages();
        Optional<KernelPackage> chosen = wanted.isExact() ? wanted.choose(cached) : Optional.empty();
        if (chosen.isPresent() && cache.find(entryName(chosen.get())).isEmpty()) {
            chosen = Optional.empty();
        }
        if (chosen.isEmpty()) {
            var known = new ArrayList<>(archive.kernels(wanted.suites()));
            // The archive drops old versions; what is here may be used all the same.
            cached.stream().filter(p -> !known.contains(p)).forEach(known::add);
            chosen = wanted.choose(known);
        }
        KernelPackage p = chosen.orElseThrow(() -> new CannotTestException("no kernel for " + spec + " in Debian's "
                + String.join(", ", wanted.suites()) + ": choose another, or check the network"));
        Optional<FileCache.Entry> entry = cache.find(entryName(p));
        FileCache.Entry image = entry.isPresent() ? entry.get() : fetch(p);
        BzImage bzImage = BzImage.read(image.path())
                .orElseThrow(() -> new CannotTestException(p + ": the kernel in it is not for x86-64"));
        return bootable(spec, p.toString(), bzImage, image, entry.isPresent());
    }

    private FileCache.Entry fetch(KernelPackage p) throws IOException {
        Path dir = Files.createTempDirectory(cacheDir, "fetch-");
        try {
            Path deb = archive.download(p, dir);
            return cache.put(entryName(p), out -> DebFile.copyKernel(deb, out));
        } finally {
            try (Stream<Path> files = Files.list(dir)) {
                for (Path f : files.toList()) {
                    Files.delete(f);
                }
            }
            Files.delete(dir);
        }
    }

    private static String entryName(KernelPackage p) {
        return "debian/" + p.suite() + "/" + p.name() + "_" + p.version().text() + "/vmlinuz";
    }

    /** What {@link #entryName} wrote. */
    private List<KernelPackage> cachedPackages() throws IOException {
        Path dir = cacheDir.resolve("kernels/debian");
        if (!Files.isDirectory(dir)) {
            return List.of();
        }
        try (Stream<Path> entries = Files.walk(dir, 2)) {
            return entries.map(dir::relativize)
                    .filter(entry -> entry.getNameCount() == 2)
                    .map(entry -> {
                        String[] nameAndVersion = entry.getName(1).toString().split("_", 2);
                        String suite = entry.getName(0).toString();
                        return new KernelPackage(nameAndVersion[0], new DebianVersion(nameAndVersion[1]), suite);
                    })
                    .toList();
        }
    }

    private Kernel fromFile(String spec) throws IOException {
        Path path = Path.of(spec.replace('\0', '?'));
        if (spec.isBlank() || !Files.exists(path)) {
            throw new BadRequestException("unknown kernel '" + spec
                    + "': neither debian:… (debian:latest, debian:7.3, debian:7.2.9) nor a file or directory here");
        }
        if (!Files.isReadable(path)) {
            throw new BadRequestException(spec + ": no permission to read it");
        }
        if (Files.isDirectory(path)) {
            return fromTree(spec, path);
        }
        if (startsWith(path, DEB_MAGIC)) {
            return fromDeb(spec, path);
        }
        Optional<BzImage> bzImage = BzImage.read(path);
        var file = new FileCache.Entry(path.toAbsolutePath(), FileCache.sha256(path));
        if (bzImage.isPresent()) {
            return bootable(spec, "file " + path.toAbsolutePath(), bzImage.get(), file, true);
        }
        try (FileChannel channel = FileChannel.open(path)) {
            ElfKernel elf = ElfKernel.of(map(channel))
                    .orElseThrow(
                            () -> new BadRequestException(
                                    spec
                                            + ": not a kernel for x86-64; give a bzImage (vmlinuz), an ELF vmlinux, a build tree or a .deb"));
            String release = elf.release()
                    .orElseThrow(() -> new BadRequestException(spec + ": an ELF file, but not of a Linux kernel"));
            if (!elf.hasPvhEntry()) {
                throw new BadRequestException(
                        spec + ": QEMU can't boot a vmlinux that was built without CONFIG_PVH; give its bzImage");
            }
            return new Kernel(file.path(), release, spec, "file " + file.path(), file.sha256(), true);
        }
    }

    private Kernel fromTree(String spec, Path tree) throws IOException {
        Path image = tree.resolve("arch/x86/boot/bzImage");
        if (!Files.exists(image)) {
            boolean isTree = Files.exists(tree.resolve("Kbuild")) || Files.exists(tree.resolve(".config"));
            throw new BadRequestException(
                    isTree
                            ? spec
                                    + ": a kernel tree without a built image, arch/x86/boot/bzImage: run make bzImage there"
                            : spec + ": a directory, but not a kernel build tree: it has no arch/x86/boot/bzImage");
        }
        BzImage bzImage = BzImage.read(image)
                .orElseThrow(() -> new BadRequestException(image + ": not a kernel for x86-64; build it again"));
        var file = new FileCache.Entry(image.toAbsolutePath(), FileCache.sha256(image));
        return bootable(spec, "build tree " + tree.toAbsolutePath().normalize(), bzImage, file, true);
    }

    private Kernel fromDeb(String spec, Path deb) throws IOException {
        String name = "deb/" + FileCache.sha256(deb) + "/vmlinuz";
        Optional<FileCache.Entry> entry = cache.find(name);
        FileCache.Entry image = entry.isPresent() ? entry.get() : cache.put(name, out -> DebFile.copyKernel(deb, out));
        BzImage bzImage = BzImage.read(image.path())
                .orElseThrow(() -> new BadRequestException(spec + ": the kernel in it is not for x86-64"));
        return bootable(spec, "package " + deb.toAbsolutePath(), bzImage, image, entry.isPresent());
    }

    /** Prefers the ELF file that is inside a bzImage: unpacking it in the guest takes seconds without KVM. */
    private Kernel bootable(String spec, String origin, BzImage bzImage, FileCache.Entry file, boolean cached)
            throws IOException {
        String name = "elf/" + file.sha256() + "/vmlinux";
        Optional<FileCache.Entry> unpacked = cache.find(name);
        FileCache.Entry elf = unpacked.isPresent() ? unpacked.get() : unpack(name, bzImage);
        Path image = Files.size(elf.path()) > 0 ? elf.path() : file.path();
        return new Kernel(image, bzImage.release(), spec, origin, file.sha256(), cached);
    }

    /** Leaves an empty file for a kernel that must be booted as it is, so that it isn't tried again. */
    private FileCache.Entry unpack(String name, BzImage bzImage) throws IOException {
        try (Progress.Task _ = progress.begin("unpacking " + bzImage.release())) {
            byte[] elf = bzImage.vmlinux()
                    .filter(bytes -> ElfKernel.of(ByteBuffer.wrap(bytes))
                            .map(ElfKernel::hasPvhEntry)
                            .orElse(false))
                    .orElse(new byte[0]);
            return cache.put(name, out -> out.write(elf));
        }
    }

    private static ByteBuffer map(FileChannel channel) throws IOException {
        return channel.map(FileChannel.MapMode.READ_ONLY, 0, Math.min(channel.size(), Integer.MAX_VALUE));
    }

    private static boolean startsWith(Path file, byte[] magic) throws IOException {
        try (InputStream in = Files.newInputStream(file)) {
            return Arrays.equals(in.readNBytes(magic.length), magic);
        }
    }
}
