// SPDX-License-Identifier: MIT
package zcrx.reports;

import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.DirectoryStream;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneId;
import java.time.format.DateTimeFormatter;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Scanner;
import java.util.function.Consumer;
import org.apache.commons.io.file.PathUtils;
import org.jspecify.annotations.Nullable;
import tools.jackson.core.JacksonException;
import tools.jackson.core.type.TypeReference;
import tools.jackson.databind.DeserializationFeature;
import tools.jackson.databind.PropertyNamingStrategies;
import tools.jackson.databind.SerializationFeature;
import tools.jackson.databind.json.JsonMapper;
import zcrx.conformance.results.ResultEvent;
import zcrx.reports.format.AllureHtml;
import zcrx.reports.format.AllureResults;
import zcrx.reports.format.JUnitXml;
import zcrx.reports.format.Ktap;
import zcrx.reports.format.MatrixHtml;
import zcrx.reports.format.SummaryJson;
import zcrx.reports.run.Catalogue;
import zcrx.reports.run.Column;
import zcrx.reports.run.KnownBugs;
import zcrx.reports.run.Matrix;
import zcrx.reports.run.Run;
import zcrx.reports.run.RunRecorder;
import zcrx.reports.run.Setup;
import zcrx.vm.BadRequestException;
import zcrx.vm.CannotTestException;
import zcrx.vm.Ending;

/**
 * Where a run is kept. Three files are recorded while it goes on: {@code events.jsonl}, {@code console.log}, and {@code
 * run.json}, which says what was run and how it ended. All others are made from these, and can be made again.
 */
public final class RunDirectory {
    private static final String EVENTS = "events.jsonl";
    private static final String CONSOLE = "console.log";
    private static final String RECORD = "run.json";
    private static final String REPRODUCTIONS = "reproductions.json";
    private static final String REPORT = "report";

    private static final DateTimeFormatter TIME = DateTimeFormatter.ofPattern("yyyy-MM-dd'T'HH-mm-ss", Locale.ROOT);

    static final JsonMapper JSON = JsonMapper.builder()
            .propertyNamingStrategy(PropertyNamingStrategies.SNAKE_CASE)
            .enable(SerializationFeature.INDENT_OUTPUT)
            .enable(DeserializationFeature.FAIL_ON_UNKNOWN_PROPERTIES)
            .build();

    private final Path path;

    private RunDirectory(Path path) {
        this.path = path;
    }

    /**
     * What {@code run.json} holds.
     *
     * @param format of this file and those beside it
     * @param guests in their order; none before the first, two when that died and left a rest
     */
    private record Recorded(int format, Setup setup, List<Guest> guests) {
        static final int FORMAT = 2;
    }

    /**
     * A guest, or a process on this machine.
     *
     * @param ending null while it goes on
     */
    private record Guest(@Nullable Ending ending, long durationMs) {
        static final Guest RUNNING = new Guest(null, 0);
    }

    /** Of the first guest's streams the files have plain names. */
    private static String nameFor(int guest, String name) {
        return guest == 0 ? name : name.replaceFirst("\\.", "-" + (guest + 1) + ".");
    }

    public Path path() {
        return path;
    }

    /** Throws {@link BadRequestException} for a directory that cannot take a new run; creates nothing. */
    public static void check(Path out) {
        try (DirectoryStream<Path> entries = Files.newDirectoryStream(out)) {
            if (Files.exists(out.resolve(RECORD)) || Files.exists(out.resolve(MatrixDirectory.RECORD))) {
                throw new BadRequestException(
                        "--out " + out + ": holds an older run, which is kept; give another directory");
            }
            if (entries.iterator().hasNext()) {
                throw new BadRequestException("--out " + out + ": is not empty; give a new or an empty directory");
            }
            if (!Files.isWritable(out)) {
                throw new BadRequestException("--out " + out + ": cannot be written to; give another directory");
            }
        } catch (NoSuchFileException e) {
            Path parent = out.toAbsolutePath().normalize().getParent();
            while (parent != null && !Files.exists(parent)) {
                parent = parent.getParent();
            }
            if (parent == null || !Files.isDirectory(parent) || !Files.isWritable(parent)) {
                throw new BadRequestException("--out " + out + ": cannot be created in " + parent
                        + "; give a directory that can be written to");
            }
        } catch (IOException e) {
            throw new BadRequestException(
                    "--out " + out + ": " + CannotTestException.reason(e) + "; give a new or an empty directory");
        }
    }

    /** Creates it, and throws {@link BadRequestException} when that cannot be. */
    public static RunDirectory create(Path out) {
        check(out);
        try {
            Files.createDirectories(out);
        } catch (IOException e) {
            throw new BadRequestException("--out " + out + ": cannot be created: " + CannotTestException.reason(e)
                    + "; give another directory");
        }
        return new RunDirectory(out);
    }

    /**
     * A new one below {@code parent}.
     *
     * @param started and {@code what} make its name
     */
    public static RunDirectory createBelow(Path parent, Instant started, String what) {
        return createNew(parent, TIME.format(started.atZone(ZoneId.systemDefault())) + "-" + what);
    }

    /** Says what is going to run here, so that it is known should this program be killed before. */
    void plan(Setup setup) throws IOException {
        writeRecord(new Recorded(Recorded.FORMAT, setup, List.of()));
    }

    /** Whether it got as far as a guest. */
    boolean hasBegun() throws IOException {
        return !read().guests().isEmpty();
    }

    /** A new one of this name, or with a number behind it. */
    static RunDirectory createNew(Path parent, String wanted) {
        String name = wanted.replaceAll("[^A-Za-z0-9._+-]", "_");
        try {
            Files.createDirectories(parent);
            for (int i = 1; ; i++) {
                Path out = parent.resolve(i == 1 ? name : name + "-" + i);
                try {
                    return new RunDirectory(Files.createDirectory(out));
                } catch (FileAlreadyExistsException e) {
                    // Another run began in this second.
                }
            }
        } catch (IOException e) {
            throw new BadRequestException(
                    parent + ": " + CannotTestException.reason(e) + "; give a directory with --out");
        }
    }

    /** An older run. Throws {@link BadRequestException} where there is none. */
    public static RunDirectory of(Path path) {
        if (!Files.isRegularFile(path.resolve(RECORD))) {
            throw new BadRequestException(path + ": holds no run; give the directory of one, which has a " + RECORD);
        }
        return new RunDirectory(path);
    }

    /** The two streams of a run, as they come. Each line is in its file when its call returns. */
    public final class Recording implements AutoCloseable {
        private final Setup setup;
        private final List<Guest> guests = new ArrayList<>();
        private OutputStream events = OutputStream.nullOutputStream();
        private OutputStream console = OutputStream.nullOutputStream();

        private Recording(Setup setup) throws IOException {
            this.setup = setup;
            nextGuest();
        }

        /** What comes from here on is of another guest, which runs what the one before it left. */
        public void nextGuest() throws IOException {
            close();
            events = Files.newOutputStream(path.resolve(nameFor(guests.size(), EVENTS)));
            console = Files.newOutputStream(path.resolve(nameFor(guests.size(), CONSOLE)));
            // What the record names is there.
            guests.add(Guest.RUNNING);
            writeRecord(new Recorded(Recorded.FORMAT, setup, guests));
        }

        public void event(String line) throws IOException {
            write(events, line);
        }

        public void kernelLog(String line) throws IOException {
            write(console, line);
        }

        private static void write(OutputStream to, String line) throws IOException {
            // In one piece, so that what others see of the file ends with a whole line.
            to.write((line + "\n").getBytes(StandardCharsets.UTF_8));
        }

        public void ended(Ending ending, Duration duration) throws IOException {
            guests.set(guests.size() - 1, new Guest(ending, duration.toMillis()));
            writeRecord(new Recorded(Recorded.FORMAT, setup, guests));
        }

        @Override
        public void close() throws IOException {
            try (OutputStream _ = events) {
                console.close();
            }
        }
    }

    public Recording record(Setup setup) throws IOException {
        return new Recording(setup);
    }

    private void writeRecord(Recorded record) throws IOException {
        replace(path.resolve(RECORD), JSON.writeValueAsString(record) + "\n");
    }

    /** In one step: neither a full disk nor the end of this program may leave half of it. */
    static void replace(Path file, String text) throws IOException {
        Path whole = file.resolveSibling(file.getFileName() + ".new");
        Files.writeString(whole, text);
        Files.move(whole, file, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
    }

    private Recorded read() throws IOException {
        Recorded record = parse(RECORD, new TypeReference<>() {});
        if (record.format() != Recorded.FORMAT) {
            throw new IOException(path + ": has format " + record.format() + ", this version reads " + Recorded.FORMAT);
        }
        return record;
    }

    private <T> T parse(String name, TypeReference<T> type) throws IOException {
        Path file = path.resolve(name);
        try {
            return JSON.readValue(Files.readString(file), type);
        } catch (JacksonException e) {
            throw new IOException(file + ": " + e.getOriginalMessage(), e);
        }
    }

    /** Goes through a recorded run again. */
    public Run replay(KnownBugs knownBugs) throws IOException {
        Recorded record = read();
        Run run = null;
        String diedAt = "";
        for (int i = 0; i < record.guests().size(); i++) {
            Guest guest = record.guests().get(i);
            var recorder = new RunRecorder(record.setup(), knownBugs, new RunRecorder.Listener() {});
            lines(nameFor(i, CONSOLE), recorder::kernelLog);
            lines(nameFor(i, EVENTS), recorder::result);
            Run part = recorder.finish(
                    guest.ending() == null
                            ? new Ending(Ending.Kind.INTERRUPTED, "the runner itself was killed")
                            : guest.ending(),
                    Duration.ofMillis(guest.durationMs()));
            run = run == null ? part : run.continuedBy(part, diedAt);
            diedAt = recorder.diedAt().orElse("");
        }
        if (run == null) {
            run = new RunRecorder(record.setup(), knownBugs, new RunRecorder.Listener() {})
                    .finish(
                            new Ending(Ending.Kind.NOT_STARTED, "the runner itself was killed before this began"),
                            Duration.ZERO);
        }
        return Files.exists(path.resolve(REPRODUCTIONS))
                ? run.attaching(
                        ResultEvent.Attachment.REPRODUCTION,
                        parse(REPRODUCTIONS, new TypeReference<Map<String, String>>() {}))
                : run;
    }

    /** Keeps what became of the C programs, by the ids of the tests. */
    public void reproduced(Map<String, String> verdicts) throws IOException {
        replace(path.resolve(REPRODUCTIONS), JSON.writeValueAsString(verdicts) + "\n");
    }

    /** Copies what was recorded, so that {@code other}, which is new, can be gone through and reported in its place. */
    public void copyTo(RunDirectory other) throws IOException {
        var names = new ArrayList<>(List.of(RECORD));
        for (int i = 0; i < read().guests().size(); i++) {
            names.add(nameFor(i, CONSOLE));
            names.add(nameFor(i, EVENTS));
        }
        if (Files.exists(path.resolve(REPRODUCTIONS))) {
            names.add(REPRODUCTIONS);
        }
        for (String name : names) {
            Files.copy(path.resolve(name), other.path.resolve(name), StandardCopyOption.REPLACE_EXISTING);
        }
    }

    private void lines(String name, Consumer<String> to) throws IOException {
        // A line ends where it was ended when it was recorded; a reader would also end it at a carriage return.
        try (Scanner lines = new Scanner(path.resolve(name), StandardCharsets.UTF_8).useDelimiter("\n")) {
            while (lines.hasNext()) {
                to.accept(lines.next());
            }
            if (lines.ioException() != null) {
                throw lines.ioException();
            }
        }
    }

    /** Makes every file that is made from the recorded ones; replaces those that are there. */
    public void report(Run run, Catalogue catalogue, AllureHtml html) throws IOException {
        // What programs read comes first, in case the disk gets full.
        write(path.resolve("summary.json"), SummaryJson.of(run, catalogue));
        write(path.resolve("results.ktap"), Ktap.of(run, catalogue));
        write(path.resolve("junit.xml"), JUnitXml.of(run, catalogue));
        pages(path, List.of(new Column(run)), catalogue, html);
    }

    /** What people look at: a page for each test, and the matrix, with links to each other. */
    static void pages(Path path, List<Column> columns, Catalogue catalogue, AllureHtml html) throws IOException {
        Path allure = path.resolve("allure-results");
        if (Files.exists(allure)) {
            PathUtils.deleteDirectory(allure);
        }
        AllureResults.write(columns, catalogue, allure);
        Path report = path.resolve(REPORT);
        html.generate("zcrx-conformance", allure, report);
        write(report.resolve(MatrixHtml.FILE), MatrixHtml.of(Matrix.of(columns, catalogue), AllureHtml.pages(report)));
    }

    public Path reportFile() {
        return reportFile(path);
    }

    static Path reportFile(Path path) {
        return path.resolve(REPORT).resolve(AllureHtml.FILE);
    }

    /** Replaces a file, or makes it. */
    public static void write(Path file, String text) throws IOException {
        Files.write(file, text.getBytes(StandardCharsets.UTF_8));
    }
}
