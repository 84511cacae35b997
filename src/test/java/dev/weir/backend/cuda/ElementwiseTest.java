package dev.weir.backend.cuda;

import static dev.weir.backend.cuda.KernelFixture.requireSame;

import dev.weir.backend.cpu.Formulas;
import dev.weir.program.Activation;
import java.util.Arrays;
import java.util.SplittableRandom;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

@Tag("cuda")
class ElementwiseTest {

    private static final int BLOCK = 256;
    private static final int[] COUNTS = {1, 3, 4, 1027};

    private final SplittableRandom random = new SplittableRandom(2);
    private KernelFixture gpu;

    @BeforeEach
    void open() {
        gpu = new KernelFixture();
    }

    @AfterEach
    void close() {
        gpu.close();
    }

    @Test
    void sumsAreRoundedOnceWhateverTheAddresses() {
        for (int count : COUNTS) {
            float[] a = KernelFixture.values(count, random);
            float[] b = KernelFixture.values(count, random);
            var expected = new float[count];
            for (int i = 0; i < count; i++) {
                expected[i] = a[i] + b[i];
            }
            requireSame(count + " aligned", expected, add(count, gpu.floats(a), gpu.floats(b)));
            requireSame(count + " misaligned", expected, add(count, gpu.floats(a), gpu.misalignedFloats(b)));
        }
    }

    private float[] add(int count, long a, long b) {
        long out = gpu.output(count);
        gpu.run(Kernel.ADD, new int[] {Math.ceilDiv(count, 4 * BLOCK)}, BLOCK, out, a, b, count);
        return gpu.read(out, count);
    }

    @ParameterizedTest
    @EnumSource
    void activationsHaveTheBitsOfTheirFormulas(Activation function) {
        float[] x = everyMagnitude();
        var expected = new float[x.length];
        for (int i = 0; i < x.length; i++) {
            expected[i] = Formulas.activate(function, x[i]);
        }
        requireSame("aligned", expected, activate(gpu.floats(x), x.length, function.ordinal()));
        requireSame("misaligned", expected, activate(gpu.misalignedFloats(x), x.length, function.ordinal()));
    }

    @Test
    void noFunctionIsACopy() {
        float[] x = KernelFixture.values(9, random);
        requireSame("copy", x, activate(gpu.floats(x), x.length, -1));
    }

    private float[] activate(long x, int count, int function) {
        long out = gpu.output(count);
        gpu.run(Kernel.ACTIVATE, new int[] {Math.ceilDiv(count, 4 * BLOCK)}, BLOCK, out, x, count, function);
        return gpu.read(out, count);
    }

    /** Zeros, infinities, NaN, the smallest numbers, and many of both signs from 2^-30 to 2^10. */
    private float[] everyMagnitude() {
        float[] special = {
            0,
            -0f,
            Float.POSITIVE_INFINITY,
            Float.NEGATIVE_INFINITY,
            Float.NaN,
            Float.MIN_VALUE,
            -Float.MIN_VALUE,
            16,
            -16
        };
        float[] x = Arrays.copyOf(special, 4001);
        for (int i = special.length; i < x.length; i++) {
            float magnitude = Math.scalb(1 + random.nextFloat(), i % 40 - 30);
            x[i] = random.nextBoolean() ? magnitude : -magnitude;
        }
        return x;
    }
}
