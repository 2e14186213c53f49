// SPDX-License-Identifier: MIT
package zcrx.reports.cli;

import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.concurrent.Callable;
import java.util.function.Function;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import zcrx.reports.MatrixDirectory;
import zcrx.reports.format.ComparisonReport;
import zcrx.reports.run.Comparisons;
import zcrx.reports.run.KnownBugs;
import zcrx.vm.BadRequestException;
import zcrx.vm.CannotTestException;

@Command(
        name = "compare",
        sortOptions = false,
        description = {
            "Says what differs between two runs: what broke, was fixed, is new, vanished, and takes another time.",
            "Ends with 1 when something fails in the second run that did not fail in the first, else with 0;",
            "with 125 when the second run is no ground for a judgement. Of several kernels each is compared with the",
            "one of the same release, or of the same --kernel."
        })
final class CompareCommand implements Callable<Integer> {
    @Parameters(index = "0", paramLabel = "A", description = "The directory of the earlier run.")
    private Path before = Path.of("");

    @Parameters(index = "1", paramLabel = "B", description = "The directory of the later run.")
    private Path after = Path.of("");

    @Option(
            names = "--format",
            paramLabel = "text|json|markdown",
            defaultValue = "text",
            description = "For people, for programs, or for a comment on a pull request. Default: ${DEFAULT-VALUE}")
    private String format = "";

    @Override
    public Integer call() {
        Function<Comparisons, String> report = switch (format) {
            case "text" -> ComparisonReport::text;
            case "json" -> ComparisonReport::json;
            case "markdown" -> ComparisonReport::markdown;
            default -> throw new BadRequestException("--format " + format + ": unknown; give text, json or markdown");
        };
        MatrixDirectory.check(before);
        MatrixDirectory.check(after);
        try {
            KnownBugs knownBugs = KnownBugs.read(Main.home());
            Comparisons comparison = Comparisons.of(
                    MatrixDirectory.columnsIn(before, knownBugs), MatrixDirectory.columnsIn(after, knownBugs));
            // For programs, whatever the locale.
            var out = new PrintStream(System.out, true, StandardCharsets.UTF_8);
            out.print(report.apply(comparison));
            out.flush();
            return comparison.verdict().exitCode().number();
        } catch (IOException e) {
            throw CannotTestException.because(e, "cannot compare the runs", "give the directories of two runs");
        }
    }
}
