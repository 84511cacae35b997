package dev.weir.engine;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.weir.backend.CudaOptions;
import dev.weir.checkpoint.SyntheticWeights;
import dev.weir.hook.HookPoint;
import dev.weir.hook.Hooks;
import dev.weir.hook.Rows;
import dev.weir.hook.Trace;
import dev.weir.hook.TraceRecorder;
import dev.weir.model.ModelConfig;
import dev.weir.oracle.Bounds;
import dev.weir.program.Activation;
import dev.weir.tensor.DType;
import java.lang.foreign.ValueLayout;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** A CPU that leaves products of many rows to oneDNN: other bits, within the bounds, and looking still changes none. */
@EnabledOnOs(value = OS.LINUX, architectures = "amd64")
class OneDnnMachineTest {

    private static final ModelConfig CONFIG =
            new ModelConfig(83, 300, 60, 2, 4, 1500, Activation.GELU_NEW, 1e-5f, true, false);
    private static final int ROWS = 161; // a block, and part of another

    private static Weir open(DType type, int threads, boolean oneDnn) {
        Options options = Options.DEFAULT.withDevice("cpu").withThreads(threads).withOneDnn(oneDnn);
        return Weir.of(new SyntheticWeights("random", CONFIG, type, 5), options);
    }

    private static final int[] TOKENS =
            new Random(1).ints(ROWS, 0, CONFIG.vocabulary()).toArray();

    private static Trace everything(Weir weir) {
        var recorder = new TraceRecorder();
        weir.forward(List.of(Prompt.of(TOKENS)), Tracing.of(Hooks.tap(weir.hookPoints()), recorder));
        return recorder.trace();
    }

    private static float[] lastLogits(Weir weir, int rows, Hooks hooks) {
        int[] tokens = Arrays.copyOf(TOKENS, rows);
        try (Session session = weir.session(1, rows)) {
            int[] positions = IntStream.range(0, rows).toArray();
            var step = new Rows(new int[rows], positions, tokens, new int[] {rows - 1});
            return session.step(step, hooks).logits(0).toArray(ValueLayout.JAVA_FLOAT);
        }
    }

    @ParameterizedTest
    @EnumSource(names = {"FLOAT32", "BFLOAT16", "FLOAT16"})
    void everyPointOfAPromptIsWithinTheBoundsOfTheType(DType type) {
        try (Weir own = open(type, 2, false);
                Weir helped = open(type, 2, true)) {
            Trace expected = everything(own);
            Trace got = everything(helped);
            for (HookPoint point : own.hookPoints()) {
                double[] values = IntStream.range(0, expected.get(point).data().length)
                        .mapToDouble(i -> expected.get(point).data()[i])
                        .toArray();
                Bounds.requireFastClose(point, values, got.get(point).data(), type);
            }
        }
    }

    @Test
    void lookingChangesNoBitThereEither() {
        try (Weir weir = open(DType.BFLOAT16, 2, true)) {
            assertArrayEquals(lastLogits(weir, ROWS, Hooks.NONE), lastLogits(weir, ROWS, Hooks.tap(weir.hookPoints())));
        }
    }

    @Test
    void threadsChangeNoBitThereEither() {
        try (Weir one = open(DType.FLOAT32, 1, true);
                Weir three = open(DType.FLOAT32, 3, true)) {
            assertArrayEquals(lastLogits(one, ROWS, Hooks.NONE), lastLogits(three, ROWS, Hooks.NONE));
        }
    }

    @Test
    void fewRowsHaveOurBits() {
        try (Weir own = open(DType.FLOAT32, 2, false);
                Weir helped = open(DType.FLOAT32, 2, true)) {
            assertArrayEquals(lastLogits(own, 31, Hooks.NONE), lastLogits(helped, 31, Hooks.NONE));
        }
    }

    @Test
    void itIsNamedAndItsBitsAreItsOwn() {
        try (Weir own = open(DType.FLOAT32, 2, false);
                Weir helped = open(DType.FLOAT32, 2, true)) {
            assertTrue(helped.machine().contains("oneDNN"), helped.machine());
            assertFalse(own.machine().contains("oneDNN"), own.machine());
            assertFalse(Arrays.equals(lastLogits(own, ROWS, Hooks.NONE), lastLogits(helped, ROWS, Hooks.NONE)));
        }
    }

    @Test
    void exactlyAndByOneDnnIsRefused() {
        Options helped = Options.DEFAULT.withOneDnn(true);
        var refusal = assertThrows(
                IllegalArgumentException.class, () -> helped.withCuda(CudaOptions.DEFAULT.withExact(true)));
        assertEquals("exact and onednn: expected one of them at most, got both", refusal.getMessage());
    }

    @Test
    void aGpuIsNotHelped() {
        Options options = Options.DEFAULT.withDevice("cuda").withOneDnn(true);
        var weights = new SyntheticWeights("random", CONFIG, DType.FLOAT32, 5);
        var refusal = assertThrows(IllegalArgumentException.class, () -> Weir.of(weights, options));
        assertEquals("onednn: expected the CPU, got device 'cuda', which is a GPU", refusal.getMessage());
    }
}
