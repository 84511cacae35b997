package dev.weir.lens;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.weir.backend.WeightView;
import dev.weir.checkpoint.SyntheticWeights;
import dev.weir.engine.Options;
import dev.weir.engine.Prompt;
import dev.weir.engine.Tracing;
import dev.weir.engine.Weir;
import dev.weir.hook.Hooks;
import dev.weir.hook.Trace;
import dev.weir.hook.TraceRecorder;
import dev.weir.model.ModelConfig;
import dev.weir.model.Weights;
import dev.weir.oracle.Float64Gpt2;
import dev.weir.program.Activation;
import dev.weir.tensor.DType;
import dev.weir.tensor.Tensor;
import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Random;

/** A random model of odd sizes, what it shows of random tokens, and what a pass in float64 makes of them. */
final class Subject implements AutoCloseable {

    final ModelConfig config;
    final int[] tokens;
    final Weir weir;
    private final Map<String, double[]> oracle;
    private final Map<Tensor, WeightView> views;
    private final Map<String, Tensor> tensors = new HashMap<>();

    Subject(long seed) {
        var random = new Random(seed);
        int heads = 1 + random.nextInt(5);
        config = new ModelConfig(
                17 + random.nextInt(90),
                24,
                heads * (1 + random.nextInt(12)) + (heads == 1 ? 1 : 0),
                1 + random.nextInt(4),
                heads,
                1 + random.nextInt(70),
                Activation.values()[random.nextInt(3)],
                1e-5f,
                random.nextBoolean(),
                random.nextBoolean());
        DType dtype = List.of(DType.FLOAT32, DType.BFLOAT16, DType.FLOAT16).get(random.nextInt(3));
        tokens = random.ints(1 + random.nextInt(20), 0, config.vocabulary()).toArray();
        var source = new SyntheticWeights("random", config, DType.FLOAT32, seed);
        weir = Weir.of(source, Options.DEFAULT.withDtype(dtype).withThreads(1));
        var names = Weights.of(config, dtype);
        views = source.views(names);
        views.keySet().forEach(tensor -> tensors.put(tensor.name(), tensor));
        oracle = Float64Gpt2.run(config, names, views, tokens);
    }

    /** Every point, or those of the selectors. */
    Trace trace(String... selectors) {
        Hooks hooks = selectors.length == 0
                ? Hooks.tap(weir.hookPoints())
                : Hooks.select(String.join(",", selectors), weir.hookPoints());
        try (var recorder = new TraceRecorder()) {
            weir.forward(List.of(Prompt.of(tokens)), Tracing.of(hooks, recorder));
            return recorder.trace();
        }
    }

    /** What the oracle has at a point, all positions. */
    double[] at(String point) {
        return Objects.requireNonNull(oracle.get(point), point);
    }

    /** What the oracle has at a point, one position. */
    double[] at(String point, int position) {
        double[] all = at(point);
        int columns = all.length / tokens.length;
        return Arrays.copyOfRange(all, position * columns, (position + 1) * columns);
    }

    /** One row of a weight, rounded as the machine keeps it. */
    double[] weight(String name, int row) {
        Tensor tensor = Objects.requireNonNull(tensors.get(name));
        var cell = MemorySegment.ofArray(new float[1]);
        var values = new double[tensor.columns()];
        for (int column = 0; column < values.length; column++) {
            tensor.type()
                    .write(cell, 0, Objects.requireNonNull(views.get(tensor)).at(row, column));
            values[column] = tensor.type().read(cell, 0);
        }
        return values;
    }

    double[] bias(String name) {
        return weight(name, 0);
    }

    /** Fails where values differ by more than a float32 pass may differ from a float64 one. */
    static void assertClose(double[] expected, double[] got, String what) {
        assertEquals(expected.length, got.length, what);
        double largest = Arrays.stream(expected).map(Math::abs).max().orElse(0);
        for (int i = 0; i < got.length; i++) {
            double error = Math.abs(expected[i] - got[i]);
            assertTrue(error <= bound(largest), what + " at " + i + ": " + expected[i] + " and " + got[i]);
        }
    }

    /** The row of {@code docs/numerics.md} for most points, and for the parts of a logit. */
    static double bound(double largest) {
        return 2e-5 * largest + 1e-6;
    }

    @Override
    public void close() {
        weir.close();
    }
}
