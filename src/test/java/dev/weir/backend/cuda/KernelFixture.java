package dev.weir.backend.cuda;

import static org.junit.jupiter.api.Assertions.fail;

import dev.weir.backend.cuda.driver.Gpu;
import dev.weir.backend.cuda.driver.KernelFunction;
import dev.weir.backend.cuda.driver.Launch;
import dev.weir.backend.cuda.driver.Stream;
import dev.weir.tensor.DType;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;

/**
 * A GPU for tests of single kernels: arrays go to it, a kernel runs, arrays come back. Every kernel runs twice and has to give the same
 * bits; the software GPU lets the threads take turns in forward and in reverse order, and watches for races the second time. Closing
 * gives everything back.
 */
final class KernelFixture implements AutoCloseable {

    /** Written over whatever a kernel is to write: NaN as a float, negative as an int. */
    private static final byte POISON = (byte) 0xff;

    private final Gpu gpu = Gpu.open(0);
    private final Stream stream = gpu.stream();
    private final KernelLibrary kernels = new KernelLibrary(gpu);
    /** What the next kernel is to write, and what is there before. */
    private final Map<Long, MemorySegment> outputs = new LinkedHashMap<>();

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

    /** Room for floats or ints that the next kernel is to write. */
    long output(int count) {
        return changing(
                Arena.ofAuto().allocate((long) count * Float.BYTES, Float.BYTES).fill(POISON));
    }

    /** Floats of which the next kernel is to change some. */
    long changing(float... values) {
        return changing(MemorySegment.ofArray(values));
    }

    /** Ints of which the next kernel is to change some. */
    long changing(int... values) {
        return changing(MemorySegment.ofArray(values));
    }

    private long changing(MemorySegment values) {
        MemorySegment before =
                Arena.ofAuto().allocate(values.byteSize(), Float.BYTES).copyFrom(values);
        long address = gpu.allocate(values.byteSize(), "a test").address();
        outputs.put(address, before);
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

    /** Runs a kernel, for which null is the address 0, twice over poisoned outputs. */
    void run(Kernel kernel, int[] grid, int block, @Nullable Object... arguments) {
        runWithShared(kernel, grid, block, 0, arguments);
    }

    /** The same for a kernel that has so many bytes of dynamic shared memory. */
    void runWithShared(Kernel kernel, int[] grid, int block, int sharedBytes, @Nullable Object... arguments) {
        Object[] all =
                Arrays.stream(arguments).map(a -> a == null ? (Object) 0L : a).toArray();
        kernel.requireArguments(Arrays.asList(all));
        KernelFunction function = kernels.function(kernel);
        function.allowShared(sharedBytes);
        Launch launch = Launch.of("a test", function, grid, new int[] {block}, sharedBytes, all);
        List<float[]> first = outputsOf(launch);
        if (SoftwareGpu.isPresent()) {
            SoftwareGpu.order(SoftwareGpu.Order.REVERSE);
            SoftwareGpu.checks(SoftwareGpu.Checks.ALL);
        }
        List<float[]> second = outputsOf(launch);
        if (SoftwareGpu.isPresent()) {
            SoftwareGpu.reset();
        }
        outputs.clear();
        for (int i = 0; i < first.size(); i++) {
            LinearCase.requireSameBits(kernel.entry() + ", run again", first.get(i), second.get(i));
        }
    }

    private List<float[]> outputsOf(Launch launch) {
        outputs.forEach((address, before) -> stream.copyIn(address, before));
        launch.onAndWait(stream);
        return outputs.entrySet().stream()
                .map(output ->
                        bytes(output.getKey(), output.getValue().byteSize()).toArray(ValueLayout.JAVA_FLOAT))
                .toList();
    }

    float[] read(long address, int count) {
        return bytes(address, (long) count * Float.BYTES).toArray(ValueLayout.JAVA_FLOAT);
    }

    int[] readInts(long address, int count) {
        return bytes(address, (long) count * Integer.BYTES).toArray(ValueLayout.JAVA_INT);
    }

    private MemorySegment bytes(long address, long bytes) {
        MemorySegment host = Arena.ofAuto().allocate(bytes, Float.BYTES);
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
