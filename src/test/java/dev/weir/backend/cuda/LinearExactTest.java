package dev.weir.backend.cuda;

import dev.weir.program.Activation;
import dev.weir.tensor.DType;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** The linear kernels whose every output is one chain in the CPU's order. */
@Tag("cuda")
class LinearExactTest {

    private static final int FEW = 8;
    private static final int SMALL = 64;
    private static final int LARGE = 128;

    private KernelFixture gpu;

    @BeforeEach
    void open() {
        gpu = new KernelFixture();
    }

    @AfterEach
    void close() {
        gpu.close();
    }

    private LinearCase.Result chain(LinearCase c) {
        return c.run(gpu, Kernel.of("LINEAR_CHAIN", c.type()), FEW, FEW, 256);
    }

    private LinearCase.Result small(LinearCase c) {
        return c.run(gpu, Kernel.of("LINEAR_TILE_SMALL", c.type()), SMALL, SMALL, 128);
    }

    private LinearCase.Result large(LinearCase c) {
        return c.run(gpu, Kernel.of("LINEAR_TILE", c.type()), LARGE, LARGE, 256);
    }

    @ParameterizedTest
    @EnumSource(names = {"FLOAT32", "BFLOAT16", "FLOAT16"})
    void fewRowsAreChainsInOrder(DType type) {
        for (LinearCase c : List.of(
                LinearCase.random(type, 1, 1, 1, 1, false, null),
                LinearCase.random(type, 1, 768, 9, 3, true, null),
                LinearCase.random(type, 8, 130, 17, 1, true, Activation.GELU_NEW),
                LinearCase.random(type, 3, 641, 5, 1, true, Activation.GELU),
                LinearCase.random(type, 11, 7, 3, 2, false, null),
                LinearCase.random(type, 2, 128, 8, 1, false, Activation.RELU))) {
            c.requireOrder("chain of " + c.rows() + " x " + c.depth() + " x " + c.columns(), chain(c));
        }
    }

    @ParameterizedTest
    @EnumSource(names = {"FLOAT32", "BFLOAT16", "FLOAT16"})
    void smallTilesAreChainsInOrder(DType type) {
        for (LinearCase c : List.of(
                LinearCase.random(type, 1, 1, 1, 1, false, null),
                LinearCase.random(type, 5, 33, 7, 3, true, null),
                LinearCase.random(type, 65, 40, 66, 1, true, Activation.GELU_NEW),
                LinearCase.random(type, 64, 16, 64, 1, true, Activation.GELU))) {
            c.requireOrder("small tiles of " + c.rows() + " x " + c.depth() + " x " + c.columns(), small(c));
        }
    }

    @ParameterizedTest
    @EnumSource(names = {"FLOAT32", "BFLOAT16", "FLOAT16"})
    void largeTilesAreChainsInOrder(DType type) {
        for (LinearCase c : List.of(
                LinearCase.random(type, 1, 3, 1, 2, true, null),
                LinearCase.random(type, 130, 37, 131, 1, true, Activation.GELU_NEW),
                LinearCase.random(type, 128, 24, 128, 1, false, Activation.RELU))) {
            c.requireOrder("large tiles of " + c.rows() + " x " + c.depth() + " x " + c.columns(), large(c));
        }
    }

    /** The first link of a chain may round to -0, and what lies between depth and stride may not make it +0. */
    @ParameterizedTest
    @EnumSource(names = {"FLOAT32", "BFLOAT16"})
    void aSumOfMinusZeroStaysMinusZero(DType type) {
        var x = new float[10];
        Arrays.fill(x, -0x1p-100f);
        float[][] weights = {new float[30]};
        Arrays.fill(weights[0], 0x1p-100f);
        var c = new LinearCase(type, 10, 1, 30, x, weights, null, null);
        c.requireOrder("chain", chain(c));
        c.requireOrder("small tile", small(c));
        c.requireOrder("large tile", large(c));
        LinearCase.requireSameBits(
                "the CPU's", new float[] {-0.0f}, Arrays.copyOf(c.inOrder().out()[0], 1));
    }

    @ParameterizedTest
    @EnumSource(names = {"FLOAT32", "FLOAT16"})
    void xMayBeginAtAnyFloat(DType type) {
        LinearCase c = LinearCase.random(type, 9, 64, 12, 1, true, null);
        c.requireOrder(
                "chain", c.run(gpu, Kernel.of("LINEAR_CHAIN", type), FEW, FEW, 256, gpu.misalignedFloats(c.x())));
        c.requireOrder(
                "tile",
                c.run(gpu, Kernel.of("LINEAR_TILE_SMALL", type), SMALL, SMALL, 128, gpu.misalignedFloats(c.x())));
    }
}
