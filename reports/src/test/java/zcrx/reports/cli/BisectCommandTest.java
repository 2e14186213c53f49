// SPDX-License-Identifier: MIT
package zcrx.reports.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.api.parallel.ResourceLock;
import org.junit.jupiter.api.parallel.Resources;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import zcrx.vm.Command;

/** On a repository whose kernels are files with an exit code in them, and a launcher that ends with that. */
@ResourceLock(Resources.SYSTEM_OUT)
@ResourceLock(Resources.SYSTEM_ERR)
@ResourceLock(Resources.SYSTEM_PROPERTIES)
class BisectCommandTest {
    @TempDir
    private Path temp;

    private Path tree = Path.of("");
    private final ByteArrayOutputStream said = new ByteArrayOutputStream();
    private final PrintStream stdout = System.out;
    private final PrintStream stderr = System.err;
    private String home = "";

    @BeforeEach
    void prepare() throws IOException {
        home = System.getProperty("zcrx.home", "");
        System.setProperty("zcrx.home", temp.toString());
        Path launcher = Files.writeString(temp.resolve("zcrx"), """
                #!/bin/sh
                printf '%s\\n' "$*" >>"$(dirname "$0")/calls"
                exit $(cat "$3/built")
                """);
        assertThat(launcher.toFile().setExecutable(true)).isTrue();
        System.setOut(new PrintStream(said, true, StandardCharsets.UTF_8));
        System.setErr(System.out);
        tree = Files.createDirectory(temp.resolve("linux"));
        git("init", "--quiet", "--initial-branch=main");
        git("config", "user.name", "somebody");
        git("config", "user.email", "somebody@example.org");
    }

    @AfterEach
    void restore() {
        System.setOut(stdout);
        System.setErr(stderr);
        System.setProperty("zcrx.home", home);
    }

    private List<String> git(String... words) {
        var command = new ArrayList<>(List.of("git", "-C", tree.toString()));
        command.addAll(List.of(words));
        Command.Result result = Command.run(command);
        assertThat(result.status()).as(String.join("\n", result.lines())).isZero();
        return result.lines();
    }

    private void history(String exitCodes) throws IOException {
        for (String code : exitCodes.split(" ", -1)) {
            Files.writeString(tree.resolve("kernel"), code + "\n");
            Files.writeString(tree.resolve(".gitignore"), "built\n");
            git("add", "--all");
            git("commit", "--quiet", "--allow-empty", "--message", "commit with " + code);
        }
    }

    private int bisect(String... more) {
        var words = new ArrayList<>(List.of("bisect", "--tree", tree.toString()));
        words.addAll(List.of(more));
        return Main.run(words.toArray(String[]::new));
    }

    @ParameterizedTest
    @CsvSource({
        // Fails from the fifth on; the second does not build, the third is too old, both of which say nothing.
        "0 unbuildable 4 0 1 1 1, 0, commit with 1, HEAD~2",
        "0 0 0 1, 0, commit with 1, HEAD",
        "0 125 1, 125, not found, ''",
        // Wrong options are no verdict about a commit.
        "0 2 1, 125, not found, ''",
    })
    void findsTheFirstBadCommit(String history, int exitCode, String says, String commit) throws IOException {
        history(history);
        int count = history.split(" ", -1).length;
        int status = bisect(
                "--good",
                "HEAD~" + (count - 1),
                "--bad",
                "HEAD",
                "--tests",
                "Arm.*",
                "--strict",
                "--",
                "sh",
                "-c",
                "grep -qv unbuildable kernel && cp kernel built");
        String text = said.toString(StandardCharsets.UTF_8);
        assertThat(status).as(text).isEqualTo(exitCode);
        assertThat(text).contains(says);
        if (!commit.isEmpty()) {
            assertThat(text).contains(git("rev-parse", "--short", commit).getFirst());
        }
        assertThat(temp.resolve("calls")).content().startsWith("vm --kernel " + tree + " --tests Arm.* --strict\n");
        // As it was.
        assertThat(git("branch", "--show-current")).containsExactly("main");
        assertThat(git("status", "--porcelain")).isEmpty();
    }

    /** To this program alone, as whoever ends a job may send it. */
    @Test
    @Timeout(60)
    void aSignalEndsTheBuildAndLeavesTheTreeAsItWas() throws IOException, InterruptedException {
        history("0 0 0 0 1");
        Process bisecting = new ProcessBuilder(
                        ProcessHandle.current().info().command().orElseThrow(),
                        "-Dzcrx.home=" + temp,
                        "-cp",
                        System.getProperty("java.class.path"),
                        Main.class.getName(),
                        "bisect",
                        "--tree",
                        tree.toString(),
                        "--good",
                        "HEAD~4",
                        "--bad",
                        "HEAD",
                        "--",
                        "sh",
                        "-c",
                        "echo building; exec sleep 1000")
                .redirectErrorStream(true)
                .start();
        var lines = new ArrayList<String>();
        try (var reader = bisecting.inputReader()) {
            // Ends when nobody can write any more, and so with the last of what was started.
            for (String line = reader.readLine(); line != null; line = reader.readLine()) {
                lines.add(line);
                if (line.equals("building")) {
                    bisecting.toHandle().destroy();
                }
            }
        }
        bisecting.waitFor();
        assertThat(lines).containsOnlyOnce("building").noneMatch(line -> line.contains("Exception"));
        assertThat(git("branch", "--show-current")).containsExactly("main");
        assertThat(tree.resolve(".git/BISECT_LOG")).doesNotExist();
    }

    @Test
    void wrongRequests() throws IOException {
        history("0 0 1");
        refuses("BUILD-COMMAND", "--good", "HEAD~2", "--bad", "HEAD");
        refuses("HEAD~9", "--good", "HEAD~9", "--bad", "HEAD", "--", "true");
        Files.writeString(tree.resolve("kernel"), "changed");
        refuses("has local changes", "--good", "HEAD~2", "--bad", "HEAD", "--", "true");
        git("checkout", "--quiet", "kernel");
        git("bisect", "start");
        refuses("is being bisected already", "--good", "HEAD~2", "--bad", "HEAD", "--", "true");
        git("bisect", "reset");
        tree = temp.resolve("absent");
        refuses("no such directory", "--good", "HEAD~2", "--bad", "HEAD", "--", "true");
    }

    private void refuses(String says, String... words) {
        said.reset();
        assertThat(bisect(words)).isEqualTo(2);
        assertThat(said.toString(StandardCharsets.UTF_8)).contains(says);
    }
}
