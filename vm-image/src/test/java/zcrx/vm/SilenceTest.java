// SPDX-License-Identifier: MIT
package zcrx.vm;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Test;

class SilenceTest {
    private static final long SECOND = 1_000_000_000;

    private final Silence silence = new Silence(Duration.ofSeconds(10));
    private long now = 17 * SECOND;
    private long waited = 5 * SECOND;

    /** Looks every second, and says after how many it was too long; -1 if it never was. */
    private int tooLongAfter(int seconds, long waitedInEach) {
        for (int i = 1; i <= seconds; i++) {
            now += SECOND;
            waited += waitedInEach;
            if (silence.isTooLong(now, waited)) {
                return i;
            }
        }
        return -1;
    }

    private void speak() {
        silence.end();
        assertThat(tooLongAfter(1, 0)).isEqualTo(-1);
    }

    @Test
    void countsFromTheLastWord() {
        speak();
        assertThat(tooLongAfter(9, 0)).isEqualTo(-1);
        speak();
        assertThat(tooLongAfter(20, 0)).isEqualTo(10);
    }

    @Test
    void beforeTheFirstWordThereIsNone() {
        assertThat(tooLongAfter(1000, 0)).isEqualTo(-1);
    }

    @Test
    void whoHasNoProcessorIsNotSilent() {
        speak();
        assertThat(tooLongAfter(1000, SECOND)).isEqualTo(-1);
        // Half of the time, and by two threads.
        assertThat(tooLongAfter(100, SECOND / 2)).isEqualTo(20);
        speak();
        assertThat(tooLongAfter(1000, 2 * SECOND)).isEqualTo(-1);
    }

    @Test
    void aLongWaitIsTakenBackWhenItIsOver() {
        speak();
        assertThat(tooLongAfter(8, 0)).isEqualTo(-1);
        assertThat(tooLongAfter(1, 9 * SECOND)).isEqualTo(-1);
        assertThat(tooLongAfter(20, 0)).isEqualTo(10);
    }

    @Test
    void whileNobodyLooksNothingIsHeard() {
        speak();
        now += 3600 * SECOND;
        assertThat(tooLongAfter(7, 0)).isEqualTo(-1);
    }

    @Test
    void aThreadThatIsGoneTakesItsWaitsAlong() {
        speak();
        waited = 0;
        assertThat(tooLongAfter(20, 0)).isEqualTo(10);
    }

    /** Two that want all of one processor. */
    @Test
    void waitsAreThoseOfTheKernel() throws IOException {
        List<String> spin = List.of("taskset", "-c", "0", "sh", "-c", "while :; do :; done");
        Process one = new ProcessBuilder(spin).start();
        Process other = new ProcessBuilder(spin).start();
        try {
            long end = System.nanoTime() + 60 * SECOND;
            while (Silence.waited(one.pid()) < SECOND / 10 && System.nanoTime() < end) {
                Thread.onSpinWait();
            }
            assertThat(Silence.waited(one.pid())).isGreaterThan(SECOND / 10);
        } finally {
            one.destroyForcibly();
            other.destroyForcibly();
        }
        assertThat(Silence.waited(ProcessHandle.current().pid())).isPositive();
    }
}
