// SPDX-License-Identifier: MIT
package zcrx.vm.qemu;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import zcrx.vm.Ending;
import zcrx.vm.Ending.Kind;
import zcrx.vm.Limits;
import zcrx.vm.SuiteHost.Observer;

/** With shell scripts in QEMU's place. */
class QemuProcessTest {
    private static final Duration LONG = Duration.ofSeconds(60);

    private final List<String> console = new CopyOnWriteArrayList<>();

    private Ending run(String script, Duration timeout, Runnable onConsole) {
        // The words for the serial lines become arguments that the script doesn't look at.
        return new QemuProcess(List.of("sh", "-c", script), new Observer() {
                    @Override
                    public void result(String line) {
                        throw new AssertionError("nobody connected: " + line);
                    }

                    @Override
                    public void kernelLog(String line) {
                        console.add(line);
                        onConsole.run();
                    }
                })
                .run(Limits.whole(timeout));
    }

    @ParameterizedTest
    @CsvSource({
        "echo up; exit 0, STOPPED, ''",
        "echo up; kill -9 $$, KILLED, QEMU was killed by SIGKILL",
        "echo 'qemu-system-x86_64: no such MSR' >&2; kill -6 $$, KILLED, "
                + "'QEMU was killed by SIGABRT, qemu-system-x86_64: no such MSR'",
        "echo up; echo qemu-system-x86_64: out of luck >&2; exit 1, KILLED, qemu-system-x86_64: out of luck",
        "echo qemu-system-x86_64: -x: invalid option >&2; exit 1, NOT_STARTED, qemu-system-x86_64: -x: invalid option",
        "exit 3, NOT_STARTED, QEMU ended with status 3",
        "echo 'qemu-system-x86_64: terminating on signal 15 from pid 1 (x)' >&2, KILLED, "
                + "qemu-system-x86_64: terminating on signal 15 from pid 1 (x)",
        "echo 'KVM internal error. Suberror: 1' >&2; exec sleep 1000, KILLED, KVM internal error. Suberror: 1",
    })
    void saysHowItEnded(String script, Kind kind, String detail) {
        assertThat(run(script, LONG, () -> {})).isEqualTo(new Ending(kind, detail));
    }

    @Test
    void keepsTheTime() {
        assertThat(run("echo up; exec sleep 1000", Duration.ofMillis(500), () -> {}))
                .isEqualTo(new Ending(Kind.TIMEOUT, "no end within 0 s"));
    }

    @Test
    void endsWhenInterrupted() {
        Thread here = Thread.currentThread();
        assertThat(run("echo up; exec sleep 1000", LONG, here::interrupt)).isEqualTo(new Ending(Kind.INTERRUPTED, ""));
        assertThat(Thread.interrupted()).isFalse();
    }

    @Test
    void missesNothingThatWasSaidBeforeTheEnd() {
        run("i=0; while [ $i -lt 5000 ]; do echo line $i; i=$((i+1)); done; kill -9 $$", LONG, () -> {});
        assertThat(console).hasSize(5000).last().isEqualTo("line 4999");
    }

    @Test
    void leavesNoDirectory() throws IOException {
        List<Path> before = directories();
        run("exit 1", LONG, () -> {});
        assertThat(directories()).isEqualTo(before);
    }

    private static List<Path> directories() throws IOException {
        try (Stream<Path> all = Files.list(Path.of(System.getProperty("java.io.tmpdir")))) {
            return all.filter(p -> p.getFileName().toString().matches("zcrx-[0-9]+"))
                    .sorted()
                    .toList();
        }
    }
}
