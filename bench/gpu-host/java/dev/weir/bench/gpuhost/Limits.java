package dev.weir.bench.gpuhost;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.weir.backend.cuda.driver.Cublas;
import dev.weir.backend.cuda.driver.DeviceMemory;
import dev.weir.backend.cuda.driver.Event;
import dev.weir.backend.cuda.driver.Gpu;
import dev.weir.backend.cuda.driver.Stream;
import dev.weir.bench.Sample;
import dev.weir.tensor.DType;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.file.Path;
import java.util.Optional;
import java.util.Random;
import java.util.function.DoubleUnaryOperator;

/** What the GPU does at most: a copy within its memory, and large matrix products through cuBLAS. */
final class Limits implements AutoCloseable {

    private static final int REPEATS = 20;
    private static final int WARM_UPS = 3;

    private final Lines lines;
    private final Gpu gpu;
    private final Stream stream;

    private Limits(Lines lines, int device) {
        this.lines = lines;
        this.gpu = Gpu.open(device);
        this.stream = gpu.stream();
    }

    /** Arguments: the file to add to, the device ({@code cuda} or {@code cuda:N}), and {@code yes} for a rehearsal. */
    public static void main(String[] arguments) throws IOException {
        int device = arguments[1].contains(":") ? Integer.parseInt(arguments[1].split(":")[1]) : 0;
        boolean rehearsal = arguments[2].equals("yes");
        try (var limits = new Limits(new Lines(Path.of(arguments[0])), device)) {
            limits.copy(rehearsal ? 1 << 20 : 1L << 30);
            limits.products(rehearsal ? 64 : 8192);
        }
    }

    /** Bytes read and bytes written both count. */
    private void copy(long bytes) throws IOException {
        try (DeviceMemory from = noise(bytes);
                DeviceMemory to = gpu.allocate(bytes, "the target of a copy")) {
            record("copy", "GB/s", millis -> 2 * bytes / millis / 1e6, () -> {
                stream.copy(to.address(), from.address(), bytes);
            });
        }
    }

    private void products(int size) throws IOException {
        System.out.println(gpu.cublasStatus());
        Optional<Cublas> found = gpu.cublas();
        if (found.isEmpty()) {
            return;
        }
        try (Cublas cublas = found.get()) {
            product(cublas, "float32", DType.FLOAT32, false, size);
            product(cublas, "tf32", DType.FLOAT32, true, size);
            product(cublas, "bfloat16", DType.BFLOAT16, false, size);
            product(cublas, "float16", DType.FLOAT16, false, size);
        }
    }

    private void product(Cublas cublas, String label, DType type, boolean tf32, int size) throws IOException {
        long elements = (long) size * size;
        double operations = 2.0 * size * size * size;
        try (DeviceMemory x = noise(elements * type.bytes());
                DeviceMemory weights = noise(elements * type.bytes());
                DeviceMemory out = gpu.allocate(elements * Float.BYTES, "products")) {
            record("matmul " + label, "TFLOP/s", millis -> operations / millis / 1e9, () -> {
                cublas.multiply(
                        stream,
                        type,
                        tf32,
                        size,
                        size,
                        size,
                        x.address(),
                        size,
                        weights.address(),
                        size,
                        out.address());
            });
        }
    }

    private void record(String name, String unit, DoubleUnaryOperator rateOfMillis, Runnable work) throws IOException {
        double[] rates = new double[REPEATS];
        try (Event begin = gpu.event();
                Event end = gpu.event()) {
            for (int turn = -WARM_UPS; turn < REPEATS; turn++) {
                stream.record(begin);
                work.run();
                stream.record(end);
                end.synchronize();
                if (turn >= 0) {
                    rates[turn] = rateOfMillis.applyAsDouble(end.millisSince(begin));
                }
            }
        }
        var sample = new Sample(rates);
        ObjectNode line = Lines.line();
        line.put("case", name);
        line.put("engine", name.equals("copy") ? "cuMemcpyDtoD" : "JCublas");
        line.put("median", sample.median());
        line.put("min", sample.min());
        line.put("max", sample.max());
        line.put("unit", unit);
        lines.add(line);
    }

    /** Bits that are numbers of ordinary size in every type, for zeros are quick to multiply. */
    private DeviceMemory noise(long bytes) {
        DeviceMemory memory = gpu.allocate(bytes, "noise");
        try (Arena arena = Arena.ofConfined()) {
            byte[] pattern = new byte[1 << 16];
            new Random(1).nextBytes(pattern);
            for (int i = 1; i < pattern.length; i += 2) {
                pattern[i] = (byte) (pattern[i] & 0x80 | 0x3c | pattern[i] & 0x03); // sign, exponent near that of one
            }
            MemorySegment host = arena.allocate(bytes, Float.BYTES);
            for (long at = 0; at < bytes; at += pattern.length) {
                long count = Math.min(pattern.length, bytes - at);
                MemorySegment.copy(MemorySegment.ofArray(pattern), 0, host, at, count);
            }
            stream.copyIn(memory.address(), host);
            stream.synchronize();
        }
        return memory;
    }

    @Override
    public void close() {
        gpu.close();
    }
}
