// SPDX-License-Identifier: MIT
package zcrx.vm.kernel;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.List;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import zcrx.vm.CannotTestException;

class FaultySourceTest {
    private static final String SOURCE = """
            static int other(int x);

            static int other(int x)
            {
            \tif (x < 0)
            \t\treturn -EINVAL;
            \treturn 0;
            }

            int tested(struct thing *thing,
            \t   int x)
            {
            \tif (x >= LIMIT_MORE)
            \t\treturn -ERANGE;
            \tif (x >=
            \t    LIMIT)
            \t\treturn -EINVAL;
            \tthing->x = x;
            \treturn other(x);
            }
            """;

    private static Fault.Edit replace(@Nullable String at, String replace, String with) {
        return new Fault.Edit("a.c", "tested", at, replace, with, false, null);
    }

    private static Fault.Edit skip(String at) {
        return new Fault.Edit("a.c", "tested", at, null, null, true, null);
    }

    private static Fault.Edit insert(String at, String statements) {
        return new Fault.Edit("a.c", "tested", at, null, null, false, statements);
    }

    private static String with(Fault.Edit... edits) {
        var source = new FaultySource("a.c", SOURCE);
        for (int i = 0; i < edits.length; i++) {
            var fault = new Fault("fault-" + (i + 1), "section", List.of("ARM-001"), "It is wrong.", List.of(edits[i]));
            source.add(fault, i + 1, edits[i]);
        }
        return source.withFaults();
    }

    private static void refused(Fault.Edit edit, String... words) {
        assertThatThrownBy(() -> with(edit))
                .isInstanceOf(CannotTestException.class)
                .hasMessageContaining("fault-1")
                .hasMessageContaining("a.c")
                .hasMessageContainingAll(words);
    }

    @Test
    void replacesTheFirstBehindItsPlace() {
        assertThat(with(replace("if (x >= LIMIT_MORE", "-ERANGE", "-E2BIG")))
                .contains("return (zcrx_fault == 1 ? (-E2BIG) : (-ERANGE));")
                .startsWith("extern int zcrx_fault;\n");
        assertThat(with(replace("-ERANGE", "-EINVAL", "0")))
                .contains("LIMIT)\n\t\treturn (zcrx_fault == 1 ? (0) : (-EINVAL));")
                // That of the other function.
                .contains("if (x < 0)\n\t\treturn -EINVAL;");
    }

    @Test
    void whiteSpaceDoesNotMatterAndWordsAreWhole() {
        assertThat(with(replace(null, "x>= LIMIT", "0")))
                .contains("if ((zcrx_fault == 1 ? (0) : (x >=\n\t    LIMIT)))")
                .contains("if (x >= LIMIT_MORE)");
    }

    @Test
    void severalFaultsShareAPlace() {
        assertThat(with(
                        skip("thing->x ="),
                        insert("thing->x =", "x++;"),
                        replace("thing->x = x", "x;", "1"),
                        insert("thing->x =", "x--;")))
                .contains(
                        "\tif (zcrx_fault == 2) { x++; } if (zcrx_fault == 4) { x--; } if (zcrx_fault == 1) {} else thing->x =");
        assertThat(with(replace(null, "-ERANGE", "1"), replace(null, "-ERANGE", "2")))
                .contains("(zcrx_fault == 1 ? (1) : ((zcrx_fault == 2 ? (2) : (-ERANGE))))");
        assertThat(with(replace(null, "other(x)", "7"), replace("return other", "x", "8")))
                .contains("return (zcrx_fault == 1 ? (7) : (other((zcrx_fault == 2 ? (8) : (x)))));");
    }

    @Test
    void whatDoesNotFitNamesTheFault() {
        refused(replace(null, "-ENOMEM", "0"), "'-ENOMEM' in tested()", "not there");
        refused(skip("if (x >="), "there 2 times");
        refused(replace("thing->x", "-ERANGE", "0"), "not there");
        refused(new Fault.Edit("a.c", "absent", null, "x", "y", false, null), "absent()", "not there");
    }

    @Test
    void nothingGoesBetweenAConditionAndItsOnlyStatement() {
        refused(insert("return -ERANGE", "x++;"), "'return -ERANGE' in tested()", "without braces");
    }

    @Test
    void overlappingPlacesAreRefused() {
        assertThatThrownBy(() -> with(replace(null, "thing->x = x", "0"), replace(null, "x = x;\n\treturn", "0")))
                .isInstanceOf(CannotTestException.class)
                .hasMessageContaining("overlapping");
    }

    @Test
    void theSwitchIsDefinedOnce() {
        var main = new FaultySource(Fault.MAIN_FILE, SOURCE);
        assertThat(main.withFaults())
                .contains("\nint zcrx_fault;\n")
                .contains("core_param(zcrx_fault, zcrx_fault, int");
        assertThat(with(skip("thing->x ="))).doesNotContain("core_param");
    }

    @Test
    void anEditIsOfOneKind() {
        assertThatThrownBy(() -> new Fault.Edit(null, "f", "at", "x", null, false, null))
                .isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> new Fault.Edit(null, "f", "at", "x", "y", true, null))
                .isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> new Fault.Edit(null, "f", null, null, null, true, null))
                .isInstanceOf(IllegalArgumentException.class);
    }
}
