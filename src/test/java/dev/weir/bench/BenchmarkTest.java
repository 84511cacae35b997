package dev.weir.bench;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.weir.checkpoint.SyntheticWeights;
import dev.weir.engine.Options;
import dev.weir.engine.Weir;
import dev.weir.model.ModelConfig;
import dev.weir.program.Activation;
import dev.weir.tensor.DType;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;

class BenchmarkTest {

    private static Weir tiny() {
        var config = new ModelConfig(50, 40, 12, 2, 3, 20, Activation.GELU_NEW, 1e-5f, true, false);
        return Weir.of(new SyntheticWeights("tiny", config, DType.FLOAT32, 1), Options.DEFAULT.withThreads(1));
    }

    @Test
    void everyWayOfWatchingIsTimedAsOftenAsAsked() {
        try (Weir weir = tiny()) {
            var rounds = new AtomicInteger();
            var results = new Benchmark(weir, new Workload(7, 5, 20))
                    .run(List.of(Watching.values()), 3, rounds::incrementAndGet);
            assertEquals(4, rounds.get());
            assertEquals(3, results.size());
            results.values().forEach(r -> {
                assertEquals(3, r.prefill().orElseThrow().values().length);
                assertTrue(r.decode().orElseThrow().min() > 0);
            });
            var batch = new Benchmark(weir, new Workload(7, 5, 20, 3)).run(List.of(Watching.ALL), 1, () -> {});
            assertTrue(batch.get(Watching.ALL).prefill().isPresent());
            var decodeOnly = new Benchmark(weir, new Workload(0, 2, 0)).run(List.of(Watching.OFF), 1, () -> {});
            assertTrue(decodeOnly.get(Watching.OFF).prefill().isEmpty());
        }
    }

    @Test
    void theCostOfGpt2IsThatOfItsWeights() {
        ModelConfig gpt2 = SyntheticWeights.shape("gpt2");
        double weights = 12 * 12 * 768.0 * 768 + 768.0 * 50257;
        Cost decode = Cost.ofDecode(gpt2, DType.FLOAT32, 0, 1);
        assertEquals(4 * weights + 4 * 2 * 12 * 768, decode.bytes());
        assertEquals(2 * weights + 4 * 12 * 768, decode.operations());
        Cost batch = Cost.ofDecode(gpt2, DType.FLOAT32, 0, 3);
        assertEquals(4 * weights + 3 * 4 * 2 * 12 * 768, batch.bytes());
        assertEquals(3 * decode.operations(), batch.operations());
        assertEquals(2 * weights, Cost.ofPrefill(gpt2, DType.BFLOAT16, 512).bytes());
        double attention = 4.0 * 12 * 768 * 512 * 513 / 2;
        assertEquals(
                2 * 12 * 12 * 768.0 * 768 * 512 + 2 * 768.0 * 50257 + attention,
                Cost.ofPrefill(gpt2, DType.FLOAT32, 512).operations());
    }

    @Test
    void aSampleIsQuotedByItsMedian() {
        assertEquals(2, new Sample(new double[] {9, 1, 2}).median());
        assertEquals(3, new Sample(new double[] {9, 1, 2, 4}).median());
        assertArrayEquals(new double[] {1, 2, 9}, new Sample(new double[] {9, 1, 2}).values());
    }

    @Test
    void aWorkloadThatIsNoneIsRefused() {
        try (Weir weir = tiny()) {
            assertThrows(IllegalArgumentException.class, () -> new Workload(0, 0, 5));
            assertThrows(IllegalArgumentException.class, () -> new Workload(-1, 1, 5));
            assertThrows(IllegalArgumentException.class, () -> new Workload(1, 1, 0, 0));
            assertThrows(IllegalArgumentException.class, () -> new Benchmark(weir, new Workload(41, 0, 0)));
            assertThrows(IllegalArgumentException.class, () -> new Benchmark(weir, new Workload(0, 1, 40)));
            var benchmark = new Benchmark(weir, new Workload(1, 0, 0));
            assertThrows(IllegalArgumentException.class, () -> benchmark.run(List.of(Watching.OFF), 0, () -> {}));
        }
    }
}
