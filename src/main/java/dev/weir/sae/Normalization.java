package dev.weir.sae;

import java.util.Arrays;
import java.util.Optional;

/** What is done to a row before it is encoded, and undone after it has been decoded; named as SAELens names it. */
public enum Normalization {
    /** Nothing. */
    NONE("none"),
    /** The row is made sqrt(d_in) long. */
    CONSTANT_NORM("constant_norm_rescale"),
    /** The row is centred and divided by its standard deviation, of d_in - 1 degrees of freedom, plus 1e-5. */
    LAYER_NORM("layer_norm");

    private static final double LAYER_NORM_EPSILON = 1e-5;

    private final String label;

    Normalization(String label) {
        this.label = label;
    }

    /** As {@code cfg.json} spells it. */
    public String label() {
        return label;
    }

    static Optional<Normalization> labelled(String label) {
        return Arrays.stream(values()).filter(n -> n.label.equals(label)).findFirst();
    }

    /**
     * How one row x is moved and scaled: {@code (x - shift) in} is encoded, and {@code out y + shift} is what a decoded y becomes.
     */
    record Frame(double shift, double in, double out) {}

    /**
     * The frame of a row.
     *
     * @param centred whether the autoencoder knows only rows without their mean
     */
    Frame frame(float[] values, int from, int width, boolean centred) {
        double mean = 0;
        for (int i = 0; i < width; i++) {
            mean += values[from + i];
        }
        mean /= width;
        double shift = centred || this == LAYER_NORM ? mean : 0;
        double square = 0;
        for (int i = 0; i < width; i++) {
            double value = values[from + i] - shift;
            square += value * value;
        }
        return switch (this) {
            case NONE -> new Frame(shift, 1, 1);
            case CONSTANT_NORM -> {
                double factor = Math.sqrt(width) / Math.sqrt(square);
                yield new Frame(shift, factor, 1 / factor);
            }
            case LAYER_NORM -> {
                double deviation = Math.sqrt(square / (width - 1));
                yield new Frame(shift, 1 / (deviation + LAYER_NORM_EPSILON), deviation);
            }
        };
    }
}
