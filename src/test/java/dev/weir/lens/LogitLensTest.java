package dev.weir.lens;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.weir.engine.Options;
import dev.weir.engine.Prompt;
import dev.weir.engine.Tracing;
import dev.weir.engine.Weir;
import dev.weir.hook.Hooks;
import dev.weir.hook.Positions;
import dev.weir.hook.Trace;
import dev.weir.hook.TraceRecorder;
import dev.weir.tensor.DType;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class LogitLensTest {

    private static final Path MODEL = Path.of("src/test/resources/models/plain");
    private static final int[] TOKENS = {5, 17, 96, 0, 42, 42, 8};

    private static Trace trace(Weir weir, String selectors, int... tokens) {
        try (var recorder = new TraceRecorder()) {
            weir.forward(List.of(Prompt.of(tokens)), Tracing.of(weir.select(selectors), recorder));
            return recorder.trace();
        }
    }

    @ParameterizedTest
    @EnumSource(names = {"FLOAT32", "BFLOAT16", "FLOAT16"})
    void atTheLastLayerItHasTheBitsOfTheModelsLogits(DType dtype) throws IOException {
        try (Weir weir = Weir.open(MODEL, Options.DEFAULT.withDtype(dtype))) {
            Trace trace = trace(weir, "resid_post.1,logits", TOKENS);
            float[] lens = new LogitLens(weir)
                    .logits(trace.get("blocks.1.hook_resid_post").data());
            assertArrayEquals(bits(trace.get("unembed.hook_out").data()), bits(lens));
        }
    }

    private static int[] bits(float[] values) {
        return IntStream.range(0, values.length)
                .map(i -> Float.floatToRawIntBits(values[i]))
                .toArray();
    }

    @Test
    void moreRowsThanAStepHasChangeNothing() throws IOException {
        try (Weir weir = Weir.open(MODEL)) {
            float[] one = trace(weir, "resid_post.1", TOKENS)
                    .get("blocks.1.hook_resid_post")
                    .data();
            float[] many = new float[one.length * 100];
            IntStream.range(0, 100).forEach(i -> System.arraycopy(one, 0, many, i * one.length, one.length));
            var lens = new LogitLens(weir);
            float[] expected = lens.logits(one);
            float[] logits = lens.logits(many);
            assertEquals(expected.length * 100, logits.length);
            for (int i = 0; i < logits.length; i++) {
                assertEquals(expected[i % expected.length], logits[i]);
            }
        }
    }

    @Test
    void theTopIsTheLikeliestFirstOfAProperDistribution() throws IOException {
        try (Weir weir = Weir.open(MODEL)) {
            float[] stream = trace(weir, "resid_post.0", TOKENS)
                    .get("blocks.0.hook_resid_post")
                    .data();
            int vocabulary = weir.config().vocabulary();
            List<List<Guess>> all = new LogitLens(weir).top(stream, vocabulary + 5);
            assertEquals(TOKENS.length, all.size());
            for (List<Guess> row : all) {
                assertEquals(vocabulary, row.size());
                assertEquals(1, row.stream().mapToDouble(Guess::probability).sum(), 1e-12);
                assertEquals(
                        row.stream()
                                .sorted(Comparator.comparingDouble(Guess::logit).reversed())
                                .toList(),
                        row);
            }
            assertEquals(
                    all.get(2).subList(0, 3), new LogitLens(weir).top(stream, 3).get(2));
        }
    }

    @Test
    void rowsThatAreNotWholeAreRefused() throws IOException {
        try (Weir weir = Weir.open(MODEL)) {
            var lens = new LogitLens(weir);
            assertThrows(IllegalArgumentException.class, () -> lens.logits(new float[31]));
            assertThrows(IllegalArgumentException.class, () -> lens.logits(new float[0]));
            assertThrows(IllegalArgumentException.class, () -> lens.top(new float[30], 0));
            assertTrue(lens.logits(new float[30]).length > 0, "and the engine is none the worse");
        }
    }

    @Test
    void theStreamCanBeFollowedThroughTheBlocks() throws IOException {
        try (Weir weir = Weir.open(MODEL)) {
            Trace trace = trace(weir, "resid_pre,attn_out,mlp_out,resid_post", TOKENS);
            StreamPath path = StreamPath.of(trace, 0, 3);
            assertEquals(2, path.blocks().size());
            float[] sum = trace.get("blocks.0.hook_resid_pre").row(0, 3);
            assertArrayEquals(sum, path.embedding());
            for (StreamPath.Block block : path.blocks()) {
                for (int i = 0; i < sum.length; i++) {
                    sum[i] = sum[i] + block.attention()[i];
                    sum[i] = sum[i] + block.mlp()[i];
                }
                assertArrayEquals(sum, block.stream(), "what was added is all that there is");
            }
            assertEquals(3 * sum.length, path.stations().length);
            assertTrue(path.cosine(1) <= 1 + 1e-12 && path.cosine(1) > 0);
            assertThrows(IllegalArgumentException.class, () -> StreamPath.of(trace, 0, TOKENS.length));
            Trace last = trace(weir, "resid_pre@last,attn_out@last,mlp_out@last,resid_post@last", TOKENS);
            assertArrayEquals(
                    StreamPath.of(trace, 0, 6).embedding(),
                    StreamPath.of(last, 0, 6).embedding());
            assertThrows(IllegalArgumentException.class, () -> StreamPath.of(last, 0, 3));
        }
    }

    @Test
    void onlyWhatTheWayNeedsIsSeen() throws IOException {
        try (Weir weir = Weir.open(MODEL)) {
            Hooks hooks = StreamPath.hooks(weir.config(), Positions.LAST);
            assertEquals(1 + 3 * weir.config().layers(), hooks.taps().size());
        }
    }
}
