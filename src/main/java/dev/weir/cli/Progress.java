package dev.weir.cli;

import java.io.PrintWriter;
import java.util.Optional;
import me.tongfei.progressbar.ProgressBar;
import me.tongfei.progressbar.ProgressBarBuilder;
import me.tongfei.progressbar.ProgressBarConsumer;
import me.tongfei.progressbar.ProgressBarStyle;

/** A bar on standard error for a person who waits; nothing where nobody watches. It leaves no trace behind. */
final class Progress implements AutoCloseable {

    private static final int COLUMNS = 80;
    private static final int MILLIS = 200;

    private Optional<ProgressBar> bar;

    private Progress(Optional<ProgressBar> bar) {
        this.bar = bar;
    }

    /** No bar. */
    static Progress none() {
        return new Progress(Optional.empty());
    }

    /**
     * A bar, if standard error is a terminal.
     *
     * @param tokens to be processed in all, at most
     */
    static Progress of(Shell shell, String task, long tokens) {
        return of(shell, task, " tokens", tokens);
    }

    /** A bar that counts something else. */
    static Progress of(Shell shell, String task, String unit, long total) {
        if (!shell.errIsTerminal()) {
            return none();
        }
        return new Progress(Optional.of(new ProgressBarBuilder()
                .setTaskName(task)
                .setInitialMax(total)
                .setUnit(unit, 1)
                .setStyle(ProgressBarStyle.UNICODE_BLOCK)
                .setUpdateIntervalMillis(MILLIS)
                .setConsumer(new Line(shell.err()))
                .clearDisplayOnFinish()
                .build()));
    }

    void advance(int tokens) {
        bar.ifPresent(b -> b.stepBy(tokens));
    }

    /** Takes the bar away; there is something else to read now. */
    void hide() {
        bar.ifPresent(ProgressBar::close);
        bar = Optional.empty();
    }

    @Override
    public void close() {
        hide();
    }

    /** One line of a terminal, written again and again. */
    private record Line(PrintWriter err) implements ProgressBarConsumer {
        @Override
        public int getMaxRenderedLength() {
            return COLUMNS;
        }

        @Override
        public void accept(String rendered) {
            err.print("\r" + rendered);
            err.flush();
        }

        @Override
        public void clear() {
            err.print("\r\u001b[2K");
            err.flush();
        }

        @Override
        public void close() {
            err.flush();
        }
    }
}
