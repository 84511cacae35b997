package dev.weir.model;

import dev.weir.hook.Dimensions;
import dev.weir.program.Activation;

/**
 * The numbers that define a GPT-2-shaped model.
 *
 * @param vocabulary V, token ids
 * @param context positions that were learned
 * @param width D, the width of the stream
 * @param layers blocks
 * @param heads H, attention heads
 * @param hidden M, the width of the MLP
 * @param epsilon of the layer norms
 * @param scaleAttention whether scores are divided by sqrt(dh)
 * @param scaleByInverseLayer whether scores of block l are also divided by l + 1
 */
public record ModelConfig(
        int vocabulary,
        int context,
        int width,
        int layers,
        int heads,
        int hidden,
        Activation activation,
        float epsilon,
        boolean scaleAttention,
        boolean scaleByInverseLayer) {

    public ModelConfig {
        requirePositive("vocabulary", vocabulary);
        requirePositive("context", context);
        requirePositive("width", width);
        requirePositive("layers", layers);
        requirePositive("heads", heads);
        requirePositive("hidden", hidden);
        if (width % heads != 0) {
            throw new IllegalArgumentException(
                    "model width: expected a multiple of the " + heads + " heads, got " + width);
        }
        if (!(epsilon > 0 && epsilon < 1)) {
            throw new IllegalArgumentException("layer norm epsilon: expected between 0 and 1, got " + epsilon);
        }
    }

    private static void requirePositive(String name, int value) {
        if (value <= 0) {
            throw new IllegalArgumentException("model " + name + ": expected above zero, got " + value);
        }
    }

    /** dh, the width of one head. */
    public int headWidth() {
        return width / heads;
    }

    /** What scores of block {@code layer} are multiplied by. */
    public float attentionScale(int layer) {
        double scale = scaleAttention ? 1 / Math.sqrt(headWidth()) : 1;
        return (float) (scaleByInverseLayer ? scale / (layer + 1) : scale);
    }

    /** What gives hook points their shapes. */
    public Dimensions dimensions() {
        return new Dimensions(layers, width, heads, heads, headWidth(), hidden, vocabulary);
    }

    /** The number of learned values, a tied head counted once. */
    public long parameters(boolean tiedHead) {
        long block = 4L * width * width + 2L * width * hidden + 4L * width + hidden + width + 4L * width;
        return (long) vocabulary * width * (tiedHead ? 1 : 2) + (long) context * width + layers * block + 2L * width;
    }
}
