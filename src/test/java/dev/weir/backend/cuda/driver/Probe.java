package dev.weir.backend.cuda.driver;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.List;

/** The kernels of {@code src/test/software-gpu/kernels/probe.cu}, and floats to and from the device. */
final class Probe {

    private Probe() {}

    static byte[] ptx() {
        try (InputStream text = Probe.class.getResourceAsStream("probe.ptx")) {
            return text.readAllBytes();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    static KernelModule load(Gpu gpu) {
        return gpu.module("probe", List.of(ptx()));
    }

    static Launch add(KernelModule probe, DeviceMemory values, float by) {
        int count = Math.toIntExact(values.bytes() / Float.BYTES);
        return Launch.of(
                "adding",
                probe.function("probe_add"),
                new int[] {(count + 63) / 64},
                new int[] {64},
                0,
                values.address(),
                by,
                count);
    }

    /** Writes to the address 0. */
    static Launch fault(KernelModule probe) {
        return Launch.of("faulting", probe.function("probe_fault"), new int[] {1}, new int[] {32}, 0, 0L);
    }

    static DeviceMemory floats(Gpu gpu, Stream stream, float... values) {
        DeviceMemory memory = gpu.allocate((long) Float.BYTES * values.length, "floats");
        try (var arena = Arena.ofConfined()) {
            stream.copyIn(memory.address(), arena.allocateFrom(ValueLayout.JAVA_FLOAT, values));
        }
        return memory;
    }

    static float[] read(Stream stream, DeviceMemory memory) {
        try (var arena = Arena.ofConfined()) {
            MemorySegment host = arena.allocate(memory.bytes(), Float.BYTES);
            stream.copyOut(host, memory.address());
            stream.synchronize();
            return host.toArray(ValueLayout.JAVA_FLOAT);
        }
    }
}
