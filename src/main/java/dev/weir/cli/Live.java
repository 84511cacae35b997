package dev.weir.cli;

import dev.weir.engine.TextListener;
import java.io.PrintWriter;

/** Writes the text of one prompt as it comes, and moves a bar until there is any. */
record Live(PrintWriter out, Progress progress, boolean writes) implements TextListener {

    /** Whoever read the text has gone, so there is no sense in making more of it. */
    static final class ReaderGone extends RuntimeException {
        private static final long serialVersionUID = 1L;
    }

    @Override
    public void onText(int sequence, String text) {
        if (writes) {
            progress.hide();
            out.print(text);
            if (out.checkError()) { // which also flushes
                throw new ReaderGone();
            }
        }
    }

    @Override
    public void onRows(int rows) {
        progress.advance(rows);
    }
}
