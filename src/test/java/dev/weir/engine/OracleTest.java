package dev.weir.engine;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.weir.checkpoint.SyntheticWeights;
import dev.weir.hook.HookPoint;
import dev.weir.hook.Hooks;
import dev.weir.hook.Trace;
import dev.weir.hook.TraceRecorder;
import dev.weir.model.ModelConfig;
import dev.weir.model.Weights;
import dev.weir.oracle.Bounds;
import dev.weir.oracle.Float64Gpt2;
import dev.weir.program.Activation;
import dev.weir.tensor.DType;
import java.util.List;
import java.util.Map;
import java.util.Random;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;

/** Every hook point of random models agrees with the float64 oracle, within the bounds of {@code docs/numerics.md}. */
class OracleTest {

    @Property(tries = 40)
    void everyHookPointAgreesWithFloat64(@ForAll long seed) {
        var random = new Random(seed);
        int heads = 1 + random.nextInt(5);
        var config = new ModelConfig(
                17 + random.nextInt(90),
                24,
                heads * (1 + random.nextInt(20)),
                1 + random.nextInt(4),
                heads,
                1 + random.nextInt(99),
                Activation.values()[random.nextInt(3)],
                1e-5f,
                random.nextBoolean(),
                random.nextBoolean());
        DType dtype = List.of(DType.FLOAT32, DType.BFLOAT16, DType.FLOAT16, DType.INT8)
                .get(random.nextInt(4));
        int[] tokens =
                random.ints(1 + random.nextInt(24), 0, config.vocabulary()).toArray();
        var source = new SyntheticWeights("random", config, DType.FLOAT32, seed);
        try (Weir weir = Weir.of(source, Options.DEFAULT.withDtype(dtype).withThreads(1))) {
            var names = Weights.of(config, dtype);
            Map<String, double[]> expected = Float64Gpt2.run(config, names, source.views(names), tokens);
            var recorder = new TraceRecorder();
            weir.forward(List.of(Prompt.of(tokens)), Tracing.of(Hooks.tap(weir.hookPoints()), recorder));
            Trace got = recorder.trace();
            assertEquals(expected.size(), got.points().size());
            for (HookPoint point : got.points()) {
                Bounds.requireClose(
                        point, expected.get(point.name()), got.get(point).data());
            }
        }
    }
}
