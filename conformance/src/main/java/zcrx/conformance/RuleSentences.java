// SPDX-License-Identifier: MIT
package zcrx.conformance;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;

/** What rules say, for the head of a C program. The guest has no YAML library, and a sentence has a line of its own. */
final class RuleSentences {
    private static final Pattern ENTRY = Pattern.compile("^([A-Z]+-\\d+):\\n  rule: \"?(.*?)\"?$", Pattern.MULTILINE);

    private RuleSentences() {}

    /** Of some rules, in their order; of none that the catalogue lacks. */
    static Map<String, String> of(List<String> ids) {
        if (ids.isEmpty()) {
            return Map.of();
        }
        Map<String, String> all = all();
        var wanted = new LinkedHashMap<String, String>();
        ids.stream().filter(all::containsKey).forEach(id -> wanted.put(id, all.get(id)));
        return wanted;
    }

    /** Of all rules. */
    static Map<String, String> all() {
        var sentences = new LinkedHashMap<String, String>();
        try (InputStream in = RuleSentences.class.getResourceAsStream("/requirements.yaml")) {
            String text =
                    new String(Objects.requireNonNull(in, "requirements.yaml").readAllBytes(), StandardCharsets.UTF_8);
            for (MatchResult entry : ENTRY.matcher(text).results().toList()) {
                sentences.put(entry.group(1), entry.group(2));
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return sentences;
    }
}
