package dev.weir.lens;

import dev.weir.engine.Weir;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.stream.IntStream;

/**
 * The logit lens: what the model would say next if the stream at hand had already left its last block. Any row of the stream goes
 * through the model's own final norm and unembedding, on its own machine. Source: nostalgebraist, "interpreting GPT: the logit
 * lens", 2020.
 */
public final class LogitLens {

    private final Weir weir;

    public LogitLens(Weir weir) {
        this.weir = weir;
    }

    /**
     * A token that may come next.
     *
     * @param probability of the softmax over the whole vocabulary
     */
    public record Guess(int token, float logit, double probability) {}

    /**
     * The logits of rows of the stream.
     *
     * @param stream [rows, D], from any depth
     * @return [rows, V]
     */
    public float[] logits(float[] stream) {
        return weir.unembed(stream);
    }

    /**
     * The likeliest next tokens of each row, the likeliest first; ties go to the lowest id.
     *
     * @param stream [rows, D], from any depth
     * @param count of tokens for each row; a smaller vocabulary gives fewer
     */
    public List<List<Guess>> top(float[] stream, int count) {
        if (count <= 0) {
            throw new IllegalArgumentException("top tokens: expected above zero, got " + count);
        }
        float[] logits = logits(stream);
        int vocabulary = weir.config().vocabulary();
        var rows = new ArrayList<List<Guess>>();
        for (int from = 0; from < logits.length; from += vocabulary) {
            rows.add(likeliest(Arrays.copyOfRange(logits, from, from + vocabulary), count));
        }
        return rows;
    }

    private static List<Guess> likeliest(float[] logits, int count) {
        List<Integer> tokens = IntStream.range(0, logits.length)
                .boxed()
                .sorted(Comparator.comparing((Integer token) -> logits[token]).reversed())
                .limit(count)
                .toList();
        double highest = logits[tokens.getFirst()];
        double sum = IntStream.range(0, logits.length)
                .mapToDouble(token -> Math.exp(logits[token] - highest))
                .sum();
        return tokens.stream()
                .map(token -> new Guess(token, logits[token], Math.exp(logits[token] - highest) / sum))
                .toList();
    }
}
