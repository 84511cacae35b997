package dev.weir.safetensors;

import dev.weir.tensor.DType;
import java.util.List;

/**
 * What a header says of one tensor, except where it lies: tensors lie one after the other.
 *
 * @param shape row-major; an empty shape is one element
 */
public record Declaration(String name, DType dtype, List<Long> shape) {

    /** @throws IllegalArgumentException for a name that the format reserves, a negative extent, or 2^63 bytes and more */
    public Declaration {
        shape = List.copyOf(shape);
        if (name.equals(Header.METADATA)) {
            throw new IllegalArgumentException(
                    "tensor name: expected any but '" + name + "', which the format reserves");
        }
        if (shape.stream().anyMatch(extent -> extent < 0)) {
            throw new IllegalArgumentException("tensor " + name + ": expected extents of zero or more, got " + shape);
        }
        try {
            bytes(dtype, shape);
        } catch (ArithmeticException e) {
            throw new IllegalArgumentException("tensor " + name + ": expected less than 2^63 bytes, got " + shape, e);
        }
    }

    /** Number of elements. */
    public long elements() {
        return bytes() / dtype.bytes();
    }

    /** Bytes of the data. */
    public long bytes() {
        return bytes(dtype, shape);
    }

    /** @throws ArithmeticException at 2^63 and beyond, even if a later extent is zero, as the reference implementation does */
    static long bytes(DType dtype, List<Long> shape) {
        long elements = 1;
        for (long extent : shape) {
            elements = Math.multiplyExact(elements, extent);
        }
        return Math.multiplyExact(elements, dtype.bytes());
    }
}
