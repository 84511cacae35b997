package dev.weir.backend.cuda;

import dev.weir.tensor.DType;
import java.util.SplittableRandom;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

@Tag("cuda")
class HeadResultsTest {

    private final SplittableRandom random = new SplittableRandom(8);
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
    @EnumSource(names = {"FLOAT32", "BFLOAT16", "FLOAT16"})
    void theResultOfAHeadIsAChainOverItsWidth(DType type) {
        check(type, 1, 1, 1, 1);
        check(type, 3, 5, 7, 35);
        check(type, 66, 2, 16, 65);
        check(type, 2, 3, 20, 60);
    }

    private void check(DType type, int rows, int heads, int headWidth, int columns) {
        int depth = heads * headWidth;
        float[] z = KernelFixture.values(rows * depth, random);
        float[] weight = KernelFixture.rounded(KernelFixture.values(columns * depth, random), type);
        int count = rows * heads * columns;
        long out = gpu.output(count);
        gpu.run(
                Kernel.of("HEAD_RESULTS", type),
                new int[] {Math.ceilDiv(columns, 64), Math.ceilDiv(rows, 64), heads},
                128,
                out,
                gpu.floats(z),
                gpu.weights(type, weight, depth),
                heads,
                headWidth,
                WeightLayout.stride(depth, type),
                columns,
                rows);

        var expected = new float[count];
        for (int i = 0; i < count; i++) {
            int n = i % columns;
            int first = i / columns % heads * headWidth;
            int row = i / columns / heads;
            for (int k = first; k < first + headWidth; k++) {
                expected[i] = Math.fma(z[row * depth + k], weight[n * depth + k], expected[i]);
            }
        }
        String what = rows + " rows, " + heads + " heads of " + headWidth + ", " + columns + " columns";
        LinearCase.requireSameBits(what, expected, gpu.read(out, count));
    }
}
