// SPDX-License-Identifier: MIT
package zcrx.reports.cli;

import java.io.IOException;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import zcrx.reports.MatrixDirectory;
import zcrx.reports.RunDirectory;
import zcrx.reports.format.AllureHtml;
import zcrx.reports.run.Catalogue;
import zcrx.reports.run.Column;
import zcrx.reports.run.KnownBugs;
import zcrx.reports.run.Repetition;
import zcrx.reports.run.Run;
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
    @Parameters(paramLabel = "DIR", arity = "1..*", description = "The directory of a run; several with --merge.")
    private List<Path> directories = List.of();

    @Option(
            names = "--merge",
            description = {
                "Join runs into one report, a column for each: of other kernels, machines or shards.",
                "They are copied to --out, and stay as they are."
            })
    private boolean merge;

    @Option(names = "--out", paramLabel = "DIR", description = "A new or empty directory for what --merge makes.")
    private @Nullable Path out;

    @Override
    public Integer call() {
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
            terminal.line("report", recorded.reportFile().toString());
            return run.verdict().exitCode().number();
        } catch (IOException e) {
            throw cannot(e);
        }
    }

    /** Nothing is made before all runs have been read. */
    private Path merged(Path into) {
        RunDirectory.check(into);
        try {
            KnownBugs knownBugs = KnownBugs.read(Main.home());
            var runs = new LinkedHashMap<Path, String>();
            var labels = new HashSet<String>();
            for (Path directory : directories) {
                for (RunDirectory run : MatrixDirectory.runsIn(directory)) {
                    String label = Column.unique(run.replay(knownBugs).release(), labels);
                    if (runs.put(run.path().toRealPath(), label) != null) {
                        throw new BadRequestException("--merge " + directory + ": is given twice; give each run once");
                    }
                }
            }
            MatrixDirectory matrix = MatrixDirectory.create(RunDirectory.create(into));
            Catalogue catalogue = Catalogue.read(Main.home());
            for (Map.Entry<Path, String> run : runs.entrySet()) {
                RunDirectory copy = matrix.add(run.getValue(), Repetition.ONCE);
                RunDirectory.of(run.getKey()).copyTo(copy);
                copy.report(copy.replay(knownBugs), catalogue, new AllureHtml(Main.home()));
            }
            return into;
        } catch (IOException e) {
            throw CannotTestException.because(e, "cannot merge the runs", "those that were given are as they were");
        }
    }

    private static int reportAll(Path directory) {
        try (Terminal terminal = Terminal.forPeople(System.getenv())) {
            MatrixDirectory recorded = MatrixDirectory.of(directory);
            List<Column> columns = recorded.replay(KnownBugs.read(Main.home()));
            Catalogue catalogue = Catalogue.read(Main.home());
            var screen = new MatrixScreen(terminal, catalogue, "kernels");
            columns.forEach(column -> screen.ended(column.label(), column.run()));
            screen.tail(columns);
            recorded.report(columns, catalogue, new AllureHtml(Main.home()));
            terminal.line("report", recorded.reportFile().toString());
            return Column.verdict(columns).exitCode().number();
        } catch (IOException e) {
            throw cannot(e);
        }
    }

    private static CannotTestException cannot(IOException e) {
        return CannotTestException.because(e, "cannot make the report", "the recorded files are as they were");
    }
}
