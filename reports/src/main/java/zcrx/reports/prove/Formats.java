// SPDX-License-Identifier: MIT
package zcrx.reports.prove;

import java.util.Map;
import tools.jackson.databind.PropertyNamingStrategies;
import tools.jackson.databind.SerializationFeature;
import tools.jackson.databind.json.JsonMapper;

/** How the tables of this package are written. */
final class Formats {
    private static final JsonMapper JSON = JsonMapper.builder()
            .propertyNamingStrategy(PropertyNamingStrategies.SNAKE_CASE)
            .enable(SerializationFeature.INDENT_OUTPUT)
            .build();

    private Formats() {}

    /** Text as a cell of a Markdown table. */
    static String cell(String text) {
        return text.replace("|", "\\|").replace("<", "&lt;");
    }

    static String json(Map<String, Object> all) {
        return JSON.writeValueAsString(all) + "\n";
    }
}
