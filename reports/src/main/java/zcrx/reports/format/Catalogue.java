// SPDX-License-Identifier: MIT
package zcrx.reports.format;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import tools.jackson.core.JacksonException;
import tools.jackson.core.type.TypeReference;
import tools.jackson.dataformat.yaml.YAMLMapper;

/**
 * What the rules say whose ids the tests name.
 *
 * @param rules by id
 */
public record Catalogue(Map<String, Rule> rules) {
    private static final Path FILE = Path.of("conformance", "requirements.yaml");

    private static final Rule UNKNOWN = new Rule("(not in the catalogue)", "");

    public Catalogue {
        rules = Map.copyOf(rules);
    }

    /**
     * As far as a report needs it.
     *
     * @param rule what holds, in one sentence
     * @param source where it stands
     */
    public record Rule(String rule, String source) {}

    public static Catalogue read(Path projectRoot) throws IOException {
        Path file = projectRoot.resolve(FILE);
        try {
            return new Catalogue(
                    new YAMLMapper().readValue(Files.readString(file), new TypeReference<Map<String, Rule>>() {}));
        } catch (JacksonException e) {
            throw new IOException(file + ": " + e.getOriginalMessage(), e);
        }
    }

    /** A guest may name rules that are not there. */
    public Rule get(String id) {
        return rules.getOrDefault(id, UNKNOWN);
    }
}
