package dev.weir.engine;

import dev.weir.engine.Generation.FinishReason;
import dev.weir.hook.Edits;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/** One prompt and what has become of it, for callers who move a {@link Session} on themselves. */
public final class Sequence {

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
    public int maxRows() {
        return promptLength + Math.max(0, maxNewTokens - 1);
    }

    /** Rows that have been processed. */
    public int position() {
        return position;
    }

    /** How its tokens are chosen. */
    public Sampling sampling() {
        return sampling;
    }

    /** What is changed for it alone. */
    public Edits edits() {
        return edits;
    }

    /** The tokens that it began with. */
    public List<Integer> prompt() {
        return tokens.subList(0, promptLength);
    }

    /** The token at a position, of the prompt or chosen. */
    public int token(int at) {
        return tokens.get(at);
    }

    /** Tokens that are known and not yet processed. */
    public int waiting() {
        return isDone() ? 0 : tokens.size() - position;
    }

    /** Whether the next row is one of the prompt's. */
    public boolean isInPrompt() {
        return position < promptLength;
    }

    /** Whether nothing more is to be done for it. */
    public boolean isDone() {
        return finishReason.isPresent() || (maxNewTokens == 0 && position == promptLength);
    }

    /** Whether the token at this position is the last that is known. */
    public boolean isNewest(int at) {
        return at == tokens.size() - 1;
    }

    /** Whether tokens are to be chosen at all. */
    public boolean wantsTokens() {
        return maxNewTokens > 0;
    }

    /** So many more rows went through the model. */
    public void processed(int rows) {
        position += rows;
    }

    /**
     * Takes the token that was chosen after the last processed row.
     *
     * @return the text that is now certain
     */
    public String append(int token) {
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

    /** Ends it before its time. */
    public void end(FinishReason reason) {
        finishReason = Optional.of(reason);
        text.ifPresent(TextAssembly::finish);
    }

    /** Tokens that were chosen so far. */
    public int newTokens() {
        return tokens.size() - promptLength;
    }

    /** What has been generated so far. */
    public Generation generation() {
        return new Generation(
                prompt(),
                tokens.subList(promptLength, tokens.size()),
                text.map(TextAssembly::text).orElse(""),
                finishReason.orElse(FinishReason.LENGTH));
    }
}
