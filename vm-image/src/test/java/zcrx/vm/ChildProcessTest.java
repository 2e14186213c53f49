// SPDX-License-Identifier: MIT
package zcrx.vm;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.junit.jupiter.api.Test;

class ChildProcessTest {

    /** Starts a child as the runner does, and tells its process id. Killed by the test below. */
    static final class Runner {
        public static void main(String[] args) throws IOException {
            ChildProcess.run(
                    List.of("sh", "-c", "echo $$; exec sleep 1000"),
                    Duration.ofSeconds(1000),
                    ChildProcess.logLines(),
                    System.out::println,
                    line -> false);
        }
    }

    @Test
    void doesNotOutliveAKilledRunner() throws IOException, InterruptedException, ExecutionException, TimeoutException {
        Process runner = new ProcessBuilder(
                        ProcessHandle.current().info().command().orElseThrow(),
                        "-cp",
                        System.getProperty("java.class.path"),
                        Runner.class.getName())
                .redirectError(ProcessBuilder.Redirect.INHERIT)
                .start();
        ProcessHandle child;
        try (var lines = runner.inputReader()) {
            child = ProcessHandle.of(Long.parseLong(lines.readLine())).orElseThrow();
            // As kill -9 does: no chance to clean up.
            runner.destroyForcibly();
            runner.waitFor();
        }
        child.onExit().get(10, TimeUnit.SECONDS);
        assertThat(child.isAlive()).isFalse();
    }
}
