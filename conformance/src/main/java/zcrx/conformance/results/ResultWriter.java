// SPDX-License-Identifier: MIT
package zcrx.conformance.results;

import java.io.OutputStream;
import java.util.List;
import java.util.Locale;
import org.jspecify.annotations.Nullable;
import tools.jackson.core.JsonEncoding;
import tools.jackson.core.JsonGenerator;
import tools.jackson.core.ObjectWriteContext;
import tools.jackson.core.StreamWriteFeature;
import tools.jackson.core.json.JsonFactory;
import tools.jackson.core.json.JsonWriteFeature;

/**
 * Writes events as lines of JSON, each flushed at once. Uses no reflection and no data binding: it runs in a guest
 * whose every millisecond is somebody's waiting time. Escapes everything but ASCII, as it writes to serial lines.
 */
public final class ResultWriter implements AutoCloseable {
    private static final JsonFactory JSON = JsonFactory.builder()
            .enable(JsonWriteFeature.ESCAPE_NON_ASCII)
            .disable(StreamWriteFeature.AUTO_CLOSE_TARGET)
            .build();

    private final OutputStream out;

    /** Does not buffer: each event is one write. */
    public ResultWriter(OutputStream out) {
        this.out = out;
    }

    /** Throws {@link java.io.UncheckedIOException} when nobody listens any more. */
    public synchronized void write(ResultEvent event) {
        var line = new java.io.ByteArrayOutputStream(256);
        try (JsonGenerator json = JSON.createGenerator(ObjectWriteContext.empty(), line, JsonEncoding.UTF8)) {
            json.writeStartObject();
            json.writeStringProperty("event", nameOf(event.getClass()));
            properties(json, event);
            json.writeEndObject();
            json.writeRaw('\n');
        }
        try {
            out.write(line.toByteArray());
            out.flush();
        } catch (java.io.IOException e) {
            throw new java.io.UncheckedIOException("result stream: " + e.getMessage(), e);
        }
    }

    // Not a switch over types: each costs the start of a guest some fifty milliseconds of bootstrapping.
    @SuppressWarnings("IfChainToSwitch")
    private static void properties(JsonGenerator json, ResultEvent event) {
        if (event instanceof ResultEvent.Start e) {
            json.writeStringProperty("id", e.id());
        } else if (event instanceof ResultEvent.End e) {
            json.writeStringProperty("id", e.id());
            json.writeStringProperty("status", e.status().name());
            json.writeNumberProperty("durationMs", e.durationMs());
            optional(json, "message", e.message());
            optional(json, "details", e.details());
        } else if (event instanceof ResultEvent.Attachment e) {
            json.writeStringProperty("id", e.id());
            json.writeStringProperty("name", e.name());
            json.writeStringProperty("text", e.text());
        } else if (event instanceof ResultEvent.Evidence e) {
            json.writeStringProperty("id", e.id());
            json.writeStringProperty("rule", e.rule());
            json.writeStringProperty("side", e.side());
            json.writeStringProperty("seen", e.seen());
        } else if (event instanceof ResultEvent.Broken e) {
            json.writeStringProperty("id", e.id());
            json.writeStringProperty("rule", e.rule());
        } else if (event instanceof ResultEvent.Hello e) {
            json.writeNumberProperty("protocol", e.protocol());
            json.writeName("kernel");
            write(json, e.kernel());
        } else if (event instanceof ResultEvent.Plan e) {
            write(json, e);
        } else if (event instanceof ResultEvent.Unsupported e) {
            json.writeStringProperty("reason", e.reason());
        } else if (event instanceof ResultEvent.Bye e) {
            json.writeNumberProperty("ended", e.ended());
        } else if (event instanceof ResultEvent.Exit e) {
            json.writeNumberProperty("status", e.status());
        } else if (!(event instanceof ResultEvent.Alive)) {
            throw new IllegalArgumentException("no format for " + event.getClass());
        }
    }

    /** The value of the property {@code event} for a kind of event. */
    static String nameOf(Class<? extends ResultEvent> kind) {
        return kind.getSimpleName().toLowerCase(Locale.ROOT);
    }

    private static void write(JsonGenerator json, ResultEvent.Kernel k) {
        json.writeStartObject();
        json.writeStringProperty("release", k.release());
        json.writeStringProperty("version", k.version());
        json.writeStringProperty("machine", k.machine());
        json.writeStringProperty("dialect", k.dialect());
        strings(json, "features", k.features());
        json.writeNumberProperty("pageSize", k.pageSize());
        json.writeEndObject();
    }

    private static void write(JsonGenerator json, ResultEvent.Plan plan) {
        json.writeStringProperty("profile", plan.profile());
        json.writeNumberProperty("seed", plan.seed());
        json.writeArrayPropertyStart("tests");
        for (ResultEvent.PlannedTest t : plan.tests()) {
            json.writeStartObject();
            json.writeStringProperty("id", t.id());
            json.writeStringProperty("subject", t.subject());
            json.writeStringProperty("name", t.name());
            strings(json, "requirements", t.requirements());
            json.writeStringProperty("dataPath", t.dataPath());
            json.writeEndObject();
        }
        json.writeEndArray();
    }

    private static void strings(JsonGenerator json, String name, List<String> values) {
        json.writeArrayPropertyStart(name);
        values.forEach(json::writeString);
        json.writeEndArray();
    }

    private static void optional(JsonGenerator json, String name, @Nullable String value) {
        if (value != null) {
            json.writeStringProperty(name, value);
        }
    }

    @Override
    public void close() throws java.io.IOException {
        out.close();
    }
}
