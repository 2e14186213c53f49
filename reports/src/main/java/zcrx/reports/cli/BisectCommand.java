// SPDX-License-Identifier: MIT
package zcrx.reports.cli;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import zcrx.reports.run.ExitCode;
import zcrx.reports.run.Text;
import zcrx.vm.BadRequestException;
import zcrx.vm.CannotTestException;
import zcrx.vm.ChildProcess;

@Command(
        name = "bisect",
        sortOptions = false,
        description = {
            "Finds the commit of a kernel tree that broke the suite, by git bisect run.",
            "At each step the command behind -- builds the kernel, and vm tests it. What does not build or cannot be",
            "tested is skipped. The tree is left as it was.",
            "Ends with 0 when the commit is found, with 125 when it is not."
        })
final class BisectCommand implements Callable<Integer> {
    /** What {@code git bisect run} is told: any other code than these stops it. */
    private static final String STEP = """
            tree=$1 zcrx=$2 options=$3
            shift 3
            cd "$tree" || exit 255
            "$@" </dev/null || exit %1$d
            eval "set -- $options"
            "$zcrx" vm --kernel "$tree" "$@"
            status=$?
            case $status in
            %2$d | %3$d) exit $status ;;
            %4$d | %1$d) exit %1$d ;;
            *) exit 255 ;;
            esac
            """.formatted(
            ExitCode.CANNOT_TEST.number(), ExitCode.PASS.number(), ExitCode.FAIL.number(), ExitCode.SKIP.number());

    @Option(names = "--good", required = true, paramLabel = "COMMIT", description = "One that passes.")
    private String good = "";

    @Option(names = "--bad", required = true, paramLabel = "COMMIT", description = "One that fails.")
    private String bad = "";

    @Option(
            names = "--tree",
            paramLabel = "PATH",
            defaultValue = ".",
            description = "The kernel tree, without local changes. Default: here")
    private Path tree = Path.of("");

    @Option(
            names = "--tests",
            paramLabel = "PATTERN",
            description = "Only these tests, as for vm: what fails for another reason is another bug. Repeatable.")
    private List<String> tests = new ArrayList<>();

    @Option(names = "--strict", description = "As for vm.")
    private boolean strict;

    @Parameters(
            paramLabel = "BUILD-COMMAND",
            arity = "1..*",
            description = "Builds the kernel, run at the top of the tree, such as -- make -j8 bzImage.")
    private List<String> build = List.of();

    /** The last that was started to speak to the user. */
    private volatile @Nullable Process git;

    @Override
    public Integer call() {
        Path top = top();
        List<String> options = new ArrayList<>();
        tests.forEach(pattern -> options.addAll(List.of("--tests", pattern)));
        if (strict) {
            options.add("--strict");
        }
        Path script = script();
        var step = new ArrayList<>(List.of("sh", script.toString(), top.toString()));
        step.add(Main.home().resolve("zcrx").toString());
        step.add(String.join(" ", options.stream().map(Text::shellWord).toList()));
        step.addAll(build);
        var reset = new Thread(
                () -> {
                    endGit();
                    reset(top, script);
                },
                "reset");
        Runtime.getRuntime().addShutdownHook(reset);
        try {
            must(top, "start", bad, good);
            var run = new ArrayList<>(List.of("bisect", "run"));
            run.addAll(step);
            boolean found = show(top, run) == 0;
            System.out.println();
            System.out.println(
                    found
                            ? "the first bad commit: " + git(top, "log", "-1", "--format=%h %s", "refs/bisect/bad")
                            : "not found: git bisect stopped, or commits that were skipped are in the way, see above");
            return (found ? ExitCode.PASS : ExitCode.CANNOT_TEST).number();
        } finally {
            boolean over = true;
            try {
                Runtime.getRuntime().removeShutdownHook(reset);
            } catch (IllegalStateException e) {
                // A signal came: the hook resets.
                over = false;
            }
            if (over) {
                reset(top, script);
            }
        }
    }

    /** With the build and the run of this step: nothing may be at work in the tree when it is reset. */
    private void endGit() {
        Process process = git;
        if (process != null) {
            // Git first, so that it takes no other step.
            List<ProcessHandle> all = Stream.concat(Stream.of(process.toHandle()), process.descendants())
                    .toList();
            all.forEach(ProcessHandle::destroy);
            all.forEach(one -> one.onExit().join());
        }
    }

    /** In a file, as git shows all words of its command at each step. */
    private static Path script() {
        try {
            return Files.writeString(Files.createTempFile("zcrx-", "-bisect-step"), STEP);
        } catch (IOException e) {
            throw CannotTestException.because(e, "cannot write a script", "make room, or set TMPDIR");
        }
    }

    private void reset(Path top, Path script) {
        show(top, List.of("bisect", "reset"));
        try {
            Files.deleteIfExists(script);
        } catch (IOException e) {
            throw CannotTestException.because(e, "cannot remove a script", "see to the directory it is in");
        }
    }

    private Path top() {
        if (!Files.isDirectory(tree)) {
            throw new BadRequestException(
                    "--tree " + tree + ": no such directory; give a kernel tree with its history");
        }
        Path top = Path.of(git(tree, "rev-parse", "--show-toplevel"));
        for (String commit : List.of(good, bad)) {
            git(top, "rev-parse", "--verify", "--quiet", "--end-of-options", commit + "^{commit}");
        }
        if (!git(top, "status", "--porcelain", "--untracked-files=no").isEmpty()) {
            throw new BadRequestException("--tree " + tree
                    + ": has local changes, which bisecting would be in the way of: commit or stash them");
        }
        if (Files.exists(top.resolve(git(top, "rev-parse", "--git-path", "BISECT_LOG")))) {
            throw new BadRequestException("--tree " + tree + ": is being bisected already: git bisect reset ends that");
        }
        return top;
    }

    private void must(Path top, String... words) {
        var all = new ArrayList<>(List.of("bisect"));
        all.addAll(List.of(words));
        if (show(top, all) != 0) {
            throw new BadRequestException("git bisect cannot start with --good " + good + " and --bad " + bad
                    + ", see above; the good one must come before the bad one");
        }
    }

    /** The words of a question and its answer. */
    private String git(Path dir, String... words) {
        var command = new ArrayList<>(List.of("git", "-C", dir.toString()));
        command.addAll(List.of(words));
        zcrx.vm.Command.Result result = zcrx.vm.Command.run(command);
        if (!result.ok()) {
            throw new BadRequestException("--tree " + tree + ": git " + String.join(" ", words) + ": "
                    + result.complaint("fatal: ") + "; give a kernel tree with its history, and commits of it");
        }
        return String.join("\n", result.lines());
    }

    /** Has git speak to the user, and returns its exit status. */
    private int show(Path top, List<String> words) {
        var command = new ArrayList<>(List.of("git", "-C", top.toString()));
        command.addAll(words);
        try {
            Process process = new ProcessBuilder(command).inheritIO().start();
            git = process;
            ChildProcess.uninterrupted(process::waitFor);
            return process.exitValue();
        } catch (IOException e) {
            throw CannotTestException.because(e, "cannot run git", "install it");
        }
    }
}
