// SPDX-License-Identifier: MIT
package zcrx.reports;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import zcrx.reports.run.Feed;
import zcrx.reports.run.Run;
import zcrx.reports.run.Status;
import zcrx.reports.run.Verdict;
import zcrx.vm.BadRequestException;
import zcrx.vm.Ending;

class RunDirectoryTest {
    @TempDir
    private Path temp;

    private static final String HELLO =
            "{\"event\":\"hello\",\"protocol\":1,\"kernel\":{\"release\":\"7.3.4\",\"version\":\"#1\","
                    + "\"machine\":\"x86_64\",\"dialect\":\"event\",\"features\":[],\"pageSize\":4096}}";
    private static final String PLAN =
            "{\"event\":\"plan\",\"profile\":\"gate\",\"seed\":42,\"tests\":[{\"id\":\"A.b\",\"subject\":\"s\","
                    + "\"name\":\"n\",\"requirements\":[],\"dataPath\":\"none\"}]}";

    private RunDirectory recorded(Path path, Ending ending) throws IOException {
        RunDirectory directory = RunDirectory.create(path);
        try (RunDirectory.Recording recording = directory.record(Feed.SETUP)) {
            recording.kernelLog("[    1.0] \u00e9\u0080 carriage\rreturn");
            recording.kernelLog("[    1.1] zcrx-test: start A.b");
            recording.event(HELLO);
            recording.event(PLAN);
            recording.event("{\"event\":\"start\",\"id\":\"A.b\"}");
            recording.ended(ending, Duration.ofSeconds(9));
        }
        return directory;
    }

    @Test
    void whatWasRecordedIsJudgedAsItWasLive() throws IOException {
        Path path = temp.resolve("a/b");
        Run run = recorded(path, new Ending(Ending.Kind.KILLED, "QEMU was killed by signal 9"))
                .replay(Feed.KNOWN_BUGS);
        assertThat(run.setup()).isEqualTo(Feed.SETUP);
        assertThat(run.verdict()).isEqualTo(Verdict.FAIL);
        assertThat(run.tests()).singleElement().satisfies(t -> {
            assertThat(t.status()).isEqualTo(Status.FAIL);
            assertThat(t.reason()).isEqualTo("QEMU was killed by signal 9");
        });
        assertThat(run.durationMs()).isEqualTo(9000);
        assertThat(run.console()).hasSize(2);
        assertThat(path.resolve("console.log")).content().startsWith("[    1.0] \u00e9\u0080 carriage\rreturn\n");
    }

    @Test
    void aRunnerThatWasKilledLeavesAnUnfinishedRun() throws IOException {
        RunDirectory directory = RunDirectory.create(temp.resolve("run"));
        try (RunDirectory.Recording recording = directory.record(Feed.SETUP)) {
            recording.event(HELLO);
        }
        assertThat(directory.replay(Feed.KNOWN_BUGS).verdict()).isEqualTo(Verdict.ERROR);
    }

    @Test
    void whatBecameOfProgramsIsKeptWholeOrNotAtAll() throws IOException {
        RunDirectory directory = recorded(temp.resolve("run"), Feed.STOPPED);
        directory.reproduced(Map.of("A.b", "reproduced in C: it hangs"));
        // A directory in the way, like a full disk.
        Files.createDirectory(temp.resolve("run/reproductions.json.new"));
        assertThatThrownBy(() -> directory.reproduced(Map.of("A.b", "not tried")))
                .isInstanceOf(IOException.class);
        assertThat(directory.replay(Feed.KNOWN_BUGS).tests().getFirst().attachment("in C"))
                .contains("reproduced in C: it hangs");

        Files.writeString(temp.resolve("run/reproductions.json"), "{");
        assertThatThrownBy(() -> directory.replay(Feed.KNOWN_BUGS))
                .isInstanceOf(IOException.class)
                .hasMessageContaining("reproductions.json: ");
    }

    @Test
    void anOlderRunIsKept() throws IOException {
        Path path = temp.resolve("run");
        recorded(path, Feed.STOPPED);
        assertThatThrownBy(() -> RunDirectory.create(path))
                .isInstanceOf(BadRequestException.class)
                .hasMessageContaining("holds an older run");
    }

    @Test
    void somethingElseIsKept() throws IOException {
        Files.writeString(temp.resolve("precious"), "");
        assertThatThrownBy(() -> RunDirectory.check(temp))
                .isInstanceOf(BadRequestException.class)
                .hasMessageContaining("is not empty");
        assertThatThrownBy(() -> RunDirectory.check(temp.resolve("precious")))
                .isInstanceOf(BadRequestException.class)
                .hasMessageContaining("not a directory");
        assertThatThrownBy(() -> RunDirectory.check(temp.resolve("precious/below")))
                .isInstanceOf(BadRequestException.class)
                .hasMessageContaining("--out");
    }

    @Test
    void emptyAndNewDirectoriesAreFine() {
        assertThatCode(() -> RunDirectory.check(temp)).doesNotThrowAnyException();
        assertThatCode(() -> RunDirectory.check(temp.resolve("x/y"))).doesNotThrowAnyException();
        assertThat(temp.resolve("x")).doesNotExist();
    }

    @Test
    void runsOfTheSameSecondHaveTheirOwnDirectories() {
        Path first = RunDirectory.createBelow(temp, Feed.SETUP.started(), Feed.SETUP.kernel())
                .path();
        Path second = RunDirectory.createBelow(temp, Feed.SETUP.started(), Feed.SETUP.kernel())
                .path();
        assertThat(first.getFileName().toString()).endsWith("-7.3.4+deb13-amd64");
        assertThat(second.getFileName().toString()).endsWith("-7.3.4+deb13-amd64-2");
    }

    @Test
    void noRun() {
        assertThatThrownBy(() -> RunDirectory.of(temp))
                .isInstanceOf(BadRequestException.class)
                .hasMessageContaining("holds no run");
    }

    @Test
    void aRecordFromElsewhere() throws IOException {
        recorded(temp.resolve("run"), Feed.STOPPED);
        Path record = temp.resolve("run/run.json");
        Files.writeString(record, Files.readString(record).replaceFirst("\"format\" : [0-9]+", "\"format\" : 999"));
        assertThatThrownBy(() -> RunDirectory.of(temp.resolve("run")).replay(Feed.KNOWN_BUGS))
                .isInstanceOf(IOException.class)
                .hasMessageContaining("format 999");
    }
}
