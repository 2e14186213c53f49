// SPDX-License-Identifier: MIT
package zcrx.vm.kernel;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
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
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.locks.ReentrantLock;
import java.util.stream.Stream;
import org.apache.commons.codec.digest.DigestUtils;
import org.apache.commons.io.file.PathUtils;
import zcrx.vm.BadRequestException;
import zcrx.vm.CannotTestException;
import zcrx.vm.Progress;

/** Turns what the user gave for {@code --kernel} into a kernel that QEMU can boot. */
public final class KernelSources {
    private static final String NO_KERNEL = ": not a kernel for x86-64; give a bzImage (vmlinuz), an ELF vmlinux, a"
            + " build tree, a .deb, or a directory or tar file with one of these";

    /** The series that the faults are written for. */
    private static final String SOURCE = "linux-source-7.3";

    private static final List<String> SOURCE_SUITES = List.of(DebianSpec.BACKPORTS);

    /** File locks keep processes apart, not threads. */
    private static final ReentrantLock WITHIN_THIS_PROCESS = new ReentrantLock();

    private final Path cacheDir;
    private final Progress progress;
    private final FileCache cache;
    private final DebianArchive archive;
    /** What was noted need not be said for each kernel. */
    private final Set<String> noted = new HashSet<>();

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
     * @param spec {@code debian:latest}, {@code debian:7.3}, {@code debian:7.2.9}, {@code debian:7.3-rt}, {@code
     *     debian:rc}, a bzImage, an ELF vmlinux, a build tree, a .deb, a tar file, or a directory with one of these
     */
    public Kernel resolve(String spec) {
        return exclusively(
                "prepare " + spec, () -> spec.startsWith(DebianSpec.PREFIX) ? fromDebian(spec) : fromFile(spec));
    }

    /**
     * Builds a module for a kernel, unless that was done before.
     *
     * @param sources the folder of the module, named as it is
     */
    public GuestModule module(Kernel kernel, Path sources) {
        var build = new ModuleBuild(sources);
        try {
            return exclusively("build " + build.name(), () -> {
                String name = build.name() + "/" + kernel.sha256() + "/" + DigestUtils.sha256Hex(build.inputs()) + "/"
                        + build.name() + ".ko";
                Optional<FileCache.Entry> built = cache.find(name);
                return GuestModule.of(
                        build.name(), (built.isPresent() ? built.get() : build(kernel, build, name)).path());
            });
        } catch (CannotTestException e) {
            return GuestModule.missing(build.name(), String.valueOf(e.getMessage()));
        }
    }

    /**
     * The kernel's own netdevsim as a module: its build tree's, or for a kernel of Debian's, which never has it, made
     * from the package with its source.
     */
    public GuestModule netdevsim(Kernel kernel) {
        Optional<Path> tree = directory(kernel).filter(KernelDirectory::isTree).map(KernelDirectory::path);
        if (tree.isPresent()) {
            Path module = NetdevsimSource.module(tree.get());
            return Files.isReadable(module)
                    ? GuestModule.of(NetdevsimSource.NAME, module)
                    : GuestModule.missing(
                            NetdevsimSource.NAME,
                            "neither the kernel nor its build tree has it: set CONFIG_NETDEVSIM there, and make bzImage"
                                    + " modules");
        }
        if (!ModuleBuild.isDebian(kernel.release())) {
            return GuestModule.missing(
                    NetdevsimSource.NAME,
                    "the kernel was built without CONFIG_NETDEVSIM=y: give its build tree if it has it as a module, or"
                            + " set it");
        }
        try {
            return module(
                    kernel,
                    exclusively("fetch the source of " + kernel.release(), () -> netdevsimSource(kernel.release())));
        } catch (CannotTestException e) {
            return GuestModule.missing(NetdevsimSource.NAME, String.valueOf(e.getMessage()));
        }
    }

    private Path netdevsimSource(String release) throws IOException {
        Path source = cacheDir.resolve("sources").resolve(release).resolve(NetdevsimSource.NAME);
        if (!Files.isDirectory(source)) {
            fetchNetdevsim(release, source);
        }
        NetdevsimSource.complete(source);
        return source;
    }

    private void fetchNetdevsim(String release, Path source) throws IOException {
        String name = NetdevsimSource.packageFor(release);
        DebianVersion version = archive.versions(ModuleBuild.suites(release), name).stream()
                .filter(v -> NetdevsimSource.isSourceOf(release, v))
                .max(DebianVersion::compareTo)
                .orElseThrow(() -> new CannotTestException("Debian has no " + name + " of " + release + " (any more)"));
        Path part = Files.createTempDirectory(cacheDir, "source-");
        try {
            archive.unpack(List.of(name + "=" + version.text()), part);
            Path unpacked = Files.createDirectory(part.resolve(NetdevsimSource.NAME));
            try (Progress.Task _ = progress.begin("unpacking " + NetdevsimSource.NAME)) {
                NetdevsimSource.unpack(tarball(part, name), unpacked);
            }
            Files.createDirectories(source.getParent());
            Files.move(unpacked, source, StandardCopyOption.ATOMIC_MOVE);
        } finally {
            PathUtils.deleteDirectory(part);
        }
    }

    /** In an unpacked package with the source of a kernel. */
    private static Path tarball(Path unpacked, String name) {
        return unpacked.resolve("usr/src").resolve(name + ".tar.xz");
    }

    /** If that is what the kernel was given by. */
    private static Optional<KernelDirectory> directory(Kernel kernel) {
        Path path = path(kernel.spec());
        return Files.isDirectory(path) ? Optional.of(new KernelDirectory(kernel.spec(), path)) : Optional.empty();
    }

    private static Path path(String spec) {
        return Path.of(spec.replace('\0', '?')).toAbsolutePath().normalize();
    }

    private FileCache.Entry build(Kernel kernel, ModuleBuild build, String name) throws IOException {
        String release = kernel.release();
        Optional<KernelDirectory> directory = directory(kernel);
        if (directory.isPresent() && directory.get().isTree()) {
            return build(
                    build, release, name, dir -> build.withTree(directory.get().path(), dir));
        }
        if (ModuleBuild.isDebian(release)) {
            Path headers = debianHeaders(release);
            return build(build, release, name, dir -> build.withHeaders(release, headers, dir));
        }
        Optional<Path> headers = directory.isPresent() ? directory.get().headers(release) : Optional.empty();
        if (headers.isPresent()) {
            return build(build, release, name, dir -> build.withPackage(release, headers.get(), dir));
        }
        throw new CannotTestException(
                directory.isPresent()
                        ? "it cannot be built without the kernel's headers: add the package linux-headers-" + release
                                + " of make bindeb-pkg, or give the build tree"
                        : "it cannot be built for a kernel file that isn't Debian's: give the build tree");
    }

    /** Builds a module in a directory. */
    @FunctionalInterface
    private interface Making {
        Path in(Path dir) throws IOException;
    }

    private FileCache.Entry build(ModuleBuild build, String release, String name, Making making) throws IOException {
        Path dir = Files.createTempDirectory(cacheDir, "module-");
        try (Progress.Task _ = progress.begin("building " + build.name() + " for " + release)) {
            Path module = making.in(dir);
            return cache.put(name, out -> Files.copy(module, out));
        } finally {
            PathUtils.deleteDirectory(dir);
        }
    }

    private Path debianHeaders(String release) throws IOException {
        Path headers = cacheDir.resolve("headers").resolve(release);
        if (!Files.isDirectory(headers)) {
            Path part = Files.createTempDirectory(cacheDir, "headers-");
            try {
                Path unpacked = part.resolve(release);
                ModuleBuild.fetchHeaders(archive, release, unpacked, headers);
                Files.createDirectories(headers.getParent());
                Files.move(unpacked, headers, StandardCopyOption.ATOMIC_MOVE);
            } finally {
                PathUtils.deleteDirectory(part);
            }
        }
        return headers;
    }

    /**
     * A small kernel with all of the faults in it, none of them switched on: the first takes {@code zcrx_fault=1} on the
     * command line. Built once for each version of Debian's source, configuration and list of faults.
     *
     * @param config what the kernel has on top of tinyconfig
     */
    public Kernel faulty(Path config, List<Fault> faults) {
        String version = exclusively("find Debian's kernel source", () -> archive.candidate(SOURCE_SUITES, SOURCE));
        var kernel = new FaultyKernel(
                cacheDir.resolve("faulty").resolve(version.replaceAll("[^A-Za-z0-9.+~-]", "_")), progress);
        // A build takes long, and keeps nobody else from fetching.
        exclusively("build a kernel with faults", "lock-faulty", () -> {
            if (!kernel.hasSource()) {
                fetchSource(kernel);
            }
            kernel.build(Files.readString(config), faults);
            return kernel;
        });
        return resolve(kernel.tree().toString());
    }

    private void fetchSource(FaultyKernel kernel) throws IOException {
        Path part = Files.createTempDirectory(cacheDir, "source-");
        try {
            Path source = Files.createDirectory(part.resolve("source"));
            exclusively("fetch Debian's kernel source", () -> {
                archive.unpack(List.of(SOURCE), part);
                return part;
            });
            kernel.unpack(tarball(part, SOURCE), source);
        } finally {
            PathUtils.deleteDirectory(part);
        }
    }

    /** Something that the operating system may refuse. */
    @FunctionalInterface
    private interface Work<T> {
        T done() throws IOException;
    }

    private <T> T exclusively(String what, Work<T> work) {
        return exclusively(what, "lock", work);
    }

    private <T> T exclusively(String what, String lockFile, Work<T> work) {
        WITHIN_THIS_PROCESS.lock();
        try {
            Files.createDirectories(cacheDir);
            try (FileChannel channel = FileChannel.open(
                            cacheDir.resolve(lockFile), StandardOpenOption.CREATE, StandardOpenOption.WRITE);
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

    /** A package, and whether its kernel is here already. */
    private record Choice(KernelPackage kernel, Optional<FileCache.Entry> cached) {}

    private Choice choose(String spec) throws IOException {
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
            List<String> refusals = archive.refusals();
            if (chosen.isEmpty()) {
                throw new CannotTestException("no kernel for " + spec + " in Debian's "
                        + String.join(", ", wanted.suites())
                        + (refusals.isEmpty() ? "" : ", of which could not be read: " + String.join("; ", refusals))
                        + ": choose another, or check the network");
            }
            refusals.stream().filter(noted::add).forEach(r -> progress.note("package list not refreshed: " + r));
        }
        KernelPackage p = chosen.orElseThrow();
        return new Choice(p, cache.find(entryName(p)));
    }

    private Kernel fromDebian(String spec) throws IOException {
        Choice choice = choose(spec);
        KernelPackage p = choice.kernel();
        FileCache.Entry image = choice.cached().isPresent()
                ? choice.cached().get()
                : unpack(
                        p,
                        deb -> cache.put(
                                entryName(p),
                                KernelArchive.of(deb).orElseThrow(() -> new CannotTestException(p + ": no package"))
                                        ::copyKernel));
        BzImage bzImage = BzImage.read(image.path())
                .orElseThrow(() -> new CannotTestException(p + ": the kernel in it is not for x86-64"));
        return bootable(spec, p.toString(), bzImage, image, choice.cached().isPresent());
    }

    /** Takes something out of a package file. */
    @FunctionalInterface
    private interface Unpacking {
        FileCache.Entry from(Path deb) throws IOException;
    }

    private FileCache.Entry unpack(KernelPackage p, Unpacking unpacking) throws IOException {
        Path dir = Files.createTempDirectory(cacheDir, "fetch-");
        try {
            return unpacking.from(archive.download(p, dir));
        } finally {
            PathUtils.deleteDirectory(dir);
        }
    }

    private static String entryName(KernelPackage p) {
        return "debian/" + p.suite() + "/" + p.name() + "_" + p.version().text() + "/vmlinuz";
    }

    /** What {@link #entryName} wrote; there are configurations, too, and what a download left that was broken off. */
    private List<KernelPackage> cachedPackages() throws IOException {
        Path dir = cacheDir.resolve("kernels/debian");
        if (!Files.isDirectory(dir)) {
            return List.of();
        }
        try (Stream<Path> entries = Files.walk(dir, 2)) {
            return entries.map(dir::relativize)
                    .filter(entry -> entry.getNameCount() == 2
                            && Files.exists(dir.resolve(entry).resolve("vmlinuz")))
                    .map(entry -> {
                        String[] nameAndVersion = entry.getName(1).toString().split("_", 2);
                        String suite = entry.getName(0).toString();
                        return new KernelPackage(nameAndVersion[0], new DebianVersion(nameAndVersion[1]), suite);
                    })
                    .toList();
        }
    }

    private Kernel fromFile(String spec) throws IOException {
        Path path = path(spec);
        if (spec.isBlank() || !Files.exists(path)) {
            throw new BadRequestException(
                    "unknown kernel '" + spec
                            + "': neither debian:… (debian:latest, debian:7.3, debian:7.2.9, debian:rc) nor a file or directory here");
        }
        if (!Files.isReadable(path)) {
            throw new BadRequestException(spec + ": no permission to read it");
        }
        if (!Files.isDirectory(path)) {
            return fromImage(spec, path, "file " + path).orElseThrow(() -> new BadRequestException(spec + NO_KERNEL));
        }
        var directory = new KernelDirectory(spec, path);
        Path file = directory.kernel();
        String origin = directory.isTree() ? "build tree " + path : "file " + file;
        return fromImage(spec, file, origin)
                .orElseThrow(() -> new BadRequestException(file + ": not a kernel for x86-64; build it again"));
    }

    /** Empty if it is no kernel at all. */
    private Optional<Kernel> fromImage(String spec, Path file, String origin) throws IOException {
        Optional<BzImage> bzImage = BzImage.read(file);
        if (bzImage.isPresent()) {
            var entry = new FileCache.Entry(file, FileCache.sha256(file));
            return Optional.of(bootable(spec, origin, bzImage.get(), entry, true));
        }
        Optional<KernelArchive> archive = KernelArchive.of(file);
        if (archive.isPresent()) {
            return Optional.of(fromArchive(spec, file, archive.get()));
        }
        try (FileChannel channel = FileChannel.open(file)) {
            Optional<ElfKernel> elf = ElfKernel.of(map(channel));
            if (elf.isEmpty()) {
                return Optional.empty();
            }
            String release = elf.get()
                    .release()
                    .orElseThrow(() -> new BadRequestException(spec + ": an ELF file, but not of a Linux kernel"));
            if (!elf.get().hasPvhEntry()) {
                throw new BadRequestException(
                        spec + ": QEMU can't boot a vmlinux that was built without CONFIG_PVH; give its bzImage");
            }
            return Optional.of(new Kernel(file, release, spec, origin, FileCache.sha256(file), true));
        }
    }

    private Kernel fromArchive(String spec, Path file, KernelArchive archive) throws IOException {
        String name = "archive/" + FileCache.sha256(file) + "/vmlinuz";
        Optional<FileCache.Entry> entry = cache.find(name);
        FileCache.Entry image = entry.isPresent() ? entry.get() : cache.put(name, archive::copyKernel);
        BzImage bzImage = BzImage.read(image.path())
                .orElseThrow(() -> new BadRequestException(spec + ": the kernel in it is not for x86-64"));
        return bootable(spec, "package " + file, bzImage, image, entry.isPresent());
    }

    /** How a kernel was configured; empty when that is neither beside it nor in it. */
    public Optional<KernelConfig> config(Kernel kernel) {
        return exclusively("find the configuration of " + kernel.release(), () -> {
            Optional<KernelConfig> beside = kernel.spec().startsWith(DebianSpec.PREFIX)
                    ? debianConfig(kernel)
                    : configBeside(path(kernel.spec()), kernel.release());
            return beside.isPresent()
                    ? beside
                    : KernelConfig.inside(Files.readAllBytes(kernel.image()), "the image's own");
        });
    }

    private Optional<KernelConfig> configBeside(Path path, String release) throws IOException {
        if (!Files.isDirectory(path)) {
            Optional<KernelArchive> archive = KernelArchive.of(path);
            if (archive.isPresent()) {
                return configIn(archive.get(), path);
            }
            Optional<Path> config = KernelDirectory.configOf(path, release);
            return config.isPresent() ? read(config.get()) : none();
        }
        var directory = new KernelDirectory(path.toString(), path);
        Optional<Path> config = directory.config();
        if (config.isPresent()) {
            return read(config.get());
        }
        for (Path deb : directory.packages()) {
            Optional<KernelArchive> archive = KernelArchive.of(deb);
            Optional<KernelConfig> found = archive.isPresent() ? configIn(archive.get(), deb) : none();
            if (found.isPresent()) {
                return found;
            }
        }
        return none();
    }

    private static Optional<KernelConfig> none() {
        return Optional.empty();
    }

    private static Optional<KernelConfig> read(Path config) throws IOException {
        return Optional.of(KernelConfig.parse(Files.readString(config), config.toString()));
    }

    private static Optional<KernelConfig> configIn(KernelArchive archive, Path file) throws IOException {
        var text = new ByteArrayOutputStream();
        return archive.copyConfig(text)
                ? Optional.of(KernelConfig.parse(text.toString(StandardCharsets.US_ASCII), file.toString()))
                : none();
    }

    /** In the package with the image, or since 6.19 in one that goes with it. */
    private Optional<KernelConfig> debianConfig(Kernel kernel) throws IOException {
        KernelPackage image = choose(kernel.spec()).kernel();
        KernelPackage p = image.configPackage();
        String name = entryName(p).replaceFirst("/vmlinuz$", "/config");
        Optional<FileCache.Entry> entry = cache.find(name);
        if (entry.isEmpty()) {
            entry = Optional.of(unpack(
                    p,
                    deb -> cache.put(name, out -> {
                        if (!KernelArchive.of(deb).orElseThrow().copyConfig(out)) {
                            throw new CannotTestException(p + ": has no configuration in it");
                        }
                    })));
        }
        return Optional.of(KernelConfig.parse(Files.readString(entry.get().path()), p.toString()));
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
}
