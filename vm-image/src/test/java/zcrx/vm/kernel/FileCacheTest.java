// SPDX-License-Identifier: MIT
package zcrx.vm.kernel;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class FileCacheTest {
    @TempDir
    private Path dir;

    private FileCache cache;

    @BeforeEach
    void create() {
        cache = new FileCache(dir);
    }

    @Test
    void givesBackWhatWasPut() throws IOException {
        FileCache.Entry made = cache.put("a/b", out -> out.write(new byte[] {1, 2, 3}));
        assertThat(cache.find("a/b")).contains(made);
        assertThat(made.path()).hasBinaryContent(new byte[] {1, 2, 3});
        assertThat(made.sha256()).isEqualTo("039058c6f2c0cb492c533b0a4d14ef77cc0f78abccced5287d84a1a2011cfb81");
    }

    @Test
    void damageIsAbsence() throws IOException {
        Path file = cache.put("a", out -> out.write(new byte[100])).path();
        Files.write(file, new byte[99]);
        assertThat(cache.find("a")).isEmpty();
        assertThat(cache.put("a", out -> out.write(7)).path()).hasBinaryContent(new byte[] {7});
        assertThat(cache.find("a")).isPresent();
    }

    @Test
    void whatWasCutOffIsAbsent() throws IOException {
        Path file = cache.put("a", out -> out.write(1)).path();
        Files.delete(file.resolveSibling("a.sha256"));
        assertThat(cache.find("a")).isEmpty();
    }

    @Test
    void failureLeavesNothing() throws IOException {
        assertThatThrownBy(() -> cache.put("a", out -> {
                    out.write(1);
                    throw new IOException("no space left on device");
                }))
                .hasMessage("no space left on device");
        try (Stream<Path> files = Files.list(dir)) {
            assertThat(files).isEmpty();
        }
    }
}
