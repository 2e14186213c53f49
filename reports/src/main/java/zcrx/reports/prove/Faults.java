// SPDX-License-Identifier: MIT
package zcrx.reports.prove;

import java.io.IOException;
import java.nio.file.FileSystems;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;
import java.util.regex.PatternSyntaxException;
import java.util.stream.Stream;
import tools.jackson.core.JacksonException;
import tools.jackson.core.type.TypeReference;
import tools.jackson.databind.DeserializationFeature;
import tools.jackson.dataformat.yaml.YAMLMapper;
import zcrx.reports.run.Catalogue;
import zcrx.vm.BadRequestException;
import zcrx.vm.CannotTestException;
import zcrx.vm.kernel.Fault;

/**
 * The faults that a kernel is given.
 *
 * @param all in the order of the file; a fault's number is its place in it, counted from 1
 */
public record Faults(List<Fault> all) {
    private static final Path FILE = Path.of("vm-image", "faults", "faults.yaml");

    private static final YAMLMapper YAML = YAMLMapper.builder()
            .enable(DeserializationFeature.FAIL_ON_UNKNOWN_PROPERTIES)
            .disable(DeserializationFeature.FAIL_ON_NULL_FOR_PRIMITIVES)
            .build();

    public Faults {
        all = List.copyOf(all);
    }

    /** Throws {@link CannotTestException} for what is wrong with the file, and names the fault. */
    public static Faults read(Path projectRoot, Catalogue catalogue) {
        Path file = projectRoot.resolve(FILE);
        try {
            return parse(Files.readString(file), catalogue);
        } catch (IOException e) {
            throw CannotTestException.because(e, "cannot read the faults", "run through ./zcrx");
        }
    }

    static Faults parse(String yaml, Catalogue catalogue) {
        List<Fault> faults;
        try {
            faults = YAML.readValue(yaml, new TypeReference<List<Fault>>() {});
        } catch (JacksonException e) {
            String line = Optional.ofNullable(e.getLocation())
                    .map(where -> ", line " + where.getLineNr())
                    .orElse("");
            throw new CannotTestException(FILE + line + ": " + e.getOriginalMessage());
        }
        Set<String> names = new HashSet<>();
        for (Fault fault : faults) {
            if (!names.add(fault.name())) {
                throw new CannotTestException(FILE + ": two faults are called " + fault.name());
            }
            if (fault.breaks().isEmpty() || fault.edit().isEmpty()) {
                throw new CannotTestException(FILE + ": " + fault.name() + " breaks no rule or edits nothing");
            }
            fault.breaks().stream()
                    .filter(rule -> !catalogue.rules().containsKey(rule))
                    .findFirst()
                    .ifPresent(rule -> {
                        throw new CannotTestException(FILE + ": " + fault.name() + " breaks " + rule
                                + ", which is not in conformance/requirements.yaml");
                    });
        }
        return new Faults(faults);
    }

    /** The number that switches it on. */
    public int number(Fault fault) {
        return all.indexOf(fault) + 1;
    }

    /**
     * Those whose name, section or rule one of the patterns fits, in any case of letters; all of them without a pattern.
     * Throws {@link BadRequestException} for a pattern that fits none.
     */
    public List<Fault> matching(List<String> globs) {
        for (String glob : globs) {
            if (all.stream().noneMatch(fault -> fits(glob, fault))) {
                throw new BadRequestException("--faults " + glob
                        + ": fits no fault; give a name, a section or a rule of " + FILE + ", with * for any text");
            }
        }
        return all.stream()
                .filter(fault -> globs.isEmpty() || globs.stream().anyMatch(glob -> fits(glob, fault)))
                .toList();
    }

    private static boolean fits(String glob, Fault fault) {
        return Stream.concat(Stream.of(fault.name(), fault.section()), fault.breaks().stream())
                .anyMatch(word -> fits(glob, word));
    }

    private static boolean fits(String glob, String word) {
        try {
            return FileSystems.getDefault()
                    .getPathMatcher("glob:" + glob.toLowerCase(Locale.ROOT))
                    .matches(Path.of(word.toLowerCase(Locale.ROOT)));
        } catch (PatternSyntaxException e) {
            return false;
        }
    }
}
