package dev.weir.edit;

import dev.weir.hook.Heads;
import dev.weir.hook.Span;
import java.util.List;
import java.util.Optional;

/**
 * What somebody asked for, in whichever form. Nothing of it has been looked up yet.
 *
 * @param text as it was written, for errors
 * @param target points or branches
 * @param strength if it was said
 * @param spans the positions; none said is all of them
 */
record Sentence(String text, String target, Change change, Optional<Float> strength, List<Span> spans, Heads heads) {

    private static final int LONGEST_QUOTE = 120;

    Sentence {
        spans = List.copyOf(spans);
    }

    /** An error about a sentence, in one line. */
    static IllegalArgumentException refusal(String text, IllegalArgumentException problem) {
        String line = text.replaceAll("\\s+", " ");
        String shown = line.length() > LONGEST_QUOTE ? line.substring(0, LONGEST_QUOTE) + "…" : line;
        return new IllegalArgumentException("edit '" + shown + "': " + problem.getMessage(), problem);
    }
}
