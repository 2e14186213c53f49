// SPDX-License-Identifier: MIT
package zcrx.reports.cli;

import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Parameters;
import zcrx.reports.MatrixDirectory;
import zcrx.reports.RunDirectory;
import zcrx.reports.format.AllureHtml;
import zcrx.reports.run.Catalogue;
import zcrx.reports.run.Column;
import zcrx.reports.run.KnownBugs;
import zcrx.reports.run.Run;
import zcrx.reports.terminal.MatrixScreen;
import zcrx.reports.terminal.RunScreen;
import zcrx.reports.terminal.Terminal;
import zcrx.vm.CannotTestException;

@Command(
        name = "report",
        description = {
            "Makes the reports of a finished run again, from what was recorded in its directory.",
            "Ends with the exit code of that run."
        })
final class ReportCommand implements Callable<Integer> {
    @Parameters(paramLabel = "DIR", description = "The directory of a run.")
    private Path directory = Path.of("");

    @Override
    public Integer call() {
        if (MatrixDirectory.isOne(directory)) {
            return reportAll();
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

    private int reportAll() {
        try (Terminal terminal = Terminal.forPeople(System.getenv())) {
            MatrixDirectory recorded = MatrixDirectory.of(directory);
            List<Column> columns = recorded.replay(KnownBugs.read(Main.home()));
            Catalogue catalogue = Catalogue.read(Main.home());
            var screen = new MatrixScreen(terminal, catalogue, columns.size());
            columns.forEach(screen::ended);
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
