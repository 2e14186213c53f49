// SPDX-License-Identifier: MIT
package zcrx.vm.kernel;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import zcrx.vm.kernel.KernelConfig.Wish;

class KernelConfigTest {
    private static final Path ROOT = Path.of("..");

    private static KernelConfig with(List<Wish> wishes) {
        return KernelConfig.parse(
                wishes.stream().map(w -> w.name() + "=y").collect(Collectors.joining("\n")), "a test");
    }

    @Test
    void theFragmentSaysWhatEachOptionIsFor() throws IOException {
        assertThat(KernelConfig.wishes(ROOT))
                .contains(new Wish("CONFIG_IO_URING", true, "what is tested"))
                .contains(new Wish("CONFIG_UDMABUF", false, "areas of dma-buf memory"))
                .allSatisfy(w -> assertThat(w.purpose()).isNotBlank())
                .doesNotHaveDuplicates()
                // Only selects what is needed: a kernel may have that from elsewhere.
                .noneMatch(w -> w.name().equals("CONFIG_VETH"));
    }

    @Test
    void aKernelWithAllOfItLacksNothing() throws IOException {
        List<Wish> wishes = KernelConfig.wishes(ROOT);
        assertThat(with(wishes).lacks(wishes)).isEmpty();
    }

    @Test
    void whatIsAModuleIsLacking() {
        List<Wish> wishes = List.of(
                new Wish("CONFIG_IPV6", true, "sockets"),
                new Wish("CONFIG_INET", true, "sockets"),
                new Wish("CONFIG_NET", true, "sockets"));
        KernelConfig config = KernelConfig.parse("CONFIG_IPV6=m\n# CONFIG_INET is not set\nCONFIG_NET=y\n", "a test");
        assertThat(config.lacks(wishes)).extracting(Wish::name).containsExactly("CONFIG_IPV6", "CONFIG_INET");
        assertThat(config.state("CONFIG_IPV6")).isEqualTo("is m");
        assertThat(config.state("CONFIG_INET")).isEqualTo("is not set");
    }
}
