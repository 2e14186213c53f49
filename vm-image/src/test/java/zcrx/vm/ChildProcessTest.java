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
                    new Silence(Duration.ofSeconds(1000)),
                    ChildProcess.logLines(),
                    System.out::println,
                    line -> false);
        }
    }

    private static ChildProcess.Outcome run(String script, Duration timeout) throws IOException {
        var silence = new Silence(Duration.ofSeconds(5));
        return ChildProcess.run(
                List.of("sh", "-c", script),
                timeout,
                silence,
                ChildProcess.logLines(),
                line -> silence.end(),
                line -> false);
    }

    @Test
    void endsWhoIsSilentForTooLong() throws IOException {
        assertThat(run("for i in 1 2 3 4 5 6 7; do echo $i; sleep 1; done; exit 7", Duration.ofSeconds(1000)))
                .isEqualTo(new ChildProcess.Outcome(null, 7));
        assertThat(run("echo 1; exec sleep 1000", Duration.ofSeconds(1000)).cut())
                .isEqualTo(Ending.Kind.HUNG);
        assertThat(run("exec sleep 1000", Duration.ofSeconds(6)).cut()).isEqualTo(Ending.Kind.TIMEOUT);
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
