package dev.weir.backend;

import dev.weir.tensor.DType;
import java.lang.foreign.MemorySegment;

/**
 * Where the elements of a weight are, without moving them: element (r, c) of the tensor is stored at index {@code offset + r *
 * rowStride + c * columnStride} of the data. A slice of a fused matrix and a transposed matrix are views, not copies.
 *
 * @param data the bytes of the tensor in its file, not necessarily aligned
 * @param type how an element is stored there
 */
public record WeightView(MemorySegment data, DType type, long offset, long rowStride, long columnStride) {

    /** A whole matrix, row-major. */
    public static WeightView rowMajor(MemorySegment data, DType type, int columns) {
        return new WeightView(data, type, 0, columns, 1);
    }

    /** One element, widened or rounded to float32. */
    public float at(long row, long column) {
        return type.read(data, (offset + row * rowStride + column * columnStride) * type.bytes());
    }
}
