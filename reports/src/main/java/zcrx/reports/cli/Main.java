// SPDX-License-Identifier: MIT
package zcrx.reports.cli;

import java.nio.file.Path;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Objects;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.UsageMessageSpec;
import zcrx.reports.run.ExitCode;
import zcrx.reports.run.Text;
import zcrx.vm.BadRequestException;
import zcrx.vm.CannotTestException;

/** The program behind {@code ./zcrx}. */
@Command(
        name = "./zcrx",
        description = "Tests the events and statistics of io_uring zero-copy receive on a kernel of your choice.",
        synopsisSubcommandLabel = "COMMAND",
        subcommands = {
            VmCommand.class,
            RunCommand.class,
            ProveCommand.class,
            ProbeCommand.class,
            ReportCommand.class,
            CompareCommand.class,
            ReproduceCommand.class,
            ExportCommand.class,
            BisectCommand.class,
            DoctorCommand.class,
            PathCommand.class
        },
        footerHeading = "%nBesides:%n",
        footer = {
            "  test    Build everything, run the project's own tests, then vm with the options given.",
            "          With --deaths as its first option also those that lose guests for real, which take long.",
            "",
            "Start with ./zcrx vm; ./zcrx COMMAND --help tells more about a command."
        })
public final class Main {
    private Main() {}

    public static void main(String[] args) {
        System.exit(run(args));
    }

    /** Does what the words say, and returns the exit code. */
    static int run(String... args) {
        var commands = new CommandLine(new Main());
        for (CommandLine command : commands.getSubcommands().values()) {
            describe(command);
        }
        describe(commands);
        commands.setParameterExceptionHandler((e, words) -> complain(
                ExitCode.USAGE,
                e.getMessage() + "; see " + e.getCommandLine().getCommandSpec().qualifiedName() + " --help"));
        commands.setExecutionExceptionHandler((e, command, parsed) -> switch (e) {
            case BadRequestException bad -> complain(ExitCode.USAGE, String.valueOf(bad.getMessage()));
            case CannotTestException cannot -> complain(ExitCode.CANNOT_TEST, String.valueOf(cannot.getMessage()));
            default -> {
                e.printStackTrace();
                yield complain(ExitCode.CANNOT_TEST, "this is a bug of zcrx-conformance: " + e);
            }
        });
        if (args.length == 0) {
            // Nothing was tested, so this must not look like a pass to whoever forgot the command.
            commands.usage(System.out);
            return ExitCode.USAGE.number();
        }
        return commands.execute(args);
    }

    private static int complain(ExitCode code, String why) {
        System.err.println("zcrx: " + Text.oneLine(why));
        return code.number();
    }

    private static void describe(CommandLine command) {
        Map<String, String> codes = new LinkedHashMap<>();
        Arrays.stream(ExitCode.values()).forEach(c -> codes.put(Integer.toString(c.number()), c.meaning()));
        UsageMessageSpec help = command.getCommandSpec().usageMessage();
        help.exitCodeListHeading("%nExit codes:%n").exitCodeList(codes).width(100);
        if (!help.optionListHeading().isEmpty()
                || !command.getCommandSpec().options().isEmpty()) {
            help.optionListHeading("%n");
        }
        help.commandListHeading("%nCommands:%n");
        if (command.getCommandSpec().findOption("--help") == null) {
            command.getCommandSpec()
                    .addOption(CommandLine.Model.OptionSpec.builder("-h", "--help")
                            .usageHelp(true)
                            .description("Print this help.")
                            .build());
        }
    }

    /** The project's root, which the launcher gives. */
    static Path home() {
        return Path.of(System.getProperty("zcrx.home", "")).toAbsolutePath();
    }

    /** What directories of runs are made below when none is given. */
    static Path outputs() {
        return home().resolve("reports/out");
    }

    /** The project's version, which the build writes into the jar. */
    static String version() {
        return Objects.requireNonNullElse(Main.class.getPackage().getImplementationVersion(), "unpackaged");
    }
}
