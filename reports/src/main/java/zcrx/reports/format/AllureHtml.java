// SPDX-License-Identifier: MIT
package zcrx.reports.format;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import zcrx.vm.Command;

/**
 * Runs Allure's own generator, as a program: it comes with its own versions of libraries, and takes from its environment
 * alone that it must not report its use.
 */
public final class AllureHtml {
    /** Where the build unpacks the generator, below the project's root. */
    private static final Path GENERATOR = Path.of("reports", "target", "allure");

    private static final Path CONFIG = Path.of("reports", "src", "main", "allure", "allure.yml");

    private final Path home;
    private final Path config;

    public AllureHtml(Path projectRoot) {
        this.home = projectRoot.resolve(GENERATOR);
        this.config = projectRoot.resolve(CONFIG);
    }

    /**
     * Makes {@code index.html}, one file that needs no server and no network. An older one is replaced.
     *
     * @param title which Allure takes as HTML: no text from a guest
     * @throws IOException with one line that says what is wrong
     */
    public void generate(String title, Path results, Path report) throws IOException {
        if (!Files.isDirectory(home)) {
            throw new IOException("no report generator at " + home + ": run mvn package");
        }
        var command = new ArrayList<>(List.of(
                // A second ctrl-C reaches all programs of the terminal; the report is to be written all the same.
                "/bin/sh", "-c", "trap '' INT TERM HUP; exec \"$@\"", "allure"));
        command.addAll(List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-XX:TieredStopAtLevel=1",
                "-XX:+UseSerialGC",
                "-Dlogback.configurationFile=" + home.resolve("lib/config/logback.xml"),
                "-cp",
                home.resolve("lib") + "/*",
                "io.qameta.allure.CommandLine",
                "generate",
                "--single-file",
                "--name",
                title,
                "--clean",
                "--config",
                config.toString(),
                "--output",
                report.toString(),
                results.toString()));
        Command.Result result =
                Command.run(command, Map.of("ALLURE_NO_ANALYTICS", "true", "APP_HOME", home.toString()), line -> false);
        if (!result.ok() || !Files.exists(report.resolve("index.html"))) {
            throw new IOException("the report generator failed: " + result.complaint("Caused by: "));
        }
    }
}
