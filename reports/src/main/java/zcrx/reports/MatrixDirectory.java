// SPDX-License-Identifier: MIT
package zcrx.reports;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import tools.jackson.core.JacksonException;
import zcrx.conformance.Shard;
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
import zcrx.reports.run.Setup;
import zcrx.reports.run.Shards;
import zcrx.vm.BadRequestException;
import zcrx.vm.CannotTestException;

/**
 * Where several runs are kept, on several kernels, in several guests or repeated: the whole directory of each,
 * {@code matrix.json}, which names these, and the same reports as of one run, about all of them.
 */
public final class MatrixDirectory {
    static final String RECORD = "matrix.json";

    private final Path path;
    private final List<Part> parts = new ArrayList<>();

    /**
     * A run.
     *
     * @param label of its column
     * @param directory its name
     * @param repeat how often it was to be run; null for once. Repeats have the same label.
     * @param shard that is to make one run with others of the same label; null for a run by itself
     */
    private record Part(
            String label,
            String directory,
            @Nullable Repetition repeat,
            @Nullable String shard) {}

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
            directory.parts.addAll(RunDirectory.JSON
                    .readValue(Files.readString(path.resolve(RECORD)), Recorded.class)
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
     * @param setup of the run, as far as it is known before it begins
     */
    public synchronized RunDirectory add(String label, Repetition repetition, Setup setup) {
        long number =
                1 + parts.stream().filter(part -> part.label.equals(label)).count();
        return repetition.runsOnce()
                ? add(label, label, null, null, setup)
                : add(label, label + "-repeat-" + number, repetition, null, setup);
    }

    /** A directory for a run of a shard, which makes one run with all others of the same label. */
    public synchronized RunDirectory addShard(String label, Setup setup) {
        Shard shard = setup.shard();
        return add(label, label + "-shard-" + shard.number() + "-of-" + shard.of(), null, shard.word(), setup);
    }

    private RunDirectory add(
            String label, String name, @Nullable Repetition repeat, @Nullable String shard, Setup setup) {
        RunDirectory directory = RunDirectory.createNew(path, name);
        parts.add(new Part(label, String.valueOf(directory.path().getFileName()), repeat, shard));
        try {
            // What is named here can be reported, whenever this program is killed.
            directory.plan(setup);
            RunDirectory.replace(
                    path.resolve(RECORD), RunDirectory.JSON.writeValueAsString(new Recorded(parts)) + "\n");
        } catch (IOException e) {
            throw CannotTestException.because(e, "cannot record the runs", "give a directory with room, --out");
        }
        return directory;
    }

    /**
     * Runs that make one column, or one of several that do.
     *
     * @param repetition that they are repeats of; once for a single run
     */
    public record Source(List<RunDirectory> runs, Repetition repetition) {}

    /** What a directory holds, of one run or of several. Throws {@link BadRequestException} where there is none. */
    public static List<Source> sourcesIn(Path path) throws IOException {
        if (!isOne(path)) {
            return List.of(new Source(List.of(RunDirectory.of(path)), Repetition.ONCE));
        }
        var sources = new ArrayList<Source>();
        for (List<Part> column : of(path).columns()) {
            List<RunDirectory> runs = column.stream()
                    .map(part -> RunDirectory.of(path.resolve(part.directory)))
                    .toList();
            Repetition repeat = column.getFirst().repeat;
            if (repeat == null) {
                runs.forEach(run -> sources.add(new Source(List.of(run), Repetition.ONCE)));
            } else {
                sources.add(new Source(runs, repeat));
            }
        }
        return sources;
    }

    /** The columns of a directory, of one run or of several. Throws {@link BadRequestException} where there is none. */
    public static List<Column> columnsIn(Path path, KnownBugs knownBugs) throws IOException {
        return isOne(path)
                ? of(path).replay(knownBugs)
                : List.of(new Column(RunDirectory.of(path).replay(knownBugs)));
    }

    /** Throws {@link BadRequestException} where there is no run. */
    public static void check(Path path) {
        if (!isOne(path)) {
            var _ = RunDirectory.of(path);
        }
    }

    private List<List<Part>> columns() {
        return List.copyOf(parts.stream()
                .collect(Collectors.groupingBy(Part::label, LinkedHashMap::new, Collectors.toList()))
                .values());
    }

    /** Goes through all runs again. */
    public List<Column> replay(KnownBugs knownBugs) throws IOException {
        var columns = new ArrayList<Column>();
        for (List<Part> column : columns()) {
            columns.add(replay(column, knownBugs));
        }
        return columns;
    }

    private Column replay(List<Part> column, KnownBugs knownBugs) throws IOException {
        Part first = column.getFirst();
        Repeats repeats = first.repeat == null ? null : new Repeats(first.repeat);
        var runs = new ArrayList<Run>();
        for (Part part : column) {
            RunDirectory directory = RunDirectory.of(path.resolve(part.directory));
            Run run = directory.replay(knownBugs);
            if (repeats == null) {
                runs.add(run);
            } else if (repeats.done() == 0 || directory.hasBegun()) {
                repeats.add(part.directory, run);
            }
        }
        if (repeats != null) {
            return repeats.column(first.label);
        }
        return new Column(first.label, first.shard == null ? runs.getFirst() : new Shards(runs).together());
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
