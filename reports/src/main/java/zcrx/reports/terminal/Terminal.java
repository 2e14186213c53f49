// SPDX-License-Identifier: MIT
package zcrx.reports.terminal;

import java.io.PrintStream;
import java.nio.charset.Charset;
import java.time.Duration;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import zcrx.reports.run.Text;
import zcrx.vm.Progress;

/**
 * Lines for people, and one live line below them where somebody watches. All of it goes to one stream, and every piece
 * in one write, so that nothing flickers or mixes.
 */
public final class Terminal implements Progress, AutoCloseable {
    private static final Duration REDRAW = Duration.ofMillis(100);

    /** As {@link Progress} has it: what is over sooner needs no words. */
    private static final Duration PATIENCE = Duration.ofSeconds(1);

    private static final String LABEL = "%-8s ";

    private static final String ERASE_LINE = "\r\033[K";

    /** The colours, by what they mean. */
    public enum Colour {
        GOOD("32"),
        BAD("31"),
        ODD("33"),
        FAINT("2");

        private final String code;

        Colour(String code) {
            this.code = code;
        }
    }

    private final PrintStream out;
    private final boolean live;
    private final boolean coloured;
    private final int columns;
    private final @Nullable ScheduledExecutorService redrawing;

    private @Nullable Supplier<String> status;
    private String shown = "";

    /**
     * @param live whether the stream is a terminal, where a line can be drawn again
     * @param columns how wide that terminal is
     */
    public Terminal(PrintStream out, boolean live, boolean coloured, int columns) {
        this.out = out;
        this.live = live;
        this.coloured = coloured;
        this.columns = columns;
        if (live) {
            redrawing = Executors.newSingleThreadScheduledExecutor(
                    Thread.ofPlatform().daemon().name("status line").factory());
            var _ = redrawing.scheduleAtFixedRate(
                    this::redraw, REDRAW.toMillis(), REDRAW.toMillis(), TimeUnit.MILLISECONDS);
        } else {
            redrawing = null;
        }
    }

    /**
     * The stream for people: standard output if it is a terminal, else standard error, because standard output then
     * carries results for programs. Only the launcher can tell, and says so in {@code zcrx.terminal}.
     */
    public static Terminal forPeople(Map<String, String> environment) {
        boolean stdoutLive = stdoutIsTerminal();
        boolean live = stdoutLive || System.getProperty("zcrx.terminal", "").contains("2");
        boolean dumb = "dumb".equals(environment.get("TERM"));
        return new Terminal(
                stdoutLive ? System.out : System.err,
                live && !dumb,
                live && !dumb && environment.getOrDefault("NO_COLOR", "").isEmpty(),
                Integer.getInteger("zcrx.columns", 80));
    }

    public static boolean stdoutIsTerminal() {
        return System.getProperty("zcrx.terminal", "").contains("1");
    }

    /** A line that stays, or several. */
    public synchronized void line(String text) {
        out.print((shown.isEmpty() ? "" : ERASE_LINE) + text + "\n" + shown);
        out.flush();
    }

    /** A line that stays, with a word in front that says what it is about. */
    public void line(String label, String text) {
        line(String.format(Locale.ROOT, LABEL, label) + text);
    }

    /** The same, with a colour for the word. */
    public void line(Colour colour, String label, String text) {
        line(in(colour, label) + String.format(Locale.ROOT, LABEL, label).substring(label.length()) + text);
    }

    /** Sets the live line, drawn again and again until it is set to another or to null. */
    public synchronized void status(@Nullable Supplier<String> line) {
        status = line;
        redraw();
    }

    public String in(Colour colour, String text) {
        return coloured ? "\033[" + colour.code + "m" + text + "\033[m" : text;
    }

    /** How many characters the live line may have without breaking. */
    public int width() {
        return columns - 1;
    }

    /** Whether this stream can show them: a locale without UTF-8 turns them into question marks. */
    public boolean canShow(String characters) {
        return Charset.forName(System.getProperty("stdout.encoding", "US-ASCII"))
                .newEncoder()
                .canEncode(characters);
    }

    private synchronized void redraw() {
        if (!live) {
            return;
        }
        String line = status == null ? "" : status.get();
        if (line.length() > width()) {
            line = line.substring(0, Math.max(0, width()));
        }
        if (!line.equals(shown)) {
            // The new text first, then what the old one leaves behind it: erasing first would flicker.
            out.print(line.isEmpty() ? ERASE_LINE : "\r" + line + "\033[K");
            out.flush();
            shown = line;
        }
    }

    @Override
    public Task begin(String what) {
        long began = System.nanoTime();
        var percent = new AtomicInteger(-1);
        status(() -> {
            Duration taken = Duration.ofNanos(System.nanoTime() - began);
            return taken.compareTo(PATIENCE) < 0
                    ? ""
                    : what + (percent.get() < 0 ? "" : " " + percent + " %") + " " + taken.toSeconds() + " s";
        });
        return new Task() {
            @Override
            public void percent(int done) {
                percent.set(done);
            }

            @Override
            public void close() {
                status(null);
            }
        };
    }

    @Override
    public void note(String line) {
        line(Text.oneLine(line));
    }

    @Override
    public void close() {
        status(null);
        if (redrawing != null) {
            redrawing.shutdownNow();
        }
    }
}
