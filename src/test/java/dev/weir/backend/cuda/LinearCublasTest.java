package dev.weir.backend.cuda;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.weir.backend.cpu.Formulas;
import dev.weir.program.Activation;
import dev.weir.tensor.DType;
import java.lang.foreign.MemorySegment;
import java.util.SplittableRandom;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** What goes before and after a product by cuBLAS. */
@Tag("cuda")
class LinearCublasTest {

    private final SplittableRandom random = new SplittableRandom(5);
    private KernelFixture gpu;

    @BeforeEach
    void open() {
        gpu = new KernelFixture();
    }

    @AfterEach
    void close() {
        gpu.close();
    }

    @ParameterizedTest
    @EnumSource(names = {"BFLOAT16", "FLOAT16"})
    void rowsAreRoundedAndPaddedWithZeros(DType type) {
        int rows = 5;
        int depth = 27;
        int stride = WeightLayout.stride(depth, type);
        float[] x = KernelFixture.values(rows * depth, random);
        long out = gpu.output(rows * stride / 2);
        gpu.run(Kernel.of("LINEAR_ROUND", type), new int[] {3}, 256, out, gpu.floats(x), rows, depth, stride);

        MemorySegment got = MemorySegment.ofArray(gpu.read(out, rows * stride / 2));
        float[] rounded = KernelFixture.rounded(x, type);
        for (int i = 0; i < rows * stride; i++) {
            int k = i % stride;
            assertEquals(k < depth ? rounded[i / stride * depth + k] : 0, type.read(got, 2L * i));
        }
    }

    @ParameterizedTest
    @EnumSource
    void aProductIsFinishedByBiasAndFunction(Activation function) {
        int rows = 7;
        int columns = 61;
        float[] product = KernelFixture.values(rows * columns, random);
        float[] bias = KernelFixture.values(columns, random);
        long out = gpu.output(rows * columns);
        long pre = gpu.output(rows * columns);
        gpu.run(
                Kernel.LINEAR_FINISH,
                new int[] {1},
                256,
                out,
                pre,
                gpu.floats(product),
                gpu.floats(bias),
                rows,
                columns,
                function.ordinal());

        var expectedPre = new float[rows * columns];
        var expected = new float[rows * columns];
        for (int i = 0; i < expected.length; i++) {
            expectedPre[i] = product[i] + bias[i % columns];
            expected[i] = Formulas.activate(function, expectedPre[i]);
        }
        LinearCase.requireSameBits("before the function", expectedPre, gpu.read(pre, expected.length));
        LinearCase.requireSameBits("out", expected, gpu.read(out, expected.length));
    }

    @Test
    void withoutBiasAndFunctionAProductStaysInPlace() {
        float[] product = KernelFixture.values(300, random);
        long memory = gpu.floats(product);
        gpu.run(Kernel.LINEAR_FINISH, new int[] {2}, 256, memory, null, memory, null, 3, 100, -1);
        LinearCase.requireSameBits("in place", product, gpu.read(memory, 300));
    }
}
