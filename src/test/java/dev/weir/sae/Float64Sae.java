package dev.weir.sae;

import java.util.Arrays;
import java.util.Comparator;
import java.util.Objects;
import java.util.stream.IntStream;

/**
 * A sparse autoencoder in float64, written from what SAELens' documentation says of it: plain loops over one row, features dense. It
 * shares nothing with the product.
 */
final class Float64Sae {

    private final SaeFolder folder;
    private final String architecture;
    private final String normalization;
    private final boolean subtracts;
    private final boolean rescales;
    private final int k;

    Float64Sae(
            SaeFolder folder, String architecture, String normalization, boolean subtracts, boolean rescales, int k) {
        this.folder = folder;
        this.architecture = architecture;
        this.normalization = normalization;
        this.subtracts = subtracts;
        this.rescales = rescales;
        this.k = k;
    }

    private double at(String tensor, int index) {
        return Objects.requireNonNull(folder.tensors.get(tensor), tensor)[index];
    }

    private double mean(double[] x) {
        return Arrays.stream(x).average().orElseThrow();
    }

    /** torch.std, which divides by n - 1. */
    private double deviation(double[] x) {
        double mean = mean(x);
        return Math.sqrt(Arrays.stream(x).map(v -> (v - mean) * (v - mean)).sum() / (x.length - 1));
    }

    private double norm(double[] x) {
        return Math.sqrt(Arrays.stream(x).map(v -> v * v).sum());
    }

    private double decoderNorm(int feature) {
        return norm(IntStream.range(0, folder.inputs)
                .mapToDouble(i -> at("W_dec", feature * folder.inputs + i))
                .toArray());
    }

    double[] encode(double[] x) {
        double[] in =
                switch (normalization) {
                    case "none" -> x.clone();
                    case "constant_norm_rescale" -> {
                        double length = norm(x);
                        yield Arrays.stream(x)
                                .map(v -> v * Math.sqrt(x.length) / length)
                                .toArray();
                    }
                    case "layer_norm" -> {
                        double mean = mean(x);
                        double deviation = deviation(x);
                        yield Arrays.stream(x)
                                .map(v -> (v - mean) / (deviation + 1e-5))
                                .toArray();
                    }
                    default -> throw new IllegalArgumentException(normalization);
                };
        double[] before = new double[folder.features];
        for (int f = 0; f < before.length; f++) {
            before[f] = at("b_enc", f);
            for (int i = 0; i < in.length; i++) {
                double input = in[i] - (subtracts ? at("b_dec", i) : 0);
                before[f] += input * at("W_enc", i * folder.features + f);
            }
            before[f] *= rescales ? decoderNorm(f) : 1;
        }
        double[] after = new double[before.length];
        switch (architecture) {
            case "standard" -> Arrays.setAll(after, f -> Math.max(0, before[f]));
            case "jumprelu" -> Arrays.setAll(after, f -> before[f] > at("threshold", f) ? Math.max(0, before[f]) : 0);
            case "topk" ->
                IntStream.range(0, before.length)
                        .boxed()
                        .sorted(Comparator.comparing((Integer f) -> -before[f]))
                        .limit(k)
                        .forEach(f -> after[f] = Math.max(0, before[f]));
            default -> throw new IllegalArgumentException(architecture);
        }
        return after;
    }

    /** @param x the row that was encoded: a normalization is undone with its own numbers */
    double[] decode(double[] features, double[] x) {
        double[] y = new double[folder.inputs];
        for (int i = 0; i < y.length; i++) {
            y[i] = at("b_dec", i);
            for (int f = 0; f < features.length; f++) {
                double amount = rescales ? features[f] / decoderNorm(f) : features[f];
                y[i] += amount * at("W_dec", f * folder.inputs + i);
            }
        }
        return switch (normalization) {
            case "none" -> y;
            case "constant_norm_rescale" ->
                Arrays.stream(y).map(v -> v * norm(x) / Math.sqrt(x.length)).toArray();
            case "layer_norm" ->
                Arrays.stream(y).map(v -> v * deviation(x) + mean(x)).toArray();
            default -> throw new IllegalArgumentException(normalization);
        };
    }
}
