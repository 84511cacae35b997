package dev.weir.engine;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.weir.checkpoint.SyntheticWeights;
import dev.weir.hook.HookPoint;
import dev.weir.hook.Hooks;
import dev.weir.hook.Rows;
import dev.weir.hook.Site;
import dev.weir.hook.Trace;
import dev.weir.hook.TraceLayout;
import dev.weir.hook.TraceRecorder;
import dev.weir.model.ModelConfig;
import dev.weir.program.Activation;
import dev.weir.tensor.DType;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import java.util.TreeMap;
import java.util.stream.IntStream;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import org.junit.jupiter.api.Test;

/**
 * The promise of the product on the CPU: cached decode, chunked prefill, full forward, any batch and any number of threads give the
 * same bits at every hook point, and looking changes nothing.
 */
class OneForwardPassTest {

    private static ModelConfig randomConfig(Random random) {
        int heads = 1 + random.nextInt(4);
        int width = heads * (1 + random.nextInt(23));
        Activation activation = Activation.values()[random.nextInt(Activation.values().length)];
        return new ModelConfig(
                30 + random.nextInt(70),
                40,
                width,
                1 + random.nextInt(3),
                heads,
                1 + random.nextInt(90),
                activation,
                1e-5f,
                random.nextBoolean(),
                random.nextBoolean());
    }

    private static Weir open(ModelConfig config, long seed, DType dtype, int threads) {
        DType stored = dtype.isModelFloat() ? dtype : DType.FLOAT32;
        var source = new SyntheticWeights("random", config, stored, seed);
        return Weir.of(source, Options.DEFAULT.withDtype(dtype).withThreads(threads));
    }

    private static int[] randomTokens(Random random, int count, int vocabulary) {
        return random.ints(count, 0, vocabulary).toArray();
    }

    private static Hooks everything(Weir weir) {
        return Hooks.tap(weir.hookPoints());
    }

    private static Trace fullForward(Weir weir, List<Prompt> prompts, Hooks hooks) {
        var recorder = new TraceRecorder();
        weir.forward(prompts, Tracing.of(hooks, recorder));
        return recorder.trace();
    }

    /** Runs a prompt through a session in chunks of these sizes, other slots' rows mixed in between. */
    private static Trace inChunks(Weir weir, int[] tokens, int chunk, int[] others) {
        var layout =
                new TraceLayout(everything(weir).taps(), weir.config().dimensions(), 1, tokens.length, DType.FLOAT32);
        var recorder = new TraceRecorder();
        recorder.begin(layout);
        try (Session session = weir.session(2, tokens.length)) {
            for (int from = 0; from < tokens.length; from += chunk) {
                int count = Math.min(chunk, tokens.length - from);
                int other = others.length == 0 ? 0 : Math.min(count, others.length - session.length(1));
                step(session, weir, recorder, tokens, from, count, others, session.length(1), other);
            }
        }
        recorder.end(new int[] {tokens.length});
        return recorder.trace();
    }

    private static void step(
            Session session,
            Weir weir,
            TraceRecorder recorder,
            int[] tokens,
            int from,
            int count,
            int[] others,
            int otherFrom,
            int other) {
        // The other slot's rows come first, so that the prompt's rows do not stand at the beginning of the step.
        int[] slots =
                IntStream.range(0, other + count).map(r -> r < other ? 1 : 0).toArray();
        int[] positions = IntStream.range(0, other + count)
                .map(r -> r < other ? otherFrom + r : from + r - other)
                .toArray();
        int[] ids = IntStream.range(0, other + count)
                .map(r -> r < other ? others[otherFrom + r] : tokens[from + r - other])
                .toArray();
        var result = session.step(new Rows(slots, positions, ids, new int[] {slots.length - 1}), everything(weir));
        var own = new Rows(
                Arrays.copyOfRange(slots, other, slots.length),
                Arrays.copyOfRange(positions, other, slots.length),
                Arrays.copyOfRange(ids, other, slots.length),
                new int[] {0});
        recorder.tokens(own);
        for (HookPoint point : weir.hookPoints()) {
            long skipped = (long) other * result.columns(point) * Float.BYTES;
            recorder.rows(point, own, result.tapped(point).asSlice(skipped), result.columns(point));
        }
    }

    private static void assertSameBits(Trace expected, Trace got, String what) {
        assertEquals(expected.points(), got.points());
        for (HookPoint point : expected.points()) {
            assertEquals(expected.get(point).shape(), got.get(point).shape());
            assertArrayEquals(bits(expected.get(point)), bits(got.get(point)), what + ": " + point);
        }
    }

    private static int[] bits(Trace.Values values) {
        return IntStream.range(0, values.data().length)
                .map(i -> Float.floatToRawIntBits(values.data()[i]))
                .toArray();
    }

    @Property(tries = 40)
    void decodeIsPrefillIsFullForwardIsAnyBatchOnAnyThreads(@ForAll long seed) {
        var random = new Random(seed);
        ModelConfig config = randomConfig(random);
        DType dtype = List.of(DType.FLOAT32, DType.BFLOAT16, DType.FLOAT16, DType.INT8)
                .get(random.nextInt(4));
        int[] tokens = randomTokens(random, 1 + random.nextInt(config.context()), config.vocabulary());
        int[] others = randomTokens(random, tokens.length, config.vocabulary());
        try (Weir weir = open(config, seed, dtype, 1);
                Weir threaded = open(config, seed, dtype, 2 + random.nextInt(3))) {
            Trace full = fullForward(weir, List.of(Prompt.of(tokens)), everything(weir));
            assertSameBits(full, inChunks(weir, tokens, 1, new int[0]), "cached decode");
            assertSameBits(full, inChunks(weir, tokens, 1 + random.nextInt(7), new int[0]), "chunked prefill");
            assertSameBits(full, inChunks(weir, tokens, 1 + random.nextInt(7), others), "mixed with another slot");
            assertSameBits(full, fullForward(threaded, List.of(Prompt.of(tokens)), everything(threaded)), "threads");
        }
    }

    @Property(tries = 25)
    void aBatchGivesEachPromptWhatItGetsAlone(@ForAll long seed) {
        var random = new Random(seed);
        ModelConfig config = randomConfig(random);
        try (Weir weir = open(config, seed, DType.FLOAT32, 2)) {
            List<Prompt> prompts = IntStream.range(0, 2 + random.nextInt(5))
                    .mapToObj(i -> Prompt.of(randomTokens(random, 1 + random.nextInt(20), config.vocabulary())))
                    .toList();
            var sampling = new Sampling(random.nextBoolean(), 1.1f, 0.9f, 20, 0.95f, 0, seed);
            GenerationOptions options = weir.defaults().withSampling(sampling).withMaxNewTokens(1 + random.nextInt(20));
            Completion together = weir.generate(prompts, options, TextListener.NONE);
            for (int i = 0; i < prompts.size(); i++) {
                Completion alone = weir.generate(List.of(prompts.get(i)), options, TextListener.NONE);
                assertEquals(
                        alone.generations().getFirst(), together.generations().get(i));
            }
        }
    }

    @Property(tries = 25)
    void lookingChangesNothing(@ForAll long seed) {
        var random = new Random(seed);
        ModelConfig config = randomConfig(random);
        int[] tokens = randomTokens(random, 1 + random.nextInt(20), config.vocabulary());
        try (Weir weir = open(config, seed, DType.FLOAT32, 2)) {
            var logits = new TreeMap<Integer, float[]>();
            var points = new ArrayList<>(weir.hookPoints());
            Collections.shuffle(points, random);
            for (int size : new int[] {0, 1, 2, points.size() / 2, points.size()}) {
                logits.put(size, lastLogits(weir, tokens, Hooks.tap(points.subList(0, size))));
            }
            logits.values().forEach(l -> assertArrayEquals(logits.get(0), l));
        }
    }

    private static float[] lastLogits(Weir weir, int[] tokens, Hooks hooks) {
        try (Session session = weir.session(1, tokens.length)) {
            int[] positions = IntStream.range(0, tokens.length).toArray();
            var rows = new Rows(new int[tokens.length], positions, tokens, new int[] {tokens.length - 1});
            return session.step(rows, hooks).logits(0).toArray(ValueLayout.JAVA_FLOAT);
        }
    }

    @Property(tries = 25)
    void aTraceOfAGenerationIsOnePassOverPromptAndNewTokens(@ForAll long seed) {
        var random = new Random(seed);
        ModelConfig config = randomConfig(random);
        int promptLength = 1 + random.nextInt(15);
        int newTokens = 1 + random.nextInt(15);
        Prompt prompt = Prompt.of(randomTokens(random, promptLength, config.vocabulary()));
        try (Weir weir = open(config, seed, DType.FLOAT32, 1)) {
            var recorder = new TraceRecorder();
            GenerationOptions options = weir.defaults().greedy().withMaxNewTokens(newTokens);
            Completion completion =
                    weir.generate(List.of(prompt), options, Tracing.of(everything(weir), recorder), TextListener.NONE);
            assertEquals(promptLength + newTokens - 1, completion.forwardRows());
            Trace trace = recorder.trace();
            assertEquals(
                    List.of(1, promptLength + newTokens - 1, config.width()),
                    trace.get("hook_embed").shape());
            int[] processed = trace.tokens()[0];
            assertSameBits(
                    fullForward(weir, List.of(Prompt.of(processed)), everything(weir)), trace, "generated trace");
            assertEquals(
                    weir.generate(List.of(prompt), options, TextListener.NONE).generations(), completion.generations());
        }
    }

    @Property(tries = 15)
    void theIdentitiesOfTheStreamHoldInTheStoredBits(@ForAll long seed) {
        var random = new Random(seed);
        ModelConfig config = randomConfig(random);
        int[] tokens = randomTokens(random, 1 + random.nextInt(20), config.vocabulary());
        try (Weir weir = open(config, seed, DType.FLOAT32, 1)) {
            Trace t = fullForward(weir, List.of(Prompt.of(tokens)), everything(weir));
            assertSum(t, HookPoint.of(0, Site.RESID_PRE), HookPoint.of(Site.EMBED), HookPoint.of(Site.POS_EMBED));
            for (int l = 0; l < config.layers(); l++) {
                HookPoint mid = HookPoint.of(l, Site.RESID_MID);
                assertSum(t, mid, HookPoint.of(l, Site.RESID_PRE), HookPoint.of(l, Site.ATTN_OUT));
                assertSum(t, HookPoint.of(l, Site.RESID_POST), mid, HookPoint.of(l, Site.MLP_OUT));
                if (l > 0) {
                    assertArrayEquals(
                            t.get(HookPoint.of(l - 1, Site.RESID_POST)).data(),
                            t.get(HookPoint.of(l, Site.RESID_PRE)).data());
                }
            }
        }
    }

    private static void assertSum(Trace trace, HookPoint sum, HookPoint a, HookPoint b) {
        float[] left = trace.get(a).data();
        float[] right = trace.get(b).data();
        float[] expected = new float[left.length];
        for (int i = 0; i < left.length; i++) {
            expected[i] = left[i] + right[i];
        }
        assertArrayEquals(expected, trace.get(sum).data(), sum + " = " + a + " + " + b);
    }

    @Test
    void aLongPromptIsPrefilledInChunksWithTheSameBits() {
        var config = new ModelConfig(50, 1100, 8, 1, 2, 16, Activation.GELU_NEW, 1e-5f, true, false);
        int[] tokens = randomTokens(new Random(3), 1050, 50);
        try (Weir weir = open(config, 3, DType.FLOAT32, 2)) {
            Hooks logits = weir.select("logits@last,resid_post");
            Trace chunked = fullForward(weir, List.of(Prompt.of(tokens)), logits);
            assertEquals(List.of(1, 1, 50), chunked.get("unembed.hook_out").shape());
            int[] shorter = Arrays.copyOf(tokens, 300);
            float[] prefix = fullForward(weir, List.of(Prompt.of(shorter)), logits)
                    .get("blocks.0.hook_resid_post")
                    .data();
            float[] all = chunked.get("blocks.0.hook_resid_post").data();
            assertArrayEquals(prefix, Arrays.copyOf(all, prefix.length));
        }
    }
}
