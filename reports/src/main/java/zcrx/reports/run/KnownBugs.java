// SPDX-License-Identifier: MIT
package zcrx.reports.run;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import tools.jackson.core.JacksonException;
import tools.jackson.core.type.TypeReference;
import tools.jackson.dataformat.yaml.YAMLMapper;

/**
 * What released kernels are known to do wrong.
 *
 * @param bugs in the order of the file
 */
public record KnownBugs(List<Bug> bugs) {
    private static final Path FILE = Path.of("conformance", "known-bugs.yaml");

    public KnownBugs {
        bugs = List.copyOf(bugs);
    }

    /**
     * One of them.
     *
     * @param rule that it breaks
     * @param from first release that has it
     * @param to first release that has it no more
     * @param symptom in one sentence
     * @param reference where it was fixed
     */
    public record Bug(String rule, String from, String to, String symptom, String reference) {}

    public static KnownBugs read(Path projectRoot) throws IOException {
        Path file = projectRoot.resolve(FILE);
        try {
            return new KnownBugs(new YAMLMapper().readValue(Files.readString(file), new TypeReference<List<Bug>>() {}));
        } catch (JacksonException e) {
            throw new IOException(file + ": " + e.getOriginalMessage(), e);
        }
    }

    /**
     * The bug that makes a kernel break one of these rules, if it is known to.
     *
     * @param release as {@code uname -r}; a release candidate counts as its release
     */
    public Optional<Bug> find(String release, List<String> rules) {
        // A release that cannot be read is none that is known.
        return Release.parse(release)
                .flatMap(here -> bugs.stream()
                        .filter(bug -> rules.contains(bug.rule)
                                && here.compareTo(numbers(bug.from)) >= 0
                                && here.compareTo(numbers(bug.to)) < 0)
                        .findFirst());
    }

    private static Release numbers(String release) {
        return Release.parse(release)
                .orElseThrow(() -> new IllegalArgumentException(FILE + ": " + release + " is no release"));
    }
}
