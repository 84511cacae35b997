package dev.weir.backend.cuda;

import dev.weir.program.Activation;
import dev.weir.tensor.DType;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

@Tag("cuda")
class LinearMmaTest {

    /** What adding up in float32 may cost; tensor cores may cut off where others round. */
    private static final double SUMMING = 5e-6;

    private KernelFixture gpu;

    @BeforeEach
    void open() {
        gpu = new KernelFixture();
    }

    @AfterEach
    void close() {
        gpu.close();
    }

    private LinearCase.Result large(LinearCase c) {
        return c.run(gpu, Kernel.of("LINEAR_MMA", c.type()), 128, 128, 256);
    }

    private LinearCase.Result small(LinearCase c) {
        return c.run(gpu, Kernel.of("LINEAR_MMA_SMALL", c.type()), 64, 64, 128);
    }

    private static LinearCase withRoundedX(LinearCase c) {
        return c.withX(KernelFixture.rounded(c.x(), c.type()));
    }

    /** The largest relative error of rounding to a type. */
    private static double rounding(DType type) {
        return type == DType.BFLOAT16 ? 0x1p-8 : 0x1p-11;
    }

    @ParameterizedTest
    @EnumSource(names = {"BFLOAT16", "FLOAT16"})
    void smallTilesAgreeWithFloat64(DType type) {
        for (LinearCase c : List.of(
                LinearCase.random(type, 1, 1, 1, 1, false, null),
                LinearCase.random(type, 64, 32, 64, 1, true, Activation.GELU_NEW),
                LinearCase.random(type, 9, 261, 70, 3, true, null),
                LinearCase.random(type, 67, 100, 65, 1, true, Activation.RELU))) {
            String what = c.rows() + " x " + c.depth() + " x " + c.columns();
            withRoundedX(c).requireClose(what, small(c), SUMMING);
            c.requireClose(what + ", x not rounded", small(c), SUMMING + rounding(type));
        }
    }

    @ParameterizedTest
    @EnumSource(names = {"BFLOAT16", "FLOAT16"})
    void largeTilesHaveTheBitsOfSmallOnes(DType type) {
        for (LinearCase c : List.of(
                LinearCase.random(type, 3, 1, 2, 1, false, null),
                LinearCase.random(type, 130, 130, 129, 1, true, Activation.GELU),
                LinearCase.random(type, 20, 64, 15, 2, true, null))) {
            LinearCase.Result large = large(c);
            LinearCase.Result small = small(c);
            withRoundedX(c).requireClose("large tiles", large, SUMMING);
            for (int part = 0; part < c.weights().length; part++) {
                LinearCase.requireSameBits("part " + part, small.out()[part], large.out()[part]);
            }
        }
    }

    @ParameterizedTest
    @EnumSource(names = {"BFLOAT16", "FLOAT16"})
    void xMayBeginAtAnyFloat(DType type) {
        LinearCase c = LinearCase.random(type, 10, 64, 20, 1, true, null);
        LinearCase.Result shifted =
                c.run(gpu, Kernel.of("LINEAR_MMA_SMALL", type), 64, 64, 128, gpu.misalignedFloats(c.x()));
        LinearCase.requireSameBits("misaligned x", small(c).out()[0], shifted.out()[0]);
    }
}
