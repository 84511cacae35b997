package dev.weir.sae;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.weir.checkpoint.SyntheticWeights;
import dev.weir.engine.Options;
import dev.weir.engine.Prompt;
import dev.weir.engine.Tracing;
import dev.weir.engine.Weir;
import dev.weir.hook.Edit;
import dev.weir.hook.HookPoint;
import dev.weir.hook.Hooks;
import dev.weir.hook.Site;
import dev.weir.hook.Span;
import dev.weir.hook.Trace;
import dev.weir.hook.TraceRecorder;
import dev.weir.model.ModelConfig;
import dev.weir.tensor.DType;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Autoencoders on the CPU; {@link SparseAutoencoderOnCudaTest} runs the same on a GPU. */
class SparseAutoencoderTest {

    private static final ModelConfig SHAPE =
            new ModelConfig(131, 48, 36, 2, 3, 70, dev.weir.program.Activation.GELU_NEW, 1e-5f, true, false);
    private static final HookPoint POINT = HookPoint.of(0, Site.RESID_POST);
    private static final int WIDTH = 36;
    private static final int FEATURES = 50;
    private static final Prompt PROMPT = Prompt.of(3, 14, 15, 92, 65, 35, 89);

    @TempDir
    Path folder;

    private Weir weir;

    Options machine() {
        return Options.DEFAULT.withDevice("cpu").withThreads(2);
    }

    @BeforeEach
    void open() {
        weir = Weir.of(new SyntheticWeights("random", SHAPE, DType.FLOAT32, 3), machine());
    }

    @AfterEach
    void close() {
        weir.close();
    }

    /** An autoencoder of every kind, and the same in float64. */
    record Kind(String architecture, String normalization, boolean subtracts, boolean rescales) {

        SaeFolder folder() {
            return new SaeFolder(architecture, POINT.name(), WIDTH, FEATURES, 11)
                    .with("normalize_activations", "\"" + normalization + "\"")
                    .with("apply_b_dec_to_input", String.valueOf(subtracts))
                    .with("rescale_acts_by_decoder_norm", String.valueOf(rescales));
        }

        Float64Sae oracle(SaeFolder saved) {
            return new Float64Sae(saved, architecture, normalization, subtracts, rescales, 4);
        }
    }

    static Stream<Kind> kinds() {
        return Stream.of("standard", "topk", "jumprelu")
                .flatMap(architecture -> Stream.of("none", "constant_norm_rescale", "layer_norm")
                        .flatMap(normalization -> Stream.of(true, false)
                                .map(flag -> new Kind(
                                        architecture, normalization, flag, flag && architecture.equals("topk")))));
    }

    private static float[] random(int count, long seed) {
        var random = new Random(seed);
        float[] values = new float[count];
        for (int i = 0; i < count; i++) {
            values[i] = (float) random.nextGaussian() * 2 + 0.5f;
        }
        return values;
    }

    private static double[] row(float[] values, int row, int width) {
        double[] copy = new double[width];
        Arrays.setAll(copy, i -> values[row * width + i]);
        return copy;
    }

    private static void assertClose(double[] expected, float[] got, String what) {
        double largest = Arrays.stream(expected).map(Math::abs).max().orElseThrow();
        for (int i = 0; i < got.length; i++) {
            assertEquals(expected[i], got[i], 1e-5 * largest + 1e-6, what + " at " + i);
        }
    }

    @ParameterizedTest
    @MethodSource("kinds")
    void featuresAndReconstructionAreThoseOfFloat64(Kind kind) throws IOException {
        SaeFolder saved = kind.folder();
        Float64Sae oracle = kind.oracle(saved);
        float[] stream = random(5 * WIDTH, 7);
        try (var sae = SparseAutoencoder.open(saved.write(folder), weir)) {
            List<Encoding> encodings = sae.encode(stream);
            assertEquals(5, encodings.size());
            for (int r = 0; r < 5; r++) {
                double[] x = row(stream, r, WIDTH);
                double[] features = oracle.encode(x);
                float[] dense = new float[FEATURES];
                encodings.get(r).active().forEach(a -> dense[a.feature()] = a.value());
                assertTrue(Arrays.stream(features).anyMatch(v -> v > 0), "some feature is active");
                assertClose(features, dense, "features");
                assertClose(oracle.decode(features, x), sae.decode(encodings.get(r)), "reconstruction");
            }
        }
    }

    /** The stream at the point under an edit, [P, D]. */
    private float[] stream(Hooks edits) {
        return trace(new Hooks(Hooks.tap(List.of(POINT)).taps(), edits.edits()))
                .get(POINT)
                .data();
    }

    private Trace trace(Hooks hooks) {
        try (var recorder = new TraceRecorder()) {
            weir.forward(List.of(PROMPT), Tracing.of(hooks, recorder));
            return recorder.trace();
        }
    }

    @ParameterizedTest
    @MethodSource("kinds")
    void theReconstructionStandsInPlaceOfTheStream(Kind kind) throws IOException {
        SaeFolder saved = kind.folder();
        Float64Sae oracle = kind.oracle(saved);
        float[] plain = stream(Hooks.NONE);
        try (var sae = SparseAutoencoder.open(saved.write(folder), weir)) {
            float[] spliced = stream(Hooks.edit(POINT, sae.edit(Intervention.RECONSTRUCTION)));
            for (int r = 0; r < plain.length / WIDTH; r++) {
                double[] x = row(plain, r, WIDTH);
                float[] got = Arrays.copyOfRange(spliced, r * WIDTH, (r + 1) * WIDTH);
                assertClose(oracle.decode(oracle.encode(x), x), got, "row " + r);
            }
        }
    }

    @Test
    void withTheErrorKeptNothingChangesToTheBit() throws IOException {
        HookPoint after = HookPoint.of(Site.UNEMBED_OUT);
        try (var sae = SparseAutoencoder.open(
                kinds().findFirst().orElseThrow().folder().write(folder), weir)) {
            Hooks spliced = Hooks.edit(POINT, sae.edit(Intervention.NONE));
            assertArrayEquals(
                    trace(Hooks.tap(List.of(after))).get(after).data(),
                    trace(new Hooks(Hooks.tap(List.of(after)).taps(), spliced.edits()))
                            .get(after)
                            .data());
        }
    }

    @ParameterizedTest
    @MethodSource("kinds")
    void aFeatureIsAblatedAndAmplifiedWithTheErrorKept(Kind kind) throws IOException {
        SaeFolder saved = kind.folder();
        Float64Sae oracle = kind.oracle(saved);
        float[] plain = stream(Hooks.NONE);
        try (var sae = SparseAutoencoder.open(saved.write(folder), weir)) {
            int feature = sae.encode(plain).get(2).top(1).getFirst().feature();
            for (float factor : new float[] {0, 3}) {
                Intervention change = Intervention.NONE.scale(feature, factor);
                float[] got = stream(Hooks.edit(POINT, sae.edit(change)));
                double[] x = row(plain, 2, WIDTH);
                double[] before = oracle.encode(x);
                double[] after = before.clone();
                after[feature] *= factor;
                double[] without = oracle.decode(before, x);
                double[] with = oracle.decode(after, x);
                double[] expected = new double[WIDTH];
                Arrays.setAll(expected, i -> x[i] + with[i] - without[i]);
                assertClose(expected, Arrays.copyOfRange(got, 2 * WIDTH, 3 * WIDTH), "factor " + factor);
            }
        }
    }

    @Test
    void onlyTheChosenPositionsAreTouched() throws IOException {
        float[] plain = stream(Hooks.NONE);
        try (var sae = SparseAutoencoder.open(
                kinds().findFirst().orElseThrow().folder().write(folder), weir)) {
            float[] got = stream(Hooks.edit(POINT, sae.edit(Intervention.RECONSTRUCTION.at(Span.between(2, 4)))));
            for (int r = 0; r < plain.length / WIDTH; r++) {
                boolean same = Arrays.equals(row(plain, r, WIDTH), row(got, r, WIDTH));
                assertEquals(r < 2 || r >= 4, same, "row " + r);
            }
        }
    }

    @Test
    void aFeatureIsAddedAsAnOpOfThePlan() throws IOException {
        SaeFolder saved = new SaeFolder("topk", POINT.name(), WIDTH, FEATURES, 11);
        float[] plain = stream(Hooks.NONE);
        try (var sae = SparseAutoencoder.open(saved.write(folder), weir)) {
            Edit.OnMachine steer = sae.steer(17, 2.5f);
            float[] got = stream(Hooks.edit(POINT, steer));
            float[] decoder = saved.tensors.get("W_dec");
            for (int i = 0; i < got.length; i++) {
                float direction = decoder == null ? Float.NaN : decoder[17 * WIDTH + i % WIDTH];
                assertEquals(plain[i] + 2.5f * direction, got[i], 1e-5f);
            }
            var e = assertThrows(IllegalArgumentException.class, () -> sae.steer(FEATURES, 1));
            assertEquals("feature: expected from 0 to 49, got 50", e.getMessage());
        }
    }

    @Test
    void ofEqualFeaturesTheFirstAreKept() {
        var selection = new FeatureSelection(Architecture.TOPK, 2, new float[5]);
        float[] products = {9, 1, 3, 1, 3, 3};
        assertEquals(List.of(new Activation(1, 3), new Activation(3, 3)), selection.select(products, 1));
    }

    @Test
    void aFeatureThatIsNaNIsSeen() {
        for (Architecture architecture : Architecture.values()) {
            var selection = new FeatureSelection(architecture, 2, new float[3]);
            List<Activation> active = selection.select(new float[] {Float.NaN, -1, 2}, 0);
            assertEquals(2, active.size(), architecture.label());
            assertTrue(Float.isNaN(active.getFirst().value()), architecture.label());
        }
    }

    @Test
    void aCentredStreamKeepsItsMean() throws IOException {
        SaeFolder saved = new SaeFolder("standard", POINT.name(), WIDTH, FEATURES, 11)
                .with("model_from_pretrained_kwargs", "{\"center_writing_weights\": true, \"fold_ln\": false}");
        float[] stream = random(WIDTH, 7);
        double mean = Arrays.stream(row(stream, 0, WIDTH)).average().orElseThrow();
        double[] centred =
                Arrays.stream(row(stream, 0, WIDTH)).map(v -> v - mean).toArray();
        var oracle = new Float64Sae(saved, "standard", "none", true, false, 0);
        double[] expected = Arrays.stream(oracle.decode(oracle.encode(centred), centred))
                .map(v -> v + mean)
                .toArray();
        try (var sae = SparseAutoencoder.open(saved.write(folder), weir)) {
            assertClose(expected, sae.decode(sae.encode(stream).getFirst()), "reconstruction");
        }
    }
}
