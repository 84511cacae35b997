package dev.weir.engine;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.weir.backend.CudaOptions;
import dev.weir.backend.cuda.GpuMemoryException;
import dev.weir.backend.cuda.SoftwareGpu;
import dev.weir.checkpoint.SyntheticWeights;
import dev.weir.hook.HookPoint;
import dev.weir.hook.Hooks;
import dev.weir.hook.Rows;
import dev.weir.hook.Trace;
import dev.weir.hook.TraceRecorder;
import dev.weir.model.ModelConfig;
import dev.weir.program.Activation;
import dev.weir.tensor.DType;
import java.io.IOException;
import java.lang.foreign.ValueLayout;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalInt;
import java.util.Random;
import java.util.Set;
import java.util.logging.Handler;
import java.util.logging.LogRecord;
import java.util.logging.Logger;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;

/** The engine on a GPU: what it generates and shows there is what it generates and shows on the CPU. */
@Tag("cuda")
class CudaMachineTest {

    private static final Options CPU = Options.DEFAULT.withDevice("cpu");
    private static final Options FAST = Options.DEFAULT.withDevice("cuda");
    private static final Options EXACT = FAST.withCuda(CudaOptions.DEFAULT.withExact(true));

    private static final ModelConfig SHAPE =
            new ModelConfig(131, 48, 36, 2, 3, 70, Activation.GELU_NEW, 1e-5f, true, false);

    /** What came of a generation, and what every hook point held meanwhile. */
    private record Seen(Completion completion, Trace trace) {}

    private static Seen generate(Options options, Sampling sampling, List<Prompt> prompts) {
        var recorder = new TraceRecorder();
        var generation = new GenerationOptions(OptionalInt.of(9), sampling, List.of(), Set.of());
        try (Weir weir = Weir.of(new SyntheticWeights("random", SHAPE, DType.FLOAT32, 3), options)) {
            Tracing everything = Tracing.of(Hooks.tap(weir.hookPoints()), recorder);
            return new Seen(weir.generate(prompts, generation, everything, TextListener.NONE), recorder.trace());
        }
    }

    private static List<List<Integer>> tokens(Seen seen) {
        return seen.completion.generations().stream().map(Generation::tokens).toList();
    }

    static Stream<Path> smallModels() throws IOException {
        return GoldenTest.models().filter(folder -> !folder.startsWith("weights"));
    }

    /** Fast products of narrow weights round what they multiply with them to the same type, so these are widened, which is exact. */
    @ParameterizedTest
    @MethodSource("smallModels")
    void everyHookPointAgreesWithTransformers(Path folder) throws IOException {
        GoldenTest.requireGolden(folder, EXACT);
        GoldenTest.requireGolden(folder, FAST.withDtype(DType.FLOAT32));
    }

    /** Ways of choosing tokens that take every branch of a sampler. */
    enum Choice {
        GREEDY(Sampling.GREEDY),
        PENALISED(Sampling.GREEDY.withRepetitionPenalty(1.4f)),
        PLAIN(new Sampling(false, 1, 1, 0, 1, 0, 21)),
        FILTERED(new Sampling(false, 1.2f, 0.8f, 30, 0.9f, 0.01f, 22));

        private final Sampling sampling;

        Choice(Sampling sampling) {
            this.sampling = sampling;
        }
    }

    @ParameterizedTest
    @EnumSource(Choice.class)
    void exactlyTheTokensAndTheStreamOfTheCpu(Choice choice) {
        List<Prompt> prompts = List.of(Prompt.of(1, 2, 3, 4, 5), Prompt.of(7), Prompt.of(100, 50, 25));
        Seen cpu = generate(CPU, choice.sampling, prompts);
        Seen gpu = generate(EXACT, choice.sampling, prompts);
        assertEquals(tokens(cpu), tokens(gpu));
        assertEquals(cpu.trace.lengths(), gpu.trace.lengths());
        for (HookPoint point : cpu.trace.points()) {
            assertArrayEquals(cpu.trace.get(point).data(), gpu.trace.get(point).data(), point.name());
        }
    }

    @Test
    void lookingChangesNoToken() {
        List<Prompt> prompts = List.of(Prompt.of(9, 8, 7), Prompt.of(6));
        var generation = new GenerationOptions(OptionalInt.of(9), Choice.FILTERED.sampling, List.of(), Set.of());
        try (Weir weir = Weir.of(new SyntheticWeights("random", SHAPE, DType.FLOAT32, 3), EXACT)) {
            Completion unseen = weir.generate(prompts, generation, TextListener.NONE);
            List<List<Integer>> tokens =
                    unseen.generations().stream().map(Generation::tokens).toList();
            assertEquals(tokens, tokens(generate(EXACT, Choice.FILTERED.sampling, prompts)));
        }
    }

    /** Logits that somebody looks at are made of every row, more than the few that are otherwise wanted. */
    @ParameterizedTest
    @EnumSource(
            value = DType.class,
            names = {"FLOAT32", "BFLOAT16", "FLOAT16"})
    void lookingChangesNoBitOfALongPrompt(DType dtype) {
        int[] tokens = new Random(5).ints(21, 0, SHAPE.vocabulary()).toArray();
        try (Weir weir = Weir.of(new SyntheticWeights("random", SHAPE, dtype, 3), FAST)) {
            float[] unseen = lastLogits(weir, tokens, Hooks.NONE);
            for (String selectors : List.of("unembed.hook_out", "ln_final.hook_scale", "resid_post,attn_scores", "*")) {
                assertArrayEquals(unseen, lastLogits(weir, tokens, weir.select(selectors)), selectors);
            }
        }
    }

    private static float[] lastLogits(Weir weir, int[] tokens, Hooks hooks) {
        try (Session session = weir.session(1, tokens.length)) {
            int last = tokens.length - 1;
            int[] positions = IntStream.rangeClosed(0, last).toArray();
            Session.StepResult result =
                    session.step(new Rows(new int[tokens.length], positions, tokens, new int[] {last}), hooks);
            return result.logits(0).toArray(ValueLayout.JAVA_FLOAT);
        }
    }

    @Test
    void graphsChangeNoBit() {
        requireSameBits(CudaOptions.DEFAULT.withGraphs(false).withSync(true), Choice.PLAIN);
    }

    /** Its sampling included. */
    @Test
    void oneKernelAStepChangesNoBit() {
        requireSameBits(CudaOptions.DEFAULT.withPersistent(true), Choice.FILTERED);
    }

    private static void requireSameBits(CudaOptions others, Choice choice) {
        List<Prompt> prompts = List.of(Prompt.of(1, 2, 3), Prompt.of(4, 5));
        Seen expected = generate(FAST, choice.sampling, prompts);
        Seen seen = generate(FAST.withCuda(others), choice.sampling, prompts);
        assertEquals(tokens(expected), tokens(seen));
        for (HookPoint point : expected.trace.points()) {
            assertArrayEquals(
                    expected.trace.get(point).data(), seen.trace.get(point).data(), point.name());
        }
    }

    @Test
    void theDefaultModelTellsTheSameStoryOnBothMachines() throws IOException {
        Path folder = Path.of("weights", "weir-stories");
        var texts = new ArrayList<String>();
        for (Options options : List.of(CPU, FAST, EXACT)) {
            try (Weir weir = Weir.open(folder, options)) {
                GenerationOptions greedy = weir.defaults().greedy().withMaxNewTokens(8);
                texts.add(weir.generate("Once upon a time", greedy).text());
            }
        }
        assertTrue(texts.getFirst().length() >= 8, texts.getFirst());
        assertEquals(texts.get(0), texts.get(1), "fast");
        assertEquals(texts.get(0), texts.get(2), "exact");
    }

    @Test
    void autoTakesTheGpuAndSaysSo() {
        var lines = new ArrayList<String>();
        var listener = new Handler() {
            @Override
            public void publish(LogRecord record) {
                lines.add(record.getMessage());
            }

            @Override
            public void flush() {}

            @Override
            public void close() {}
        };
        Logger log = Logger.getLogger(Machines.class.getName());
        log.addHandler(listener);
        try (Weir weir = Weir.of(new SyntheticWeights("random", SHAPE, DType.FLOAT32, 3), Options.DEFAULT)) {
            assertEquals(OptionalInt.of(0), weir.gpu());
        } finally {
            log.removeHandler(listener);
        }
        assertEquals(List.of("device auto is cuda:0, for there is a GPU"), lines);
    }

    @Test
    @Tag("software-gpu")
    void aModelThatDoesNotFitLeavesTheGpu() {
        SoftwareGpu.deviceBytes(16 << 10);
        try {
            var source = new SyntheticWeights("random", SHAPE, DType.FLOAT32, 3);
            assertThrows(GpuMemoryException.class, () -> Weir.of(source, EXACT));
            assertEquals(0, SoftwareGpu.handles());
        } finally {
            SoftwareGpu.reset();
        }
    }

    @Test
    void aGpuThatIsNotThereIsRefused() {
        var source = new SyntheticWeights("random", SHAPE, DType.FLOAT32, 3);
        var e = assertThrows(
                IllegalArgumentException.class, () -> Weir.of(source, Options.DEFAULT.withDevice("cuda:777")));
        assertTrue(e.getMessage().startsWith("device 'cuda:777': GPU 777: expected 0"), e.getMessage());
        assertEquals(1, e.getMessage().lines().count());
    }

    @Test
    void severalEnginesShareAGpu() {
        try (Weir one = Weir.of(new SyntheticWeights("random", SHAPE, DType.FLOAT32, 3), EXACT);
                Weir two = Weir.of(new SyntheticWeights("random", SHAPE, DType.FLOAT32, 4), EXACT)) {
            var generation = new GenerationOptions(OptionalInt.of(3), Sampling.GREEDY, List.of(), Set.of());
            List<Prompt> prompts = List.of(Prompt.of(1, 2, 3));
            var before = one.generate(prompts, generation, TextListener.NONE).generations();
            two.generate(prompts, generation, TextListener.NONE);
            assertEquals(
                    before, one.generate(prompts, generation, TextListener.NONE).generations());
        }
    }
}
