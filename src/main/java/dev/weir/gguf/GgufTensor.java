package dev.weir.gguf;

import dev.weir.tensor.DType;
import dev.weir.tensor.Int8Blocks;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.List;

/**
 * A tensor of a file.
 *
 * @param shape row-major, the last extent varies fastest; the file has it the other way round
 * @param data the elements, little-endian; of a file that was opened, valid until it is closed
 */
public record GgufTensor(String name, ElementType type, List<Long> shape, MemorySegment data) {

    private static final ValueLayout.OfShort SCALE =
            ValueLayout.JAVA_SHORT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

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
        if (shape.getLast() % type.blockElements() != 0) {
            throw new IllegalArgumentException("tensor " + name + ": expected a last extent of whole blocks of "
                    + type.blockElements() + ", got " + shape);
        }
        if (data.byteSize() != bytes(type, shape)) {
            throw new IllegalArgumentException("tensor " + name + ": expected " + bytes(type, shape) + " bytes for "
                    + type + " " + shape + ", got " + data.byteSize());
        }
    }

    /** Elements that are stored one by one. */
    public GgufTensor(String name, DType dtype, List<Long> shape, MemorySegment data) {
        this(
                name,
                ElementType.of(dtype)
                        .orElseThrow(() -> new IllegalArgumentException(
                                "tensor " + name + ": expected a type that GGUF has, got " + dtype.label())),
                shape,
                data);
    }

    /** A float32 vector. */
    public static GgufTensor of(String name, float[] vector) {
        return new GgufTensor(
                name, DType.FLOAT32, List.of((long) vector.length), MemorySegment.ofArray(vector.clone()));
    }

    /** The type of an element. */
    public DType dtype() {
        return type.dtype();
    }

    /** Number of elements. */
    public long elements() {
        return data.byteSize() / type.blockBytes() * type.blockElements();
    }

    /** Its elements as floats, widened or rounded to nearest. */
    public float[] floats() {
        float[] values = new float[Math.toIntExact(elements())];
        for (int i = 0; i < values.length; i++) {
            values[i] = type == ElementType.Q8_0 ? quantized(i) : dtype().read(data, (long) i * dtype().bytes());
        }
        return values;
    }

    private float quantized(int index) {
        long block = (long) (index / type.blockElements()) * type.blockBytes();
        byte q = data.get(ValueLayout.JAVA_BYTE, block + Short.BYTES + index % type.blockElements());
        return Int8Blocks.widen(q, data.get(SCALE, block));
    }

    /** @throws ArithmeticException at 2^63 and beyond */
    static long bytes(ElementType type, List<Long> shape) {
        long bytes = type.blockBytes();
        for (long extent : shape) {
            bytes = Math.multiplyExact(bytes, extent);
        }
        return bytes / type.blockElements();
    }
}
