package dev.weir.backend.cuda;

import dev.weir.backend.cpu.Formulas;
import dev.weir.program.Activation;
import dev.weir.tensor.DType;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

@Tag("cuda")
class LinearGemvTest {

    /** Sums are float32 and short: a lane adds few products, the lanes and warps are added as a tree. */
    private static final double SHARE = 1e-6;

    private KernelFixture gpu;

    @BeforeEach
    void open() {
        gpu = new KernelFixture();
    }

    @AfterEach
    void close() {
        gpu.close();
    }

    private LinearCase.Result run(LinearCase c) {
        return run(c, gpu.floats(c.x()));
    }

    private LinearCase.Result run(LinearCase c, long x) {
        return c.run(gpu, Kernel.of("LINEAR_GEMV", c.type()), 8, 8, 256, x);
    }

    @ParameterizedTest
    @EnumSource(names = {"FLOAT32", "BFLOAT16", "FLOAT16"})
    void productsAgreeWithFloat64(DType type) {
        for (LinearCase c : List.of(
                LinearCase.random(type, 1, 1, 1, 1, false, null),
                LinearCase.random(type, 1, 3072, 9, 1, true, null),
                LinearCase.random(type, 2, 131, 17, 3, true, null),
                LinearCase.random(type, 3, 768, 8, 1, true, Activation.GELU_NEW),
                LinearCase.random(type, 4, 260, 5, 1, true, Activation.GELU),
                LinearCase.random(type, 11, 1027, 3, 2, false, null))) {
            c.requireClose(c.rows() + " x " + c.depth() + " x " + c.columns(), run(c), SHARE);
        }
    }

    @ParameterizedTest
    @EnumSource(names = {"FLOAT32", "BFLOAT16", "FLOAT16"})
    void theFunctionIsTheCpusOfWhatCameBeforeIt(DType type) {
        LinearCase c = LinearCase.random(type, 5, 100, 11, 1, true, Activation.GELU_NEW);
        LinearCase.Result result = run(c);
        var expected = new float[result.pre().length];
        for (int i = 0; i < expected.length; i++) {
            expected[i] = Formulas.activate(Activation.GELU_NEW, result.pre()[i]);
        }
        LinearCase.requireSameBits("gelu_new", expected, result.out()[0]);
    }

    @ParameterizedTest
    @EnumSource(names = {"FLOAT32", "BFLOAT16", "FLOAT16"})
    void theBitsOfARowAreTheSameAmongAnyOthers(DType type) {
        LinearCase all = LinearCase.random(type, 8, 777, 10, 1, true, null);
        float[] together = run(all).out()[0];
        for (int rows : new int[] {1, 2, 3, 5}) {
            LinearCase some = all.rows(8 - rows, 8);
            float[] expected = Arrays.copyOfRange(together, (8 - rows) * 10, 80);
            LinearCase.requireSameBits(
                    "the last " + rows + " rows", expected, run(some).out()[0]);
        }
    }

    @ParameterizedTest
    @EnumSource(names = {"FLOAT32", "BFLOAT16"})
    void xMayBeginAtAnyFloat(DType type) {
        LinearCase c = LinearCase.random(type, 3, 512, 6, 1, true, null);
        LinearCase.requireSameBits(
                "misaligned x",
                run(c).out()[0],
                run(c, gpu.misalignedFloats(c.x())).out()[0]);
    }
}
