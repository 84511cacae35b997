package dev.weir.lens;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.weir.backend.CudaOptions;
import dev.weir.checkpoint.SyntheticWeights;
import dev.weir.engine.Options;
import dev.weir.engine.Prompt;
import dev.weir.engine.Tracing;
import dev.weir.engine.Weir;
import dev.weir.hook.Trace;
import dev.weir.hook.TraceRecorder;
import dev.weir.lens.LensView.Chosen;
import dev.weir.model.ModelConfig;
import dev.weir.oracle.Bounds;
import dev.weir.program.Activation;
import dev.weir.tensor.DType;
import java.util.Arrays;
import java.util.List;
import java.util.OptionalInt;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Lenses see traces and cannot tell which machine took them. */
@Tag("cuda")
class LensOnCudaTest {

    private static final ModelConfig SHAPE =
            new ModelConfig(83, 24, 21, 2, 3, 35, Activation.GELU_NEW, 1e-5f, true, false);
    private static final int[] TOKENS = {5, 17, 82, 0, 42, 42, 8};

    private static Weir open(Options options) {
        return Weir.of(new SyntheticWeights("random", SHAPE, DType.FLOAT32, 3), options);
    }

    private static Trace trace(Weir weir, String selectors) {
        try (var recorder = new TraceRecorder()) {
            weir.forward(List.of(Prompt.of(TOKENS)), Tracing.of(weir.select(selectors), recorder));
            return recorder.trace();
        }
    }

    @Test
    void inExactModeEveryLensShowsWhatItShowsOnTheCpu() {
        try (Weir cpu = open(Options.DEFAULT.withDevice("cpu"));
                Weir gpu = open(Options.DEFAULT.withDevice("cuda").withCuda(CudaOptions.DEFAULT.withExact(true)))) {
            assertEquals(view(new LogitLens(cpu), cpu), view(new LogitLens(gpu), gpu));
            assertEquals(view(new LogitLens(cpu).withoutNorm(), cpu), view(new LogitLens(gpu).withoutNorm(), gpu));
            assertArrayEquals(heads(cpu).values(), heads(gpu).values());
            RepeatedTokens tokens = RepeatedTokens.random(83, OptionalInt.of(0), 9, 2, 1);
            assertEquals(tokens.scores(cpu), tokens.scores(gpu));
            assertEquals(tokens.surprise(cpu), tokens.surprise(gpu));
        }
    }

    private static LensView view(LogitLens lens, Weir weir) {
        return lens.view(trace(weir, "resid_pre,resid_mid,resid_post"), 0, List.of(0, 3, 6), true, 4, Chosen.of(1, 2));
    }

    private static ResidualStack heads(Weir weir) {
        return new Decomposition(weir, trace(weir, Decomposition.SELECTORS), 0).fullResidDecomposition(2, true);
    }

    @ParameterizedTest
    @EnumSource(names = {"FLOAT32", "BFLOAT16", "FLOAT16"})
    void inFastModeThePartsAddUpToTheLogitWithinTheBound(DType dtype) {
        try (Weir gpu = open(Options.DEFAULT.withDevice("cuda").withDtype(dtype))) {
            var decomposition = new Decomposition(gpu, trace(gpu, Decomposition.SELECTORS), 0);
            for (ResidualStack stack : List.of(
                    decomposition.decomposeResid(2, false),
                    decomposition.fullResidDecomposition(2, false),
                    decomposition.decomposeNeurons(1))) {
                for (int position = 0; position < TOKENS.length; position++) {
                    Attribution logit = decomposition.attribution(stack, position, LogitDirection.of(gpu, 7));
                    double largest = Math.max(
                            Math.abs(logit.logit()),
                            Math.abs(logit.strongest().getFirst().logit()));
                    assertTrue(
                            Math.abs(logit.remainder()) <= Bounds.fastShare(dtype) * largest + 1e-6,
                            logit.remainder() + " of " + largest + " in " + Arrays.toString(TOKENS));
                }
            }
        }
    }
}
