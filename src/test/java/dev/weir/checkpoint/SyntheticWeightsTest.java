package dev.weir.checkpoint;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.weir.backend.WeightView;
import dev.weir.model.ModelConfig;
import dev.weir.model.Weights;
import dev.weir.program.Activation;
import dev.weir.tensor.DType;
import dev.weir.tensor.Tensor;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

class SyntheticWeightsTest {

    private static final ModelConfig SMALL =
            new ModelConfig(300, 64, 96, 2, 4, 384, Activation.GELU_NEW, 1e-5f, true, false);

    private static SyntheticWeights small(DType dtype, long seed) {
        return new SyntheticWeights("small", SMALL, dtype, seed);
    }

    private static WeightView view(SyntheticWeights source, Tensor weight) {
        WeightView view = source.views(Weights.of(SMALL, DType.FLOAT32)).get(weight);
        assertNotNull(view, weight.toString());
        return view;
    }

    @Test
    void everyWeightHasAViewWithinItsData() {
        try (var source = small(DType.BFLOAT16, 1)) {
            var weights = Weights.of(SMALL, DType.BFLOAT16);
            var views = source.views(weights);
            assertEquals(weights.all().size(), views.size());
            for (var view : views.entrySet()) {
                assertEquals(DType.BFLOAT16, view.getValue().type());
                view.getValue().at(view.getKey().rows() - 1, view.getKey().columns() - 1);
            }
        }
    }

    @Test
    void theSameSeedGivesTheSameBits() {
        try (var one = small(DType.FLOAT32, 5);
                var two = small(DType.FLOAT32, 5);
                var other = small(DType.FLOAT32, 6)) {
            assertEquals(one.sha256(), two.sha256());
            assertNotEquals(one.sha256(), other.sha256());
        }
    }

    @ParameterizedTest
    @EnumSource(names = {"FLOAT16", "BFLOAT16"})
    void anotherTypeHoldsTheSameValuesRounded(DType dtype) {
        Tensor weight = Weights.of(SMALL, DType.FLOAT32).blocks().get(1).mlpIn().weight();
        var rounded = MemorySegment.ofArray(new byte[2]);
        try (var wide = small(DType.FLOAT32, 5);
                var narrow = small(dtype, 5)) {
            WeightView from = view(wide, weight);
            WeightView to = view(narrow, weight);
            for (int c = 0; c < weight.columns(); c++) {
                dtype.write(rounded, 0, from.at(3, c));
                assertEquals(dtype.read(rounded, 0), to.at(3, c));
            }
        }
    }

    @Test
    void valuesAreSpreadAsGpt2IsInitialised() {
        var weights = Weights.of(SMALL, DType.FLOAT32);
        try (var source = small(DType.FLOAT32, 9)) {
            assertMoments(source, weights.tokens(), 0, 0.02);
            assertMoments(source, weights.blocks().get(0).query().weight(), 0, 0.02);
            assertMoments(source, weights.blocks().get(1).mlpOut().weight(), 0, 0.02 / Math.sqrt(4));
            assertMoments(source, weights.blocks().get(1).mlpIn().bias(), 0, 0.02);
            assertMoments(source, weights.blocks().get(0).norm1().weight(), 1, 0.02);
            assertMoments(source, weights.finalNorm().weight(), 1, 0.02);
        }
    }

    /** Within five standard errors of both moments. */
    private static void assertMoments(SyntheticWeights source, Tensor weight, double mean, double deviation) {
        WeightView view = view(source, weight);
        double sum = 0;
        double squares = 0;
        for (int r = 0; r < weight.rows(); r++) {
            for (int c = 0; c < weight.columns(); c++) {
                sum += view.at(r, c);
                squares += Math.pow(view.at(r, c) - mean, 2);
            }
        }
        double n = weight.size();
        assertEquals(mean, sum / n, 5 * deviation / Math.sqrt(n), weight + " mean");
        assertEquals(deviation, Math.sqrt(squares / n), 5 * deviation / Math.sqrt(2 * n), weight + " deviation");
    }

    @ParameterizedTest
    @EnumSource(names = {"FLOAT32", "FLOAT16", "BFLOAT16"})
    void whatIsSavedIsACheckpointOfTheSameBits(DType dtype, @TempDir Path folder) throws IOException {
        var weights = Weights.of(SMALL, dtype);
        try (var source = small(dtype, 5)) {
            source.save(folder);
            try (var saved = Checkpoint.open(folder)) {
                assertEquals(SMALL, saved.config());
                assertEquals(dtype, saved.type());
                var theirs = saved.views(weights);
                source.views(weights).forEach((weight, view) -> assertSame(weight, view, theirs.get(weight)));
            }
        }
    }

    private static void assertSame(Tensor weight, WeightView expected, @Nullable WeightView got) {
        assertNotNull(got, weight.toString());
        for (int c = 0; c < weight.columns(); c++) {
            int row = weight.rows() - 1;
            assertEquals(expected.at(row, c), got.at(row, c), weight.toString());
        }
    }

    @Test
    void noTwoTensorsAreAlike() {
        var weights = Weights.of(SMALL, DType.FLOAT32);
        try (var source = small(DType.FLOAT32, 9)) {
            WeightView first = view(source, weights.blocks().get(0).query().weight());
            WeightView second = view(source, weights.blocks().get(1).query().weight());
            int same = 0;
            for (int c = 0; c < SMALL.width(); c++) {
                same += first.at(0, c) == second.at(0, c) ? 1 : 0;
            }
            assertTrue(same < 3, same + " of " + SMALL.width());
        }
    }

    @ParameterizedTest
    @CsvSource({"gpt2, 124439808", "gpt2-medium, 354823168", "gpt2-large, 774030080", "gpt2-xl, 1557611200"})
    void publishedShapesHaveThePublishedNumberOfParameters(String name, long parameters) {
        assertEquals(parameters, SyntheticWeights.shape(name).parameters(true));
    }

    @Test
    void misuseIsNamed() {
        var shape = assertThrows(IllegalArgumentException.class, () -> SyntheticWeights.shape("gpt3"));
        assertTrue(String.valueOf(shape.getMessage()).contains("'gpt3'"));
        assertThrows(IllegalArgumentException.class, () -> small(DType.INT8, 1).close());
    }
}
