package dev.weir.engine;

import dev.weir.engine.Generation.FinishReason;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/** One prompt and what has become of it. */
final class Sequence {

    private final List<Integer> tokens;
    private final int promptLength;
    private final int maxNewTokens;
    private final Sampler sampler;
    private final Set<Integer> endOfText;
    private final Optional<TextAssembly> text;
    private Optional<FinishReason> finishReason = Optional.empty();
    private int position;

    /**
     * A sequence that has not begun.
     *
     * @param maxNewTokens 0 for one forward pass over the prompt and nothing else
     * @param text empty when the model has no tokenizer
     */
    Sequence(
            List<Integer> prompt,
            int maxNewTokens,
            Sampler sampler,
            Set<Integer> endOfText,
            Optional<TextAssembly> text) {
        this.tokens = new ArrayList<>(prompt);
        this.promptLength = prompt.size();
        this.maxNewTokens = maxNewTokens;
        this.sampler = sampler;
        this.endOfText = endOfText;
        this.text = text;
        prompt.forEach(sampler::see);
    }

    /** The most rows that it can take: its last token goes through no forward pass. */
    int maxRows() {
        return promptLength + Math.max(0, maxNewTokens - 1);
    }

    /** Rows that have been processed. */
    int position() {
        return position;
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

    /** Whether the next token is to be chosen from the logits of the last processed row. */
    boolean wantsToken() {
        return maxNewTokens > 0 && position == tokens.size();
    }

    void processed(int rows) {
        position += rows;
    }

    /**
     * Chooses the next token.
     *
     * @param logits of the last processed row; overwritten
     * @return the text that is now certain
     */
    String choose(float[] logits) {
        int token = sampler.next(logits, position - 1);
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
                tokens.subList(0, promptLength),
                tokens.subList(promptLength, tokens.size()),
                text.map(TextAssembly::text).orElse(""),
                finishReason.orElse(FinishReason.LENGTH));
    }
}
