// SPDX-License-Identifier: MIT
package zcrx.reports.run;

import com.fasterxml.jackson.annotation.JsonProperty;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import tools.jackson.core.JacksonException;
import tools.jackson.core.type.TypeReference;
import tools.jackson.dataformat.yaml.YAMLMapper;

/**
 * What the rules say whose ids the tests name.
 *
 * @param rules by id, in the order of the file
 */
public record Catalogue(Map<String, Rule> rules) {
    private static final Path FILE = Path.of("conformance", "requirements.yaml");

    private static final Rule UNKNOWN = new Rule("(not in the catalogue)", "", "");

    public Catalogue {
        rules = Collections.unmodifiableMap(new LinkedHashMap<>(rules));
    }

    /**
     * One of them, as the head of the file explains it.
     *
     * @param rule what holds, in one sentence
     * @param kind what it rests on, such as {@code documented}
     * @param source where it stands
     * @param dialects where it holds; empty for all
     * @param since first release that has it; null for the one that brought the UAPI
     * @param finding where documents and kernels disagree; null where they don't
     */
    public record Rule(
            String rule,
            @JsonProperty("class") String kind,
            String source,
            List<String> dialects,
            @Nullable String since,
            @Nullable Finding finding) {
        public Rule {
            dialects = dialects == null ? List.of() : List.copyOf(dialects);
        }

        /** One that holds everywhere. */
        public Rule(String rule, String kind, String source) {
            this(rule, kind, source, List.of(), null, null);
        }
    }

    /**
     * A disagreement, each side in one sentence.
     *
     * @param document what the documents say; null when they say nothing
     * @param header what the header says; null when it says nothing
     * @param kernels what kernels do
     */
    public record Finding(
            @Nullable String document, @Nullable String header, String kernels) {}

    public static Catalogue read(Path projectRoot) throws IOException {
        Path file = projectRoot.resolve(FILE);
        try {
            return new Catalogue(
                    new YAMLMapper().readValue(Files.readString(file), new TypeReference<Map<String, Rule>>() {}));
        } catch (JacksonException e) {
            throw new IOException(file + ": " + e.getOriginalMessage(), e);
        }
    }

    /** Where documents and kernels disagree, by rule, in the order of the file. */
    public Map<String, Finding> findings() {
        var findings = new LinkedHashMap<String, Finding>();
        rules.forEach((id, rule) -> {
            if (rule.finding() != null) {
                findings.put(id, rule.finding());
            }
        });
        return findings;
    }

    /** A guest may name rules that are not there. */
    public Rule get(String id) {
        return rules.getOrDefault(id, UNKNOWN);
    }
}
