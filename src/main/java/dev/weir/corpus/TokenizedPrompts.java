package dev.weir.corpus;

import java.util.List;
import java.util.stream.IntStream;

/** The token ids of many prompts, in memory: four bytes a token, against the thousands that its activations take on disk. */
public final class TokenizedPrompts {

    private final List<int[]> prompts;

    /**
     * Prompts in their order.
     *
     * @throws IllegalArgumentException if there are none, or one without tokens
     */
    public TokenizedPrompts(List<int[]> prompts) {
        this.prompts = List.copyOf(prompts);
        if (this.prompts.isEmpty()) {
            throw new IllegalArgumentException("prompts: expected at least one, got none");
        }
        for (int sequence = 0; sequence < count(); sequence++) {
            if (length(sequence) == 0) {
                throw new IllegalArgumentException("prompt " + sequence + ": expected at least one token, got none");
            }
        }
    }

    /** How many there are. */
    public int count() {
        return prompts.size();
    }

    /** Tokens of one. */
    public int length(int sequence) {
        return prompts.get(sequence).length;
    }

    /** One token of one. */
    public int token(int sequence, int position) {
        return prompts.get(sequence)[position];
    }

    /** Tokens of each. */
    IntStream lengths() {
        return prompts.stream().mapToInt(prompt -> prompt.length);
    }

    /** Tokens of the longest. */
    public int longest() {
        return lengths().max().orElseThrow();
    }

    /** Tokens of all. */
    public long tokens() {
        return lengths().asLongStream().sum();
    }

    /** The digest of each prompt's length and token ids, as int32, little-endian. */
    String sha256() {
        var digest = new Digest();
        for (int[] prompt : prompts) {
            digest.add(prompt.length);
            digest.add(prompt);
        }
        return digest.hex();
    }
}
