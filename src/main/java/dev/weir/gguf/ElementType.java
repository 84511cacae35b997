package dev.weir.gguf;

import dev.weir.tensor.DType;
import java.util.Arrays;
import java.util.Optional;

/** The types of elements that are stored one by one, with their numbers in a file. The others are quantized, in blocks. */
enum ElementType {
    F32(0, DType.FLOAT32),
    F16(1, DType.FLOAT16),
    I8(24, DType.INT8),
    I16(25, DType.INT16),
    I32(26, DType.INT32),
    I64(27, DType.INT64),
    F64(28, DType.FLOAT64),
    BF16(30, DType.BFLOAT16);

    private final int number;
    private final DType dtype;

    ElementType(int number, DType dtype) {
        this.number = number;
        this.dtype = dtype;
    }

    int number() {
        return number;
    }

    DType dtype() {
        return dtype;
    }

    static Optional<ElementType> ofNumber(int number) {
        return Arrays.stream(values()).filter(type -> type.number == number).findFirst();
    }

    static Optional<ElementType> of(DType dtype) {
        return Arrays.stream(values()).filter(type -> type.dtype == dtype).findFirst();
    }
}
