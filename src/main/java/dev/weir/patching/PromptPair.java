package dev.weir.patching;

import java.util.List;
import java.util.Objects;
import java.util.stream.IntStream;

/**
 * Two prompts, token by token alike but for what is in question.
 *
 * @param clean whose activations are patched in
 * @param corrupted into which they are patched; as long as the other
 */
public record PromptPair(List<Integer> clean, List<Integer> corrupted) {

    public PromptPair {
        clean = List.copyOf(clean);
        corrupted = List.copyOf(corrupted);
        if (clean.size() != corrupted.size()) {
            throw new IllegalArgumentException(
                    "prompts: expected as many tokens in the corrupted one as in the clean one, " + clean.size()
                            + ", got " + corrupted.size());
        }
        if (clean.equals(corrupted)) {
            throw new IllegalArgumentException("prompts: expected two that differ, got the same tokens twice");
        }
    }

    /** Tokens of each. */
    public int length() {
        return clean.size();
    }

    /** The positions at which they differ. */
    public List<Integer> differences() {
        return IntStream.range(0, length())
                .filter(p -> !Objects.equals(clean.get(p), corrupted.get(p)))
                .boxed()
                .toList();
    }

    /** The other way round: what is patched in then spoils a prompt instead of mending it. */
    public PromptPair swapped() {
        return new PromptPair(corrupted, clean);
    }
}
