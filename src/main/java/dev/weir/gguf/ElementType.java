package dev.weir.gguf;

import dev.weir.tensor.DType;
import dev.weir.tensor.Int8Blocks;
import java.util.Arrays;
import java.util.Optional;

/** The types of elements that Weir reads, with their numbers in a file. All but the last are stored one by one. */
public enum ElementType {
    F32(0, DType.FLOAT32),
    F16(1, DType.FLOAT16),
    I8(24, DType.INT8),
    I16(25, DType.INT16),
    I32(26, DType.INT32),
    I64(27, DType.INT64),
    F64(28, DType.FLOAT64),
    BF16(30, DType.BFLOAT16),
    /** Blocks along the last axis: a scale in float16 and {@link Int8Blocks#LENGTH} whole numbers. */
    Q8_0(8, DType.INT8, Int8Blocks.LENGTH, Short.BYTES + Int8Blocks.LENGTH);

    private final int number;
    private final DType dtype;
    private final int blockElements;
    private final int blockBytes;

    ElementType(int number, DType dtype) {
        this(number, dtype, 1, dtype.bytes());
    }

    ElementType(int number, DType dtype, int blockElements, int blockBytes) {
        this.number = number;
        this.dtype = dtype;
        this.blockElements = blockElements;
        this.blockBytes = blockBytes;
    }

    int number() {
        return number;
    }

    /** Of one element. */
    public DType dtype() {
        return dtype;
    }

    /** Elements that are stored together; the last extent is a multiple of it. */
    public int blockElements() {
        return blockElements;
    }

    /** Bytes that they take. */
    public int blockBytes() {
        return blockBytes;
    }

    static Optional<ElementType> ofNumber(int number) {
        return Arrays.stream(values()).filter(type -> type.number == number).findFirst();
    }

    /** That stores elements one by one. */
    static Optional<ElementType> of(DType dtype) {
        return Arrays.stream(values())
                .filter(type -> type.dtype == dtype && type.blockElements == 1)
                .findFirst();
    }
}
