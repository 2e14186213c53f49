// SPDX-License-Identifier: MIT
package zcrx.reports.run;

import com.fasterxml.jackson.annotation.JsonSetter;
import com.fasterxml.jackson.annotation.JsonTypeInfo;
import com.fasterxml.jackson.annotation.Nulls;
import java.util.Locale;
import org.jspecify.annotations.Nullable;
import tools.jackson.core.JacksonException;
import tools.jackson.core.StreamReadFeature;
import tools.jackson.core.json.JsonFactory;
import tools.jackson.databind.DeserializationFeature;
import tools.jackson.databind.MapperFeature;
import tools.jackson.databind.ObjectReader;
import tools.jackson.databind.cfg.CoercionAction;
import tools.jackson.databind.cfg.CoercionInputShape;
import tools.jackson.databind.cfg.EnumFeature;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.jsontype.NamedType;
import tools.jackson.databind.type.LogicalType;
import zcrx.conformance.results.ResultEvent;

/**
 * Reads lines of the result stream, and only what {@link zcrx.conformance.results.ResultWriter} writes: every property
 * there, no other, each of its type. A guest that lies has to lie in the right words.
 */
final class ResultReader {
    private static final ObjectReader EVENTS = mapper().readerFor(ResultEvent.class);

    private ResultReader() {}

    @JsonTypeInfo(use = JsonTypeInfo.Id.NAME, property = "event")
    private interface ByEventName {}

    /** What a test that passed does not have. */
    private interface EndWithOptions {
        @JsonSetter(nulls = Nulls.SET)
        @Nullable
        String message();

        @JsonSetter(nulls = Nulls.SET)
        @Nullable
        String details();
    }

    /** A line that is no event. The message says why, in one line. */
    static final class BadLineException extends Exception {
        private static final long serialVersionUID = 1L;

        BadLineException(String why) {
            super(why);
        }
    }

    static ResultEvent read(String line) throws BadLineException {
        try {
            ResultEvent event = EVENTS.readValue(line);
            if (event != null) {
                return event;
            }
        } catch (JacksonException e) {
            throw new BadLineException(Text.oneLine(e.getOriginalMessage()));
        }
        throw new BadLineException("null");
    }

    private static JsonMapper mapper() {
        var mapper = JsonMapper.builder(JsonFactory.builder()
                        .enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION)
                        .build())
                .enable(DeserializationFeature.FAIL_ON_UNKNOWN_PROPERTIES)
                .enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS)
                .enable(DeserializationFeature.FAIL_ON_NULL_FOR_PRIMITIVES)
                .disable(DeserializationFeature.ACCEPT_FLOAT_AS_INT)
                .disable(MapperFeature.ALLOW_COERCION_OF_SCALARS)
                .enable(EnumFeature.FAIL_ON_NUMBERS_FOR_ENUMS)
                .withCoercionConfig(LogicalType.Textual, c -> {
                    c.setCoercion(CoercionInputShape.Integer, CoercionAction.Fail);
                    c.setCoercion(CoercionInputShape.Float, CoercionAction.Fail);
                    c.setCoercion(CoercionInputShape.Boolean, CoercionAction.Fail);
                })
                .changeDefaultNullHandling(nulls -> JsonSetter.Value.forValueNulls(Nulls.FAIL, Nulls.FAIL))
                .addMixIn(ResultEvent.class, ByEventName.class)
                .addMixIn(ResultEvent.End.class, EndWithOptions.class);
        for (Class<?> kind : ResultEvent.class.getPermittedSubclasses()) {
            mapper.registerSubtypes(new NamedType(kind, kind.getSimpleName().toLowerCase(Locale.ROOT)));
        }
        return mapper.build();
    }
}
