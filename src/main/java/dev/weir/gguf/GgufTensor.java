package dev.weir.gguf;

import dev.weir.tensor.DType;
import java.lang.foreign.MemorySegment;
import java.nio.charset.StandardCharsets;
import java.util.List;

/**
 * A tensor of a file.
 *
 * @param shape row-major, the last extent varies fastest; the file has it the other way round
 * @param data the elements, little-endian; of a file that was opened, valid until it is closed
 */
public record GgufTensor(String name, DType dtype, List<Long> shape, MemorySegment data) {

    /** llama.cpp reads no higher rank. */
    static final int HIGHEST_RANK = 4;

    /** llama.cpp reads no longer name. */
    static final int LONGEST_NAME_BYTES = 63;

    /** @throws IllegalArgumentException for what llama.cpp could not read, or if the data are not as many bytes as the shape asks for */
    public GgufTensor {
        shape = List.copyOf(shape);
        int nameBytes = name.getBytes(StandardCharsets.UTF_8).length;
        if (nameBytes == 0 || nameBytes > LONGEST_NAME_BYTES) {
            throw new IllegalArgumentException("tensor " + GgufException.quoted(name) + ": expected a name of 1 to "
                    + LONGEST_NAME_BYTES + " bytes, got " + nameBytes);
        }
        if (shape.isEmpty() || shape.size() > HIGHEST_RANK || shape.stream().anyMatch(extent -> extent <= 0)) {
            throw new IllegalArgumentException(
                    "tensor " + name + ": expected 1 to " + HIGHEST_RANK + " extents above zero, got " + shape);
        }
        if (ElementType.of(dtype).isEmpty()) {
            throw new IllegalArgumentException(
                    "tensor " + name + ": expected a type that GGUF has, got " + dtype.label());
        }
        if (data.byteSize() != bytes(dtype, shape)) {
            throw new IllegalArgumentException("tensor " + name + ": expected " + bytes(dtype, shape) + " bytes for "
                    + dtype.label() + " " + shape + ", got " + data.byteSize());
        }
    }

    /** A float32 vector. */
    public static GgufTensor of(String name, float[] vector) {
        return new GgufTensor(
                name, DType.FLOAT32, List.of((long) vector.length), MemorySegment.ofArray(vector.clone()));
    }

    /** Number of elements. */
    public long elements() {
        return data.byteSize() / dtype.bytes();
    }

    /** Its elements as floats, widened or rounded to nearest. */
    public float[] floats() {
        float[] values = new float[Math.toIntExact(elements())];
        for (int i = 0; i < values.length; i++) {
            values[i] = dtype.read(data, (long) i * dtype.bytes());
        }
        return values;
    }

    /** @throws ArithmeticException at 2^63 and beyond */
    static long bytes(DType dtype, List<Long> shape) {
        long bytes = dtype.bytes();
        for (long extent : shape) {
            bytes = Math.multiplyExact(bytes, extent);
        }
        return bytes;
    }
}
