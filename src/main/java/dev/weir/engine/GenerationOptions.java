package dev.weir.engine;

import dev.weir.checkpoint.GenerationConfig;
import java.util.List;
import java.util.OptionalInt;
import java.util.Set;
import java.util.TreeSet;

/**
 * How to generate. A model's own defaults, from its {@code generation_config.json}, are {@link Weir#defaults()}.
 *
 * @param maxNewTokens how many at most; empty for the model's default, cut to what its context leaves
 * @param stop texts that end a generation; they are not part of it
 * @param endOfText token ids that end a generation; part of its tokens, not of its text
 */
public record GenerationOptions(
        OptionalInt maxNewTokens, Sampling sampling, List<String> stop, Set<Integer> endOfText) {

    public GenerationOptions {
        if (maxNewTokens.isPresent() && maxNewTokens.getAsInt() <= 0) {
            throw new IllegalArgumentException("max new tokens: expected above zero, got " + maxNewTokens.getAsInt());
        }
        stop = List.copyOf(stop);
        if (stop.contains("")) {
            throw new IllegalArgumentException("stop: expected a text of at least one character, got an empty one");
        }
        endOfText = Set.copyOf(new TreeSet<>(endOfText));
    }

    /** What a model's makers ask for. */
    static GenerationOptions of(GenerationConfig c) {
        boolean greedy = !c.doSample() || c.temperature() == 0;
        var sampling = new Sampling(
                greedy, c.repetitionPenalty(), greedy ? 1 : c.temperature(), c.topK(), c.topP(), c.minP(), 0);
        return new GenerationOptions(OptionalInt.empty(), sampling, List.of(), Set.copyOf(c.endOfText()));
    }

    /** The same with so many new tokens at most. */
    public GenerationOptions withMaxNewTokens(int value) {
        return new GenerationOptions(OptionalInt.of(value), sampling, stop, endOfText);
    }

    /** The same with another way of choosing tokens. */
    public GenerationOptions withSampling(Sampling value) {
        return new GenerationOptions(maxNewTokens, value, stop, endOfText);
    }

    /** The same, taking the most likely token always. */
    public GenerationOptions greedy() {
        return withSampling(sampling.withGreedy(true));
    }

    /** The same, ending before any of these texts. */
    public GenerationOptions withStop(String... texts) {
        return new GenerationOptions(maxNewTokens, sampling, List.of(texts), endOfText);
    }

    /** The same, ending at any of these token ids; none: only the limits end it. */
    public GenerationOptions withEndOfText(Integer... ids) {
        return new GenerationOptions(maxNewTokens, sampling, stop, Set.of(ids));
    }
}
