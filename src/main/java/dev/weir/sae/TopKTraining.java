package dev.weir.sae;

import dev.weir.backend.WeightView;
import dev.weir.engine.Projection;
import dev.weir.engine.Weir;
import dev.weir.hook.HookPoint;
import dev.weir.safetensors.SafetensorsFile.Entry;
import dev.weir.safetensors.SafetensorsWriter;
import dev.weir.tensor.DType;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.function.IntConsumer;

/**
 * Learns a {@link Architecture#TOPK} autoencoder from rows of a stream: Adam on the squared error, encoder and decoder begun as each
 * other's transpose, b_dec the mean and rows of W_dec kept one long. It is meant for small models and demonstrations; nothing revives
 * features that never come. Source: Gao et al., "Scaling and evaluating sparse autoencoders", 2024, sections 2 and 3.
 */
public final class TopKTraining {

    private static final int BATCH = 512;
    private static final float RATE = 2e-3f;
    private static final float FIRST_DECAY = 0.9f;
    private static final float SECOND_DECAY = 0.999f;
    private static final float SMALLEST = 1e-8f;

    private final Weir weir;
    private final Settings settings;
    private final int inputs;
    private final int features;
    private final FeatureSelection selection;
    private final SplittableRandom random;
    private final Learned encoder;
    private final Learned bias;
    private final Learned decoder;
    private final float[] mean;

    /** Values that are learned, and what Adam remembers of them. Source: Kingma and Ba, "Adam", 2015, algorithm 1. */
    private record Learned(float[] values, float[] gradient, float[] first, float[] second) {

        static Learned of(float[] values) {
            return new Learned(values, new float[values.length], new float[values.length], new float[values.length]);
        }

        void step(int number, float rate) {
            double unbiased = Math.sqrt(1 - Math.pow(SECOND_DECAY, number)) / (1 - Math.pow(FIRST_DECAY, number));
            float scaled = (float) (rate * unbiased);
            for (int i = 0; i < values.length; i++) {
                float g = gradient[i];
                first[i] = FIRST_DECAY * first[i] + (1 - FIRST_DECAY) * g;
                second[i] = SECOND_DECAY * second[i] + (1 - SECOND_DECAY) * g * g;
                values[i] -= scaled * first[i] / ((float) Math.sqrt(second[i]) + SMALLEST);
                gradient[i] = 0;
            }
        }
    }

    /**
     * An autoencoder that has learned nothing.
     *
     * @param mean of the rows, [d_in]
     */
    private TopKTraining(Weir weir, Settings settings, float[] mean) {
        this.weir = weir;
        this.settings = settings;
        this.mean = mean;
        features = settings.features;
        inputs = mean.length;
        selection = new FeatureSelection(Architecture.TOPK, settings.k, new float[features]);
        random = new SplittableRandom(settings.seed);
        float[] directions = new float[Math.multiplyExact(features, inputs)];
        for (int i = 0; i < directions.length; i++) {
            directions[i] = (float) random.nextGaussian();
        }
        decoder = Learned.of(directions);
        normalizeDecoder();
        encoder = Learned.of(directions.clone());
        bias = Learned.of(new float[features]);
    }

    /**
     * What is learned, and from how much.
     *
     * @param point whose stream is learned
     * @param features d_sae
     * @param k features of a row
     * @param tokens that the model says for it
     * @param epochs times that each is seen, on average
     * @param seed of the texts and of the learning
     */
    public record Settings(HookPoint point, int features, int k, int tokens, int epochs, long seed) {

        public Settings {
            requirePositive("features", features);
            requirePositive("k", k);
            requirePositive("tokens", tokens);
            requirePositive("epochs", epochs);
            if (k > features) {
                throw new IllegalArgumentException("k: expected at most the " + features + " features, got " + k);
            }
        }

        private static void requirePositive(String name, int value) {
            if (value <= 0) {
                throw new IllegalArgumentException(name + ": expected above zero, got " + value);
            }
        }

        /** Batches that are learned from. */
        public int steps() {
            return Math.max(1, Math.toIntExact((long) tokens * epochs / BATCH));
        }
    }

    /**
     * Lets a model speak, learns from its stream, and saves what was learned.
     *
     * @param told hears of tokens that the model has said
     * @param learned hears of steps
     * @param folder gets {@code cfg.json} and {@code sae_weights.safetensors}
     * @return the share of the variance that is not explained, over the last tenth of the batches
     */
    public static double train(Weir weir, Settings settings, IntConsumer told, IntConsumer learned, Path folder)
            throws IOException {
        Files.createDirectories(folder);
        int begin = weir.defaults().endOfText().stream().min(Integer::compare).orElse(0);
        float[] stream = new OwnText(weir, settings.point, begin, settings.seed).stream(settings.tokens, told);
        var training = new TopKTraining(weir, settings, mean(stream, stream.length / settings.tokens));
        double unexplained = training.learn(stream, learned);
        training.save(folder);
        return unexplained;
    }

    private static float[] mean(float[] stream, int width) {
        double[] sum = new double[width];
        for (int i = 0; i < stream.length; i++) {
            sum[i % width] += stream[i];
        }
        float[] mean = new float[width];
        for (int i = 0; i < width; i++) {
            mean[i] = (float) (sum[i] * width / stream.length);
        }
        return mean;
    }

    private double learn(float[] stream, IntConsumer learned) {
        int steps = settings.steps();
        int last = Math.max(1, steps / 10);
        double unexplained = 0;
        for (int step = 1; step <= steps; step++) {
            double now = gradients(batch(stream));
            unexplained += step > steps - last ? now / last : 0;
            float rate = RATE * Math.min(1, 5f * (steps - step + 1) / steps); // falls over the last fifth
            for (Learned values : List.of(encoder, bias, decoder)) {
                values.step(step, rate);
            }
            normalizeDecoder();
            learned.accept(1);
        }
        return unexplained;
    }

    /** Rows drawn at random, without their mean. */
    private float[] batch(float[] stream) {
        float[] x = new float[BATCH * inputs];
        for (int i = 0; i < BATCH; i++) {
            int from = random.nextInt(stream.length / inputs) * inputs;
            for (int c = 0; c < inputs; c++) {
                x[i * inputs + c] = stream[from + c] - mean[c];
            }
        }
        return x;
    }

    /** Adds up gradients of the mean squared error; returns the share of the variance that is not explained. */
    private double gradients(float[] x) {
        float[] products;
        try (Projection projection = weir.projection(
                inputs, features, view(encoder.values, inputs).transposed(), view(bias.values, features))) {
            products = projection.apply(x);
        }
        double error = 0;
        double variance = 0;
        float[] difference = new float[inputs];
        for (int row = 0; row < BATCH; row++) {
            int from = row * inputs;
            List<Activation> active = selection.select(products, row * features);
            reconstruct(active, difference);
            for (int c = 0; c < inputs; c++) {
                difference[c] -= x[from + c];
                error += difference[c] * difference[c];
                variance += x[from + c] * x[from + c];
                difference[c] *= 2f / BATCH;
            }
            active.forEach(feature -> follow(feature, x, from, difference));
        }
        return error / variance;
    }

    private void reconstruct(List<Activation> active, float[] row) {
        Arrays.fill(row, 0);
        for (Activation feature : active) {
            int at = feature.feature() * inputs;
            for (int c = 0; c < inputs; c++) {
                row[c] += feature.value() * decoder.values[at + c];
            }
        }
    }

    /** The gradients of one active feature, from that of the reconstruction. */
    private void follow(Activation feature, float[] x, int from, float[] ofRow) {
        int at = feature.feature() * inputs;
        float ofActivation = 0;
        for (int c = 0; c < inputs; c++) {
            ofActivation += ofRow[c] * decoder.values[at + c];
            decoder.gradient[at + c] += ofRow[c] * feature.value();
        }
        for (int c = 0; c < inputs; c++) {
            encoder.gradient[at + c] += ofActivation * x[from + c];
        }
        bias.gradient[feature.feature()] += ofActivation;
    }

    private void normalizeDecoder() {
        for (int feature = 0; feature < features; feature++) {
            double square = 0;
            for (int c = 0; c < inputs; c++) {
                square += decoder.values[feature * inputs + c] * decoder.values[feature * inputs + c];
            }
            float inverse = (float) (1 / Math.sqrt(square));
            for (int c = 0; c < inputs; c++) {
                decoder.values[feature * inputs + c] *= inverse;
            }
        }
    }

    private static WeightView view(float[] values, int columns) {
        return WeightView.rowMajor(MemorySegment.ofArray(values), DType.FLOAT32, columns);
    }

    private void save(Path folder) throws IOException {
        float[] columns = new float[encoder.values.length]; // W_enc is [d_in, d_sae] in the file
        for (int feature = 0; feature < features; feature++) {
            for (int c = 0; c < inputs; c++) {
                columns[c * features + feature] = encoder.values[feature * inputs + c];
            }
        }
        SafetensorsWriter.write(
                folder.resolve("sae_weights.safetensors"),
                Map.of(),
                List.of(
                        entry("W_enc", columns, inputs, features),
                        entry("b_enc", bias.values, features),
                        entry("W_dec", decoder.values, features, inputs),
                        entry("b_dec", mean, inputs)));
        SaeConfigFile.write(folder.resolve("cfg.json"), weir.name(), settings.point, inputs, features, settings.k);
    }

    private static Entry entry(String name, float[] values, long... shape) {
        return new Entry(name, DType.FLOAT32, Arrays.stream(shape).boxed().toList(), MemorySegment.ofArray(values));
    }
}
