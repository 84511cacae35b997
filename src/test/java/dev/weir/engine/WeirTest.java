package dev.weir.engine;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.weir.backend.CudaOptions;
import dev.weir.checkpoint.SyntheticWeights;
import dev.weir.engine.Generation.FinishReason;
import dev.weir.hook.Edit;
import dev.weir.hook.HookPoint;
import dev.weir.hook.Hooks;
import dev.weir.hook.Rows;
import dev.weir.hook.Site;
import dev.weir.hook.Trace;
import dev.weir.hook.TraceRecorder;
import dev.weir.model.ModelConfig;
import dev.weir.program.Activation;
import dev.weir.tensor.DType;
import java.io.IOException;
import java.lang.foreign.ValueLayout;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.function.Supplier;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;

/** What a stranger can do with the default model, and what they are told when they cannot. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class WeirTest {

    private static final String ONCE = "Once upon a time";

    private Weir weir;

    @BeforeAll
    void open() throws IOException {
        weir = Weir.open(Path.of("weights", "weir-stories"));
    }

    @AfterAll
    void close() {
        weir.close();
    }

    private GenerationOptions greedy(int newTokens) {
        return weir.defaults().greedy().withMaxNewTokens(newTokens).withEndOfText();
    }

    @Test
    void aPromptIsContinued() {
        Generation generation = weir.generate(ONCE, greedy(40));
        assertEquals(40, generation.tokens().size());
        assertEquals(FinishReason.LENGTH, generation.finishReason());
        assertTrue(generation.text().matches("(?s)[ ,.].*[a-z]+.*"), generation.text());
        assertEquals(weir.encode(Prompt.of(ONCE)), generation.promptTokens());
    }

    @Test
    void aStreamIsTheSameTextPieceByPiece() {
        try (Stream<String> pieces = weir.stream(ONCE, greedy(30))) {
            List<String> read = pieces.toList();
            assertTrue(read.size() > 5, read.toString());
            assertEquals(weir.generate(ONCE, greedy(30)).text(), String.join("", read));
        }
        try (Stream<String> pieces = weir.stream(ONCE, greedy(500))) {
            assertEquals(2, pieces.limit(2).count());
        }
    }

    @Test
    void aCallbackHearsEverySequence() {
        var heard = new StringBuilder[] {new StringBuilder(), new StringBuilder()};
        Completion completion = weir.generate(
                List.of(Prompt.of(ONCE), Prompt.of("One day, a cat")), greedy(25), (s, text) -> heard[s].append(text));
        for (int s = 0; s < 2; s++) {
            assertEquals(completion.generations().get(s).text(), heard[s].toString());
        }
    }

    @Test
    void aSeedDecidesWhatIsSampled() {
        Sampling sampling = Sampling.GREEDY.withTemperature(1).withSeed(11);
        GenerationOptions options = greedy(30).withSampling(sampling);
        assertEquals(weir.generate(ONCE, options), weir.generate(ONCE, options));
        assertNotEquals(
                weir.generate(ONCE, options).text(),
                weir.generate(ONCE, options.withSampling(sampling.withSeed(12))).text());
    }

    @Test
    void biasesAndPenaltiesOfWhatWasChosenChangeTheChoice() {
        Sampling greedy = Sampling.GREEDY;
        GenerationOptions options = greedy(12).withEndOfText();
        List<Integer> forced = weir.generate(ONCE, options.withSampling(greedy.withLogitBias(Map.of(77, 1e4f))))
                .tokens();
        assertEquals(Collections.nCopies(12, 77), forced);
        var once = greedy.withLogitBias(Map.of(77, 1e4f)).withPresencePenalty(2e4f);
        List<Integer> varied = weir.generate(ONCE, options.withSampling(once)).tokens();
        assertEquals(77, varied.getFirst());
        assertEquals(12, Set.copyOf(varied).size(), () -> "every token once: " + varied);
        var thrice = greedy.withLogitBias(Map.of(77, 1e4f)).withFrequencyPenalty(4e3f);
        assertEquals(
                List.of(77, 77, 77),
                weir.generate(ONCE, options.withSampling(thrice)).tokens().subList(0, 3));
        var e = assertThrows(
                IllegalArgumentException.class,
                () -> weir.generate(ONCE, options.withSampling(greedy.withLogitBias(Map.of(4096, 1f)))));
        assertEquals("logit bias: expected token ids below the vocabulary size 4096, got 4096", e.getMessage());
    }

    @Test
    void aStopTextEndsTheTextAndIsNotPartOfIt() {
        String full = weir.generate(ONCE, greedy(60)).text();
        String stop = full.substring(20, 27);
        var pieces = new StringBuilder();
        Generation stopped = weir.generate(
                        List.of(Prompt.of(ONCE)),
                        greedy(60).withStop("never to be seen", stop),
                        (sequence, text) -> pieces.append(text))
                .generations()
                .getFirst();
        assertEquals(FinishReason.STOP, stopped.finishReason());
        assertEquals(full.substring(0, full.indexOf(stop)), stopped.text());
        assertEquals(stopped.text(), pieces.toString());
        assertTrue(stopped.tokens().size() < 60);
    }

    @Test
    void aTokenThatEndsTextEndsIt() {
        Generation free = weir.generate(ONCE, greedy(20));
        int last = free.tokens().get(12);
        Generation ended = weir.generate(ONCE, greedy(20).withEndOfText(last));
        int end = free.tokens().indexOf(last);
        assertEquals(free.tokens().subList(0, end + 1), ended.tokens());
        assertEquals(FinishReason.END_OF_TEXT, ended.finishReason());
        assertTrue(free.text().startsWith(ended.text()));
    }

    @Test
    void aTraceHasOneRowAToken() {
        Trace trace = weir.trace(ONCE, "resid_post,pattern.0@last");
        int tokens = weir.encode(Prompt.of(ONCE)).size();
        ModelConfig c = weir.config();
        assertEquals(c.layers() + 1, trace.points().size());
        assertEquals(
                List.of(1, tokens, c.width()),
                trace.get("blocks.0.hook_resid_post").shape());
        Trace.Values pattern = trace.get("blocks.0.attn.hook_pattern");
        assertEquals(List.of(1, c.heads(), 1, tokens), pattern.shape());
        for (int head = 0; head < c.heads(); head++) {
            float[] row = pattern.row(0, head, 0);
            double sum = IntStream.range(0, tokens).mapToDouble(k -> row[k]).sum();
            assertEquals(1, sum, 1e-5);
        }
    }

    @Test
    void aShorterSequenceOfABatchHasAbsentRows() {
        var recorder = new TraceRecorder();
        weir.forward(List.of(Prompt.of(1, 2, 3), Prompt.of(4)), Tracing.of(weir.select("resid_pre.0"), recorder));
        Trace.Values stream = recorder.trace().get("blocks.0.hook_resid_pre");
        assertFalse(Float.isNaN(stream.at(0, 2, 0)));
        assertFalse(Float.isNaN(stream.at(1, 0, 0)));
        assertTrue(Float.isNaN(stream.at(1, 1, 0)));
        assertArrayEquals(new int[] {4, -1, -1}, recorder.trace().tokens()[1]);
    }

    @Test
    void hooksOfEverySubsetSizeChangeNoBitOfTheLogits() {
        var points = new ArrayList<>(weir.hookPoints());
        Collections.shuffle(points, new Random(5));
        float[] plain = lastLogits(Hooks.NONE);
        for (int size = 1; size <= points.size(); size++) {
            assertArrayEquals(plain, lastLogits(Hooks.tap(points.subList(0, size))), size + " hooks");
        }
    }

    private float[] lastLogits(Hooks hooks) {
        try (Session session = weir.session(1, 8)) {
            return session.step(promptRows(), hooks).logits(0).toArray(ValueLayout.JAVA_FLOAT);
        }
    }

    private Rows promptRows() {
        int[] tokens = weir.encode(Prompt.of(ONCE)).stream()
                .mapToInt(Integer::intValue)
                .toArray();
        int[] positions = IntStream.range(0, tokens.length).toArray();
        return new Rows(new int[tokens.length], positions, tokens, new int[] {tokens.length - 1});
    }

    @Test
    void aHostEditChangesTheStreamAndOneThatFailsLeavesTheStepToRetry() {
        HookPoint point = HookPoint.of(1, Site.RESID_MID);
        Rows rows = promptRows();
        try (Session session = weir.session(1, rows.count())) {
            Hooks failing = Hooks.edit(point, new Edit.OnHost((p, r, values, columns) -> {
                throw new IllegalStateException("as the caller wished");
            }));
            var e = assertThrows(IllegalStateException.class, () -> session.step(rows, failing));
            assertEquals("as the caller wished", e.getMessage());
            assertEquals(0, session.length(0));
            Hooks zeroing = Hooks.edit(point, new Edit.OnHost((p, r, values, columns) -> Arrays.fill(values, 0)));
            float[] edited = session.step(rows, zeroing).logits(0).toArray(ValueLayout.JAVA_FLOAT);
            assertEquals(rows.count(), session.length(0));
            session.reset(0);
            float[] plain = session.step(rows, Hooks.NONE).logits(0).toArray(ValueLayout.JAVA_FLOAT);
            assertFalse(Arrays.equals(plain, edited));
            session.reset(0);
            assertArrayEquals(edited, session.step(rows, zeroing).logits(0).toArray(ValueLayout.JAVA_FLOAT));
        }
    }

    @Test
    void manyCallersTakeTurns() throws Exception {
        String expected = weir.generate(ONCE, greedy(15)).text();
        try (var callers = Executors.newFixedThreadPool(4)) {
            var results = new ArrayList<Future<String>>();
            for (int i = 0; i < 8; i++) {
                results.add(callers.submit(() -> weir.generate(ONCE, greedy(15)).text()));
            }
            for (var result : results) {
                assertEquals(expected, result.get());
            }
        }
    }

    @Test
    void whatCannotBeDoneIsRefusedInOneLine() {
        int context = weir.config().context();
        int[] full = new int[context];
        var tooMany = Tracing.of(weir.select("*"), new TraceRecorder());
        assertRefused("max new tokens: expected above zero, got 0", () -> greedy(0));
        assertRefused("max new tokens: expected above zero, got -3", () -> greedy(-3));
        assertRefused("at least one token", () -> weir.generate("", greedy(1)));
        assertRefused("at least one, got none", () -> weir.generate(List.of(), greedy(1), TextListener.NONE));
        assertRefused(
                "at most " + context, () -> weir.generate(List.of(Prompt.of(full)), greedy(2), TextListener.NONE));
        assertRefused("at most the " + context, () -> weir.forward(List.of(Prompt.of(new int[context + 1])), tooMany));
        assertRefused("token id 4096", () -> weir.generate(List.of(Prompt.of(4096)), greedy(1), TextListener.NONE));
        assertRefused("token id -1", () -> weir.generate(List.of(Prompt.of(-1)), greedy(1), TextListener.NONE));
        assertRefused("resid_poste", () -> weir.select("resid_poste"));
        assertRefused("device 'gpu'", () -> openOn("gpu"));
        assertRefused("device 'cuda'", () -> openOn("cuda"));
        assertRefused("device 'cuda:3'", () -> openOn("cuda:3"));
        assertRefused(
                "exact and tf32",
                () -> Options.DEFAULT.withCuda(
                        CudaOptions.DEFAULT.withExact(true).withTf32(true)));
        assertRefused("threads", () -> Options.DEFAULT.withThreads(-1));
        assertRefused("stop", () -> greedy(1).withStop(""));
        assertEquals(
                1,
                weir.generate(List.of(Prompt.of(full)), greedy(1), TextListener.NONE)
                        .generations()
                        .getFirst()
                        .tokens()
                        .size());
    }

    private static Weir openOn(String device) {
        var tiny = new ModelConfig(9, 8, 4, 1, 1, 4, Activation.RELU, 1e-5f, true, false);
        return Weir.of(new SyntheticWeights("tiny", tiny, DType.FLOAT32, 1), Options.DEFAULT.withDevice(device));
    }

    @Test
    void withoutATokenizerThereAreTokensOnly() {
        try (Weir tiny = openOn("cpu")) {
            Completion completion =
                    tiny.generate(List.of(Prompt.of(1, 2)), tiny.defaults().withMaxNewTokens(3), TextListener.NONE);
            assertEquals(3, completion.generations().getFirst().tokens().size());
            assertEquals("", completion.generations().getFirst().text());
            assertRefused("no tokenizer", () -> tiny.generate("text"));
            GenerationOptions stop = tiny.defaults().withStop("x");
            assertRefused("no tokenizer", () -> tiny.generate(List.of(Prompt.of(1)), stop, TextListener.NONE));
        }
    }

    @Test
    void aTraceOverItsBudgetIsRefusedBeforeAnythingRuns() {
        var tracing = new Tracing(weir.select("*"), new TraceRecorder(), DType.BFLOAT16, 1000);
        List<Prompt> prompts = List.of(Prompt.of(ONCE));
        var e = assertThrows(
                IllegalArgumentException.class, () -> weir.generate(prompts, greedy(5), tracing, TextListener.NONE));
        assertEquals(1 + tracing.hooks().taps().size(), e.getMessage().lines().count());
        long bytes = weir.layoutOfGenerate(prompts, greedy(5), tracing).bytes();
        assertTrue(e.getMessage().contains("%,d".formatted(bytes)), e.getMessage());
    }

    private static void assertRefused(String part, Supplier<?> action) {
        var e = assertThrows(IllegalArgumentException.class, action::get);
        assertTrue(e.getMessage().contains(part), e.getMessage());
        assertFalse(e.getMessage().contains("\n"), e.getMessage());
    }
}
