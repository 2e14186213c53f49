// SPDX-License-Identifier: MIT
package zcrx.vm.kernel;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Predicate;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import zcrx.vm.CannotTestException;
import zcrx.vm.Command;
import zcrx.vm.HostTools;
import zcrx.vm.Progress;

/**
 * Debian's archive, through an apt whose whole state is private: it works for any user, on any release, and leaves the
 * host's apt alone. From the host come the mirror and the way to it. Whatever it gives has passed apt's check of
 * signatures and checksums.
 */
final class DebianArchive {
    /** Names the environment variable, too, that is how other distributions use this. */
    static final String MIRROR_VARIABLE = "ZCRX_DEBIAN_MIRROR";

    private static final String VERSION_FIELD = "Version: ";
    private static final Duration FRESH = Duration.ofHours(6);
    private static final Pattern STATUS = Pattern.compile("dlstatus:\\d+:(\\d+)(\\.\\d+)?:.*");
    private static final Pattern RELEASE_FILE = Pattern.compile("'([^']+)/dists/([^/']+)/InRelease' .*");

    private final Path dir;
    private final Progress progress;
    private final Clock clock;
    private final Path keyring;
    private final @Nullable String givenMirror;
    private final Map<String, String> refused = new LinkedHashMap<>();

    /** Only one at a time may use the same directory. */
    DebianArchive(Path dir, Progress progress, Clock clock) {
        this(dir, progress, clock, HostTools.ARCHIVE_KEYRING, System.getenv(MIRROR_VARIABLE));
    }

    /**
     * One that need not be Debian's.
     *
     * @param keyring what it must be signed with
     * @param mirror where it is; null for this host's
     */
    DebianArchive(Path dir, Progress progress, Clock clock, Path keyring, @Nullable String mirror) {
        this.dir = dir;
        this.progress = progress;
        this.clock = clock;
        this.keyring = keyring;
        this.givenMirror = mirror;
    }

    /** The packages that hold a kernel image. Lists that can't be had now are used as old as they are, if they exist. */
    List<KernelPackage> kernels(List<String> suites) throws IOException {
        prepare(suites);
        var packages = new ArrayList<KernelPackage>();
        for (String target : apt("indextargets", "--format", "$(RELEASE) $(FILENAME)", "Created-By: Packages")
                .lines()) {
            String[] suiteAndFile = target.split(" ", 2);
            Path list = Path.of(suiteAndFile[1]);
            if (Files.exists(list)) {
                try (var reader = Files.newBufferedReader(list)) {
                    packages.addAll(KernelPackage.readList(reader, suiteAndFile[0]));
                }
            }
        }
        return packages;
    }

    private void prepare(List<String> suites) throws IOException {
        String mirror = configure(suites);
        if (!suites.stream().allMatch(suite -> isFresh(suite, mirror))) {
            refresh(suites, mirror);
        }
        refused.clear();
        for (String suite : suites) {
            Path complaint = stamp(suite, mirror, ".refused");
            if (Files.exists(complaint)) {
                refused.put(suite, Files.readString(complaint));
            }
        }
    }

    /** Why those of the suites that were asked for last could not be refreshed, a line for each. */
    List<String> refusals() {
        return refused.entrySet().stream()
                .map(e -> e.getKey() + " (" + e.getValue() + ")")
                .toList();
    }

    private void refresh(List<String> suites, String mirror) throws IOException {
        Command.Result result =
                aptWithProgress("fetching package lists of " + String.join(", ", suites), dir, "update");
        for (String suite : suites) {
            Optional<String> complaint = result.lines().stream()
                    .filter(l -> l.startsWith("E: ") && l.contains("/dists/" + suite + "/"))
                    .map(l -> l.substring("E: ".length()))
                    .findFirst();
            if (!result.ok() && complaint.isEmpty() && result.lines().stream().noneMatch(l -> l.contains("/dists/"))) {
                // Not about one suite: apt itself could not work.
                complaint = Optional.of(result.complaint("E: "));
            }
            Path refused = stamp(suite, mirror, ".refused");
            Files.deleteIfExists(refused);
            if (complaint.isPresent()) {
                Files.writeString(refused, complaint.get());
            }
            // Whatever the network did wrong may be over in a minute; a mirror that is behind stays so for a while.
            if (complaint.isEmpty() || complaint.get().contains("is expired")) {
                Files.writeString(stamp(suite, mirror, ".asked"), "");
            }
        }
    }

    /** Fetches a package of the suites that were asked for last. */
    Path download(KernelPackage p, Path into) throws IOException {
        Command.Result result = aptWithProgress(
                "fetching " + p.name(),
                into,
                "download",
                p.name() + "=" + p.version().text());
        if (!result.ok()) {
            throw new CannotTestException(
                    "cannot fetch " + p.name() + " " + p.version().text() + ": " + result.complaint("E: ")
                            + "; check the network, or give a kernel file");
        }
        try (Stream<Path> files = Files.list(into)) {
            return files.filter(f -> f.toString().endsWith(".deb"))
                    .findFirst()
                    .orElseThrow(() -> new CannotTestException("apt-get download left no .deb in " + into));
        }
    }

    /** The packages that a package depends on; throws when there is no such package. */
    List<String> dependencies(List<String> suites, String name) throws IOException {
        prepare(suites);
        Command.Result result = Command.run(List.of("apt-cache", "depends", name), environment(), line -> false);
        if (!result.ok()) {
            throw new CannotTestException("Debian has no " + name + " (any more)");
        }
        return result.lines().stream()
                .map(String::strip)
                .filter(l -> l.startsWith("Depends: "))
                .map(l -> l.substring("Depends: ".length()))
                .toList();
    }

    /** The version of a package that would be fetched; throws when there is no such package. */
    String candidate(List<String> suites, String name) throws IOException {
        prepare(suites);
        Command.Result result =
                Command.run(List.of("apt-cache", "show", "--no-all-versions", name), environment(), line -> false);
        return result.lines().stream()
                .filter(l -> l.startsWith(VERSION_FIELD))
                .map(l -> l.substring(VERSION_FIELD.length()))
                .findFirst()
                .orElseThrow(() -> new CannotTestException(
                        "Debian has no " + name + " (any more) in " + String.join(", ", suites)));
    }

    /** All versions of a package that could be fetched; none when there is no such package. */
    List<DebianVersion> versions(List<String> suites, String name) throws IOException {
        prepare(suites);
        return Command.run(List.of("apt-cache", "show", name), environment(), line -> false).lines().stream()
                .filter(l -> l.startsWith(VERSION_FIELD))
                .map(l -> new DebianVersion(l.substring(VERSION_FIELD.length())))
                .toList();
    }

    /**
     * Fetches packages of the suites that were asked for last, and unpacks them below a directory.
     *
     * @param names of them, such as {@code libc6} or {@code linux-source-7.3=7.3.4-1~bpo13+1}
     */
    void unpack(List<String> names, Path into) throws IOException {
        Path debs = Files.createTempDirectory(dir, "debs-");
        var download = new ArrayList<>(List.of("download"));
        download.addAll(names);
        Command.Result result = aptWithProgress("fetching " + names.getFirst(), debs, download.toArray(String[]::new));
        try (Stream<Path> files = Files.list(debs)) {
            for (Path deb : files.toList()) {
                if (result.ok()) {
                    result = Command.run(List.of("dpkg-deb", "-x", deb.toString(), into.toString()));
                }
                Files.delete(deb);
            }
        }
        Files.delete(debs);
        if (!result.ok()) {
            throw new CannotTestException("cannot fetch " + names.getFirst() + ": " + result.complaint("E: "));
        }
    }

    private boolean isFresh(String suite, String mirror) {
        try {
            Instant asked =
                    Files.getLastModifiedTime(stamp(suite, mirror, ".asked")).toInstant();
            Duration age = Duration.between(asked, clock.instant());
            return !age.isNegative() && age.compareTo(FRESH) < 0;
        } catch (IOException e) {
            return false;
        }
    }

    /** Remembers how asking this mirror for this suite went. */
    private Path stamp(String suite, String mirror, String kind) {
        return dir.resolve(suite + "@" + mirror.replaceAll("[^A-Za-z0-9.-]+", "_") + kind);
    }

    /** Writes apt's configuration for these suites, and says which mirror it uses. */
    private String configure(List<String> suites) throws IOException {
        if (!Files.isReadable(keyring)) {
            throw new CannotTestException(
                    "no keys to check Debian's packages with, " + keyring + ": install debian-archive-keyring");
        }
        String mirror = givenMirror;
        if (mirror == null || mirror.isBlank()) {
            Command.Result uris = Command.run(List.of("apt-get", "update", "--print-uris"));
            mirror = mirrorIn(uris.lines(), codename(Path.of("/etc/os-release")));
        }
        mirror = mirror.strip().replaceFirst("/+$", "");
        Files.createDirectories(dir.resolve("lists/partial"));
        Files.createDirectories(dir.resolve("archives/partial"));
        Files.writeString(dir.resolve("status"), "");
        String source = "deb [arch=amd64 signed-by=" + keyring + "] " + mirror;
        Files.write(
                dir.resolve("sources.list"),
                suites.stream().map(s -> source + " " + s + " main").toList());
        // Not the host's configuration, whose hooks would work on the host's state; only its way to the network.
        String network = Command.run(List.of("apt-config", "dump")).lines().stream()
                .filter(l -> l.matches("Acquire::(https?|Retries|ForceIPv[46])\\b.*"))
                .collect(Collectors.joining("\n"));
        Files.writeString(dir.resolve("apt.conf"), """
                // apt's three take seven seconds when there is no network.
                Acquire::Retries "1";
                %2$s
                Dir "/";
                Dir::Etc::Main "/dev/null";
                Dir::Etc::Parts "/dev/null";
                Dir::Etc::SourceList "%1$s/sources.list";
                Dir::Etc::SourceParts "/dev/null";
                Dir::Etc::Preferences "/dev/null";
                Dir::Etc::PreferencesParts "/dev/null";
                Dir::Etc::Trusted "/dev/null";
                Dir::Etc::TrustedParts "/dev/null";
                Dir::State "%1$s";
                Dir::State::Lists "%1$s/lists";
                Dir::State::Status "%1$s/status";
                Dir::Cache "%1$s";
                Dir::Log "%1$s";
                APT::Architecture "amd64";
                APT::Architectures { "amd64"; };
                // The user _apt can't write here. Nothing but parsers of signed files runs anyway.
                APT::Sandbox::User "";
                // Suites that this run doesn't need are another run's.
                APT::Get::List-Cleanup "false";
                // A list that could not be had is an error, not a warning.
                APT::Update::Error-Mode "any";
                Acquire::Languages "none";
                Acquire::GzipIndexes "false";
                """.formatted(dir, network));
        return mirror;
    }

    private Command.Result apt(String... words) {
        return run(dir, line -> false, words);
    }

    private Command.Result aptWithProgress(String what, Path workingDirectory, String... words) {
        try (Progress.Task task = progress.begin(what)) {
            return run(
                    workingDirectory,
                    line -> {
                        Matcher status = STATUS.matcher(line);
                        if (!status.matches()) {
                            return false;
                        }
                        task.percent(Integer.parseInt(status.group(1)));
                        return true;
                    },
                    words);
        }
    }

    private Command.Result run(Path workingDirectory, Predicate<String> swallows, String... words) {
        var command =
                new ArrayList<>(List.of("env", "-C", workingDirectory.toString(), "apt-get", "-o", "APT::Status-Fd=1"));
        command.addAll(List.of(words));
        return Command.run(command, environment(), swallows);
    }

    private Map<String, String> environment() {
        return Map.of("APT_CONFIG", dir.resolve("apt.conf").toString());
    }

    static String codename(Path osRelease) throws IOException {
        return Files.readAllLines(osRelease).stream()
                .filter(l -> l.startsWith("VERSION_CODENAME="))
                .map(l -> l.substring(l.indexOf('=') + 1).replace("\"", ""))
                .findFirst()
                .orElse("sid");
    }

    /**
     * Finds the main archive among the host's sources. Not by {@code apt-get indextargets}: that says nothing before
     * the first {@code apt-get update}. Third parties use Debian's code names for their own archives, but don't have
     * the -updates suite beside it.
     *
     * @param printedUris by {@code apt-get update --print-uris}
     */
    static String mirrorIn(List<String> printedUris, String codename) {
        Set<String> own = new LinkedHashSet<>();
        Set<String> withUpdates = new LinkedHashSet<>();
        Set<String> releases = Set.of(codename, "oldstable", "stable", "testing", "unstable", "sid");
        for (String line : printedUris) {
            Matcher m = RELEASE_FILE.matcher(line);
            if (m.matches() && releases.contains(m.group(2))) {
                own.add(m.group(1));
            } else if (m.matches() && releases.contains(m.group(2).replaceFirst("-updates$", ""))) {
                withUpdates.add(m.group(1));
            }
        }
        return Stream.of(
                        own.stream().filter(withUpdates::contains),
                        own.stream().filter(uri -> uri.endsWith("/debian")),
                        own.stream())
                .flatMap(s -> s)
                .findFirst()
                .orElseThrow(() -> new CannotTestException("no Debian mirror in this host's apt configuration: set "
                        + MIRROR_VARIABLE + " to the URL of one, the part before /dists"));
    }
}
