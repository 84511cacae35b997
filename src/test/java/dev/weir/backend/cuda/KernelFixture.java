package dev.weir.backend.cuda;

import static org.junit.jupiter.api.Assertions.fail;

import dev.weir.backend.cuda.driver.Gpu;
import dev.weir.backend.cuda.driver.Launch;
import dev.weir.backend.cuda.driver.Stream;
import dev.weir.tensor.DType;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Arrays;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;

/** A GPU for tests of single kernels: arrays go to it, a kernel runs, arrays come back. Closing gives everything back. */
final class KernelFixture implements AutoCloseable {

    /** Written over whatever a kernel is to write: NaN as a float, negative as an int. */
    private static final byte POISON = (byte) 0xff;

    private final Gpu gpu = Gpu.open(0);
    private final Stream stream = gpu.stream();
    private final KernelLibrary kernels = new KernelLibrary(gpu);

    /** Values between -1 and 1. */
    static float[] values(int count, RandomGenerator random) {
        var values = new float[count];
        for (int i = 0; i < count; i++) {
            values[i] = 2 * random.nextFloat() - 1;
        }
        return values;
    }

    /** The nearest values that a type has. */
    static float[] rounded(float[] values, DType type) {
        MemorySegment one = MemorySegment.ofArray(new long[1]);
        var rounded = new float[values.length];
        for (int i = 0; i < values.length; i++) {
            type.write(one, 0, values[i]);
            rounded[i] = type.read(one, 0);
        }
        return rounded;
    }

    long floats(float... values) {
        return copy(MemorySegment.ofArray(values));
    }

    /** Floats that begin 4 bytes past a multiple of 16. */
    long misalignedFloats(float... values) {
        var shifted = new float[values.length + 1];
        System.arraycopy(values, 0, shifted, 1, values.length);
        return floats(shifted) + Float.BYTES;
    }

    long ints(int... values) {
        return copy(MemorySegment.ofArray(values));
    }

    /**
     * A matrix as the machine keeps weights.
     *
     * @param outMajor [columns, depth], values that the type has
     */
    long weights(DType type, float[] outMajor, int depth) {
        int stride = WeightLayout.stride(depth, type);
        int lines = outMajor.length / depth;
        MemorySegment memory = MemorySegment.ofArray(new long[Math.ceilDiv(lines * stride * type.bytes(), Long.BYTES)]);
        for (int n = 0; n < lines; n++) {
            for (int k = 0; k < depth; k++) {
                type.write(memory, (long) (n * stride + k) * type.bytes(), outMajor[n * depth + k]);
            }
        }
        return copy(memory);
    }

    /** Room for floats or ints that a kernel is to write. */
    long output(int count) {
        long address = gpu.allocate((long) count * Float.BYTES, "a test").address();
        stream.fill(address, POISON, (long) count * Float.BYTES);
        return address;
    }

    private long copy(MemorySegment values) {
        long address = gpu.allocate(values.byteSize(), "a test").address();
        try (var arena = Arena.ofConfined()) {
            stream.copyIn(address, arena.allocate(values.byteSize(), Long.BYTES).copyFrom(values));
            stream.synchronize();
        }
        return address;
    }

    /**
     * Does something once with the threads of a block taking their turns forward, once with all checks and backward. A GPU that has no
     * such choice does it once.
     */
    static void inBothOrders(Runnable test) {
        if (!SoftwareGpu.isPresent()) {
            test.run();
            return;
        }
        try {
            test.run();
            SoftwareGpu.order(SoftwareGpu.Order.REVERSE);
            SoftwareGpu.checks(SoftwareGpu.Checks.ALL);
            test.run();
        } finally {
            SoftwareGpu.reset();
        }
    }

    /** Runs a kernel and waits for it; null is the address 0. */
    void run(Kernel kernel, int[] grid, int block, @Nullable Object... arguments) {
        runWithShared(kernel, grid, block, 0, arguments);
    }

    /** Runs a kernel that has so many bytes of dynamic shared memory. */
    void runWithShared(Kernel kernel, int[] grid, int block, int sharedBytes, @Nullable Object... arguments) {
        Object[] all =
                Arrays.stream(arguments).map(a -> a == null ? (Object) 0L : a).toArray();
        kernel.requireArguments(all);
        Launch.of("a test", kernels.function(kernel), grid, new int[] {block}, sharedBytes, all)
                .onAndWait(stream);
    }

    float[] read(long address, int count) {
        return bytes(address, count).toArray(ValueLayout.JAVA_FLOAT);
    }

    int[] readInts(long address, int count) {
        return bytes(address, count).toArray(ValueLayout.JAVA_INT);
    }

    private MemorySegment bytes(long address, int count) {
        MemorySegment host = Arena.ofAuto().allocate((long) count * Float.BYTES, Float.BYTES);
        stream.copyOut(host, address);
        stream.synchronize();
        return host;
    }

    /** Fails at the first float of other bits; every NaN is as good as another. */
    static void requireSame(String what, float[] expected, float[] got) {
        if (expected.length != got.length) {
            fail("%s: expected %d values, got %d".formatted(what, expected.length, got.length));
        }
        for (int i = 0; i < expected.length; i++) {
            if (Float.floatToIntBits(expected[i]) != Float.floatToIntBits(got[i])) {
                fail("%s: at %d of %d expected %a, got %a".formatted(what, i, expected.length, expected[i], got[i]));
            }
        }
    }

    @Override
    public void close() {
        gpu.close();
    }
}
