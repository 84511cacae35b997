package dev.weir.engine;

import dev.weir.engine.Generation.FinishReason;
import dev.weir.hook.Edits;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/** One prompt and what has become of it. */
final class Sequence {

    private final List<Integer> tokens;
    private final int promptLength;
    private final int maxNewTokens;
    private final Sampling sampling;
    private final Set<Integer> endOfText;
    private final Edits edits;
    private final Optional<TextAssembly> text;
    private Optional<FinishReason> finishReason = Optional.empty();
    private int position;

    /**
     * A sequence that has not begun.
     *
     * @param maxNewTokens 0 for one forward pass over the prompt and nothing else
     * @param edits what is changed for it alone
     * @param text empty when the model has no tokenizer
     */
    Sequence(
            List<Integer> prompt,
            int maxNewTokens,
            Sampling sampling,
            Set<Integer> endOfText,
            Edits edits,
            Optional<TextAssembly> text) {
        this.tokens = new ArrayList<>(prompt);
        this.promptLength = prompt.size();
        this.maxNewTokens = maxNewTokens;
        this.sampling = sampling;
        this.endOfText = endOfText;
        this.edits = edits;
        this.text = text;
    }

    /** The most rows that it can take: its last token goes through no forward pass. */
    int maxRows() {
        return promptLength + Math.max(0, maxNewTokens - 1);
    }

    /** Rows that have been processed. */
    int position() {
        return position;
    }

    Sampling sampling() {
        return sampling;
    }

    /** What is changed for it alone. */
    Edits edits() {
        return edits;
    }

    /** The tokens that it began with. */
    List<Integer> prompt() {
        return tokens.subList(0, promptLength);
    }

    int token(int at) {
        return tokens.get(at);
    }

    /** Tokens that are known and not yet processed. */
    int waiting() {
        return isDone() ? 0 : tokens.size() - position;
    }

    boolean isInPrompt() {
        return position < promptLength;
    }

    boolean isDone() {
        return maxNewTokens == 0 ? position == promptLength : finishReason.isPresent();
    }

    /** Whether the token at this position is the last that is known. */
    boolean isNewest(int at) {
        return at == tokens.size() - 1;
    }

    /** Whether tokens are to be chosen at all. */
    boolean wantsTokens() {
        return maxNewTokens > 0;
    }

    void processed(int rows) {
        position += rows;
    }

    /**
     * Takes the token that was chosen after the last processed row.
     *
     * @return the text that is now certain
     */
    String append(int token) {
        tokens.add(token);
        boolean ended = endOfText.contains(token);
        String piece = ended ? "" : text.map(t -> t.append(token)).orElse("");
        if (ended) {
            finishReason = Optional.of(FinishReason.END_OF_TEXT);
        } else if (text.map(TextAssembly::isStopped).orElse(false)) {
            finishReason = Optional.of(FinishReason.STOP);
        } else if (tokens.size() - promptLength == maxNewTokens) {
            finishReason = Optional.of(FinishReason.LENGTH);
        }
        return isDone() ? piece + text.map(TextAssembly::finish).orElse("") : piece;
    }

    Generation generation() {
        return new Generation(
                prompt(),
                tokens.subList(promptLength, tokens.size()),
                text.map(TextAssembly::text).orElse(""),
                finishReason.orElse(FinishReason.LENGTH));
    }
}
