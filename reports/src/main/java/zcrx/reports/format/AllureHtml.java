// SPDX-License-Identifier: MIT
package zcrx.reports.format;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Base64;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;
import zcrx.vm.Command;

/**
 * Runs Allure's own generator, as a program: it comes with its own versions of libraries, and takes from its environment
 * alone that it must not report its use.
 */
public final class AllureHtml {
    /** The file, in a report's directory. */
    public static final String FILE = "index.html";

    /** How the data of a test's page is kept in the file: under a name that is new each time, encoded. */
    private static final Pattern PAGE = Pattern.compile("'data/test-cases/([0-9a-f]+)\\.json','([A-Za-z0-9+/=]+)'");

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
     * Makes {@link #FILE}, one file that needs no server and no network. An older one is replaced.
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
        if (!result.ok() || !Files.exists(report.resolve(FILE))) {
            throw new IOException("the report generator failed: " + result.complaint("Caused by: "));
        }
    }

    /** The pages of a report that was generated, to be linked to from beside it. */
    public static MatrixHtml.Pages pages(Path report) throws IOException {
        var pages = new HashMap<String, String>();
        Matcher page = PAGE.matcher(Files.readString(report.resolve(FILE)));
        while (page.find()) {
            JsonNode test = JsonMapper.shared().readTree(Base64.getDecoder().decode(page.group(2)));
            pages.put(test.path("historyId").asString(), FILE + "#testresult/" + page.group(1));
        }
        return (column, test) -> Optional.ofNullable(pages.get(AllureResults.historyId(column, test.id())));
    }
}
