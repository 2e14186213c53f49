// SPDX-License-Identifier: MIT
package zcrx.reports;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.Optional;
import tools.jackson.databind.JsonNode;
import tools.jackson.dataformat.yaml.YAMLMapper;

/** What the rules say whose ids the tests name. */
public final class Catalogue {
    private static final Path FILE = Path.of("conformance", "requirements.yaml");

    private final JsonNode rules;

    private Catalogue(JsonNode rules) {
        this.rules = rules;
    }

    public static Catalogue read(Path projectRoot) throws IOException {
        return new Catalogue(new YAMLMapper().readTree(Files.readString(projectRoot.resolve(FILE))));
    }

    /** For tests: sentences by id. */
    static Catalogue of(Map<String, String> sentences) {
        var rules = new YAMLMapper().createObjectNode();
        sentences.forEach((id, sentence) -> rules.putObject(id).put("rule", sentence));
        return new Catalogue(rules);
    }

    /** Its one sentence; empty for an id that is not in the catalogue. */
    public Optional<String> sentence(String id) {
        return field(id, "rule");
    }

    /** Where it stands. */
    public Optional<String> source(String id) {
        return field(id, "source");
    }

    private Optional<String> field(String id, String name) {
        JsonNode value = rules.path(id).path(name);
        return value.isString() ? Optional.of(value.asString()) : Optional.empty();
    }
}
