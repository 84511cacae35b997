package dev.weir.engine;

import dev.weir.tokenizer.StreamingDecoder;
import dev.weir.tokenizer.Tokenizer;
import java.util.List;

/** The text of one sequence as it grows: whole characters only, and nothing that may turn out to be the beginning of a stop text. */
final class TextAssembly {

    private final int vocabulary;
    private final StreamingDecoder decoder;
    private final List<String> stops;
    private final StringBuilder text = new StringBuilder();
    private int released;
    private boolean stopped;

    TextAssembly(Tokenizer tokenizer, List<String> stops) {
        this.vocabulary = tokenizer.vocabularySize();
        this.decoder = tokenizer.streaming();
        this.stops = stops;
    }

    /**
     * Adds a token and returns the text that is now certain to belong to the result. A model may have more rows in its embedding
     * than its tokenizer has tokens; such a row writes nothing.
     */
    String append(int token) {
        add(token < vocabulary ? decoder.append(token) : "");
        return release(stopped ? text.length() : text.length() - heldBack());
    }

    /** No more tokens come: the rest of the text. */
    String finish() {
        add(decoder.finish());
        return release(text.length());
    }

    /** Whether a stop text appeared; the text ends before it. */
    boolean isStopped() {
        return stopped;
    }

    /** All of the text so far. */
    String text() {
        return text.substring(0, released);
    }

    private void add(String piece) {
        if (stopped) {
            return;
        }
        int from = text.length();
        text.append(piece);
        int first = text.length();
        for (String stop : stops) {
            int at = text.indexOf(stop, Math.max(released, from - stop.length() + 1));
            if (at >= 0) {
                stopped = true;
                first = Math.min(first, at);
            }
        }
        text.setLength(first);
    }

    /** The length of the longest ending of the text that begins a stop text. */
    private int heldBack() {
        int longest = 0;
        for (String stop : stops) {
            for (int length = Math.min(stop.length() - 1, text.length() - released); length > longest; length--) {
                if (text.indexOf(stop.substring(0, length), text.length() - length) >= 0) {
                    longest = length;
                }
            }
        }
        return longest;
    }

    private String release(int to) {
        String piece = text.substring(released, to);
        released = to;
        return piece;
    }
}
