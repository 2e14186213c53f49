// SPDX-License-Identifier: MIT
package zcrx.reports;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.DeserializationFeature;
import tools.jackson.databind.PropertyNamingStrategies;
import tools.jackson.databind.SerializationFeature;
import tools.jackson.databind.json.JsonMapper;
import zcrx.reports.format.AllureHtml;
import zcrx.reports.format.JUnitXml;
import zcrx.reports.format.Ktap;
import zcrx.reports.format.SummaryJson;
import zcrx.reports.run.Catalogue;
import zcrx.reports.run.Column;
import zcrx.reports.run.KnownBugs;
import zcrx.reports.run.Repeats;
import zcrx.reports.run.Repetition;
import zcrx.reports.run.Run;
import zcrx.vm.BadRequestException;
import zcrx.vm.CannotTestException;

/**
 * Where several runs are kept, of several kernels or repeated: the whole directory of each, {@code matrix.json}, which
 * names these, and the same reports as of one run, about all of them.
 */
public final class MatrixDirectory {
    static final String RECORD = "matrix.json";

    private static final JsonMapper JSON = JsonMapper.builder()
            .propertyNamingStrategy(PropertyNamingStrategies.SNAKE_CASE)
            .enable(SerializationFeature.INDENT_OUTPUT)
            .enable(DeserializationFeature.FAIL_ON_UNKNOWN_PROPERTIES)
            .build();

    private final Path path;
    private final List<Part> parts = new ArrayList<>();

    /**
     * A run.
     *
     * @param label of its column
     * @param directory its name
     * @param repeat how often it was to be run; null for once. Repeats have the same label.
     */
    private record Part(
            String label, String directory, @Nullable Repetition repeat) {}

    /** What {@code matrix.json} holds. */
    private record Recorded(List<Part> runs) {}

    private MatrixDirectory(Path path) {
        this.path = path;
    }

    /** In a directory that is new. */
    public static MatrixDirectory create(RunDirectory empty) {
        return new MatrixDirectory(empty.path());
    }

    /** Whether there are runs of several kernels in it. */
    public static boolean isOne(Path path) {
        return Files.isRegularFile(path.resolve(RECORD));
    }

    /** That of older runs. */
    public static MatrixDirectory of(Path path) throws IOException {
        var directory = new MatrixDirectory(path);
        try {
            directory.parts.addAll(JSON.readValue(Files.readString(path.resolve(RECORD)), Recorded.class)
                    .runs());
        } catch (JacksonException e) {
            throw new IOException(path.resolve(RECORD) + ": " + e.getOriginalMessage(), e);
        }
        return directory;
    }

    public Path path() {
        return path;
    }

    /**
     * A directory for one of the runs. Those asked for first come first in the report.
     *
     * @param repetition that it is part of
     */
    public synchronized RunDirectory add(String label, Repetition repetition) {
        long number =
                1 + parts.stream().filter(part -> part.label.equals(label)).count();
        RunDirectory directory =
                RunDirectory.createNew(path, repetition.runsOnce() ? label : label + "-repeat-" + number);
        parts.add(new Part(
                label, String.valueOf(directory.path().getFileName()), repetition.runsOnce() ? null : repetition));
        try {
            RunDirectory.write(path.resolve(RECORD), JSON.writeValueAsString(new Recorded(parts)) + "\n");
        } catch (IOException e) {
            throw CannotTestException.because(e, "cannot record the runs", "give a directory with room, --out");
        }
        return directory;
    }

    /** The runs that a directory holds, of one kernel or of several. Throws {@link BadRequestException} where there is none. */
    public static List<RunDirectory> runsIn(Path path) throws IOException {
        if (!isOne(path)) {
            return List.of(RunDirectory.of(path));
        }
        return of(path).parts.stream()
                .map(part -> RunDirectory.of(path.resolve(part.directory())))
                .toList();
    }

    /** Goes through all runs again. */
    public List<Column> replay(KnownBugs knownBugs) throws IOException {
        var columns = new ArrayList<Column>();
        for (String label : parts.stream().map(Part::label).distinct().toList()) {
            Repeats repeats = null;
            for (Part part : parts) {
                if (!part.label.equals(label)) {
                    continue;
                }
                Run run = RunDirectory.of(path.resolve(part.directory)).replay(knownBugs);
                if (part.repeat == null) {
                    columns.add(new Column(label, run));
                } else {
                    repeats = repeats == null ? new Repeats(part.repeat) : repeats;
                    repeats.add(part.directory, run);
                }
            }
            if (repeats != null) {
                columns.add(repeats.column(label));
            }
        }
        return columns;
    }

    /** Makes the reports about all runs; replaces those that are there. */
    public void report(List<Column> columns, Catalogue catalogue, AllureHtml html) throws IOException {
        RunDirectory.write(path.resolve("summary.json"), SummaryJson.of(columns, catalogue));
        RunDirectory.write(path.resolve("results.ktap"), Ktap.of(columns, catalogue));
        RunDirectory.write(path.resolve("junit.xml"), JUnitXml.of(columns, catalogue));
        RunDirectory.pages(path, columns, catalogue, html);
    }

    public Path reportFile() {
        return RunDirectory.reportFile(path);
    }
}
