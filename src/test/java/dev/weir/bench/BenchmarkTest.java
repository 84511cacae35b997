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
import java.util.OptionalDouble;
import java.util.function.Supplier;
import org.junit.jupiter.api.Test;

class BenchmarkTest {

    private static Weir tiny() {
        var config = new ModelConfig(50, 40, 12, 2, 3, 20, Activation.GELU_NEW, 1e-5f, true, false);
        return Weir.of(new SyntheticWeights("tiny", config, DType.FLOAT32, 1), Options.DEFAULT.withThreads(1));
    }

    private static final Supplier<Limits> LIMITS = () -> new Limits(10, OptionalDouble.of(20));

    private static Axes axes(List<Integer> prompts, List<Integer> generations, List<Integer> depths) {
        return new Axes(prompts, generations, depths, List.of(1, 3), List.of(Watching.OFF, Watching.ALL));
    }

    @Test
    void everyCombinationIsACase() {
        List<Case> cases = axes(List.of(7, 9), List.of(5), List.of(0, 20)).cases();
        assertEquals(2 * 2 * (2 + 2), cases.size());
        assertEquals(
                List.of("prefill 7", "prefill 7", "prefill 9", "prefill 9", "decode 5", "decode 5", "decode 5 at 20"),
                cases.stream().limit(7).map(c -> c.workload().name()).toList());
        assertEquals("decode 5 at 20 of 3", cases.getLast().workload().name());
        assertEquals(Watching.OFF, cases.getFirst().watching());
        assertEquals(Watching.ALL, cases.getLast().watching());
        assertEquals(4, axes(List.of(0, 7, 7), List.of(0), List.of(0)).cases().size());
        assertThrows(IllegalArgumentException.class, () -> axes(List.of(0), List.of(), List.of(1))
                .cases());
    }

    @Test
    void everyCaseIsTimedAsOftenAsThereAreRounds() {
        List<Case> cases = axes(List.of(7), List.of(5), List.of(20)).cases();
        try (Weir weir = tiny();
                var benchmark = new Benchmark(weir, LIMITS, cases)) {
            benchmark.warmUp();
            assertEquals(List.of(), benchmark.results());
            benchmark.round();
            benchmark.round();
            List<Result> results = benchmark.results();
            assertEquals(cases, results.stream().map(Result::what).toList());
            for (Result result : results) {
                assertEquals(2, result.rates().size());
                assertTrue(result.sample().min() > 0);
                assertEquals(
                        result.cost() * result.sample().median() / (result.isPrefill() ? 20e9 : 10e9),
                        result.share().orElseThrow(),
                        1e-12);
            }
        }
    }

    @Test
    void aRatioIsTakenRoundByRound() {
        ModelConfig config = SyntheticWeights.shape("gpt2");
        var off = new Case(Workload.decode(4, 0, 1), Watching.OFF);
        Limits limits = LIMITS.get();
        var slowing = new Result(config, DType.FLOAT32, off, List.of(8.0, 4.0, 2.0), limits);
        var half = new Result(config, DType.FLOAT32, off, List.of(4.0, 2.0, 2.0), limits);
        assertEquals(0.5, half.ratio(slowing));
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
        assertThrows(IllegalArgumentException.class, () -> Workload.prefill(0, 1));
        assertThrows(IllegalArgumentException.class, () -> Workload.decode(-1, 0, 1));
        assertThrows(IllegalArgumentException.class, () -> Workload.decode(1, -1, 1));
        assertThrows(IllegalArgumentException.class, () -> Workload.decode(1, 0, 0));
        assertThrows(IllegalArgumentException.class, () -> new Workload(Phase.PREFILL, 1, 1, 1));
        try (Weir weir = tiny()) {
            for (Workload tooLong : List.of(Workload.prefill(41, 1), Workload.decode(1, 40, 1))) {
                List<Case> cases = List.of(new Case(tooLong, Watching.OFF));
                assertThrows(IllegalArgumentException.class, () -> new Benchmark(weir, LIMITS, cases));
            }
        }
    }
}
