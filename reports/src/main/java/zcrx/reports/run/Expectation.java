// SPDX-License-Identifier: MIT
package zcrx.reports.run;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.LocalDate;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import tools.jackson.core.JacksonException;
import tools.jackson.core.type.TypeReference;
import tools.jackson.databind.DeserializationFeature;
import tools.jackson.dataformat.yaml.YAMLMapper;
import zcrx.conformance.results.ResultEvent.PlannedTest;
import zcrx.vm.BadRequestException;

/**
 * A failure that the user expects, on whatever kernel.
 *
 * @param what a test's id, with or without its data path, or a rule's
 * @param reason in one line
 * @param expires last day on which it is expected
 */
public record Expectation(String what, String reason, LocalDate expires) {
    private static final YAMLMapper YAML = YAMLMapper.builder()
            .enable(DeserializationFeature.FAIL_ON_UNKNOWN_PROPERTIES)
            .build();

    private static final String FORM =
            "give a list of entries, each with test or rule, reason, and expires as a date" + " such as 2027-03-31";

    /** An entry of a file; it has one of the first two. */
    private record Entry(
            @Nullable String test,
            @Nullable String rule,
            @Nullable String reason,
            @Nullable LocalDate expires) {}

    /**
     * Throws {@link BadRequestException} for a file that is none, and for an entry about what is not there.
     *
     * @param all every test that there is
     */
    public static List<Expectation> read(Path file, List<PlannedTest> all) throws IOException {
        List<Entry> entries;
        try {
            entries = YAML.readValue(Files.readString(file), new TypeReference<List<Entry>>() {});
        } catch (JacksonException e) {
            throw bad(file, Text.oneLine(e.getOriginalMessage()) + "; " + FORM);
        }
        if (entries == null) {
            throw bad(file, "is empty; " + FORM);
        }
        var expectations = new ArrayList<Expectation>();
        for (Entry entry : entries) {
            String what = entry == null ? null : entry.test == null ? entry.rule : entry.test;
            if (entry == null || what == null || (entry.test != null && entry.rule != null)) {
                throw bad(file, "entry " + (expectations.size() + 1) + " names no test and no rule, or both; " + FORM);
            }
            if (entry.reason == null || entry.reason.isBlank() || entry.expires == null) {
                throw bad(file, what + " has no reason or no date; " + FORM);
            }
            boolean isThere = entry.test == null
                    ? all.stream().anyMatch(test -> test.requirements().contains(what))
                    : all.stream().anyMatch(test -> isId(what, test));
            if (!isThere) {
                throw bad(
                        file,
                        (entry.test == null ? "no test checks a rule " : "there is no test ") + what
                                + "; correct the entry or remove it");
            }
            expectations.add(new Expectation(what, Text.oneLine(entry.reason), entry.expires));
        }
        return expectations;
    }

    private static BadRequestException bad(Path file, String why) {
        return new BadRequestException("--expect " + file + ": " + why);
    }

    private static boolean isId(String what, PlannedTest test) {
        return what.equals(test.id()) || what.equals(test.id().replaceFirst("@.*", ""));
    }

    /** Whether it is about this test. */
    boolean isAbout(PlannedTest test) {
        return isId(what, test) || test.requirements().contains(what);
    }

    boolean isOver(LocalDate today) {
        return expires.isBefore(today);
    }
}
