// SPDX-License-Identifier: MIT
package zcrx.reports.cli;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import zcrx.conformance.Shard;
import zcrx.reports.MatrixDirectory;
import zcrx.reports.RunDirectory;
import zcrx.reports.format.AllureHtml;
import zcrx.reports.format.Kcidb;
import zcrx.reports.run.Catalogue;
import zcrx.reports.run.Column;
import zcrx.reports.run.KnownBugs;
import zcrx.reports.run.Run;
import zcrx.reports.run.Setup;
import zcrx.reports.run.Shards;
import zcrx.reports.terminal.MatrixScreen;
import zcrx.reports.terminal.RunScreen;
import zcrx.reports.terminal.Terminal;
import zcrx.vm.BadRequestException;
import zcrx.vm.CannotTestException;

@Command(
        name = "report",
        description = {
            "Makes the reports of a finished run again, from what was recorded in its directory.",
            "Ends with the exit code of that run, or of all of them together."
        })
final class ReportCommand implements Callable<Integer> {
    private static final String KCIDB = "kcidb.json";

    @Parameters(paramLabel = "DIR", arity = "1..*", description = "The directory of a run; several with --merge.")
    private List<Path> directories = List.of();

    @Option(
            names = "--merge",
            description = {
                "Join runs into one report, a column for each; shards of one run make one column.",
                "They are copied to --out, and stay as they are."
            })
    private boolean merge;

    @Option(names = "--out", paramLabel = "DIR", description = "A new or empty directory for what --merge makes.")
    private @Nullable Path out;

    @Option(
            names = "--kcidb",
            paramLabel = "ORIGIN",
            description = {
                "Make DIR/kcidb.json as well, for KernelCI's database. ORIGIN is the name of the CI system there, such as",
                "mylab."
            })
    private @Nullable String origin;

    @Option(
            names = "--kcidb-build",
            paramLabel = "ID",
            description = "Id of the kernel's build there, ORIGIN:…. Default: a build is made of what is known here")
    private @Nullable String build;

    @Override
    public Integer call() {
        if (origin != null && !Kcidb.isOrigin(origin)) {
            throw new BadRequestException("--kcidb " + origin + ": give small letters, digits and _, such as mylab");
        }
        if (build != null && (origin == null || !Kcidb.isId(build))) {
            throw new BadRequestException(
                    "--kcidb-build " + build + ": needs --kcidb ORIGIN, and is an id such as mylab:build-17");
        }
        if (merge) {
            if (out == null) {
                throw new BadRequestException("--merge needs --out DIR, a new or empty directory");
            }
            return reportAll(merged(out));
        }
        if (out != null || directories.size() != 1) {
            throw new BadRequestException(
                    (out == null ? "several directories" : "--out") + " need --merge; give one directory without it");
        }
        Path directory = directories.getFirst();
        if (MatrixDirectory.isOne(directory)) {
            return reportAll(directory);
        }
        RunDirectory recorded = RunDirectory.of(directory);
        try (Terminal terminal = Terminal.forPeople(System.getenv())) {
            Run run = recorded.replay(KnownBugs.read(Main.home()));
            Catalogue catalogue = Catalogue.read(Main.home());
            new RunScreen(terminal, run.setup(), catalogue).tail(run);
            recorded.report(run, catalogue, new AllureHtml(Main.home()));
            kcidb(directory, List.of(new Column(run)), catalogue);
            terminal.line("report", recorded.reportFile().toString());
            return run.verdict().exitCode().number();
        } catch (IOException e) {
            throw cannot(e);
        }
    }

    /**
     * A column of what is made.
     *
     * @param shards of one run, in the order of the sources; null for a column that is not made of these
     */
    private record Merged(
            String label,
            List<MatrixDirectory.Source> sources,
            @Nullable Shards shards) {}

    /** Nothing is made before all runs have been read. */
    private Path merged(Path into) {
        RunDirectory.check(into);
        try {
            KnownBugs knownBugs = KnownBugs.read(Main.home());
            var columns = new ArrayList<Merged>();
            var labels = new HashSet<String>();
            var seen = new HashSet<Path>();
            for (Path directory : directories) {
                for (MatrixDirectory.Source source : MatrixDirectory.sourcesIn(directory)) {
                    for (RunDirectory run : source.runs()) {
                        if (!seen.add(run.path().toRealPath())) {
                            throw new BadRequestException(
                                    "--merge " + directory + ": is given twice; give each run once");
                        }
                    }
                    add(columns, labels, source, source.runs().getFirst().replay(knownBugs));
                }
            }
            MatrixDirectory matrix = MatrixDirectory.create(RunDirectory.create(into));
            Catalogue catalogue = Catalogue.read(Main.home());
            for (Merged column : columns) {
                for (MatrixDirectory.Source source : column.sources) {
                    for (RunDirectory run : source.runs()) {
                        Setup setup = run.replay(knownBugs).setup();
                        RunDirectory copy = column.shards == null
                                ? matrix.add(column.label, source.repetition(), setup)
                                : matrix.addShard(column.label, setup);
                        run.copyTo(copy);
                        copy.report(copy.replay(knownBugs), catalogue, new AllureHtml(Main.home()));
                    }
                }
            }
            return into;
        } catch (IOException e) {
            throw CannotTestException.because(e, "cannot merge the runs", "those that were given are as they were");
        }
    }

    /** As a column of its own, or with other shards of the same run. */
    private static void add(List<Merged> columns, Set<String> labels, MatrixDirectory.Source source, Run first) {
        boolean isShard =
                source.repetition().runsOnce() && !first.setup().shard().equals(Shard.WHOLE);
        for (int i = 0; isShard && i < columns.size(); i++) {
            Merged column = columns.get(i);
            if (column.shards != null && column.shards.lack(first)) {
                var sources = new ArrayList<>(column.sources);
                sources.add(source);
                columns.set(i, new Merged(column.label, sources, column.shards.and(first)));
                return;
            }
        }
        columns.add(new Merged(
                Column.unique(first.release(), labels), List.of(source), isShard ? new Shards(List.of(first)) : null));
    }

    private int reportAll(Path directory) {
        try (Terminal terminal = Terminal.forPeople(System.getenv())) {
            MatrixDirectory recorded = MatrixDirectory.of(directory);
            List<Column> columns = recorded.replay(KnownBugs.read(Main.home()));
            if (build != null && columns.size() > 1) {
                throw new BadRequestException("--kcidb-build " + build + ": is one kernel's, but " + directory + " has "
                        + columns.size() + "; leave it out, or report each by itself");
            }
            Catalogue catalogue = Catalogue.read(Main.home());
            var screen = new MatrixScreen(terminal, catalogue, "kernels");
            columns.forEach(column -> screen.ended(column.label(), column.run()));
            screen.tail(columns);
            recorded.report(columns, catalogue, new AllureHtml(Main.home()));
            kcidb(directory, columns, catalogue);
            terminal.line("report", recorded.reportFile().toString());
            return Column.verdict(columns).exitCode().number();
        } catch (IOException e) {
            throw cannot(e);
        }
    }

    private void kcidb(Path directory, List<Column> columns, Catalogue catalogue) throws IOException {
        if (origin != null) {
            RunDirectory.write(directory.resolve(KCIDB), Kcidb.of(columns, origin, build, catalogue));
        }
    }

    private static CannotTestException cannot(IOException e) {
        return CannotTestException.because(e, "cannot make the report", "the recorded files are as they were");
    }
}
