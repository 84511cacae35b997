package dev.weir.backend.cpu;

import dev.weir.tensor.DType;
import java.lang.foreign.MemorySegment;
import java.util.Optional;
import java.util.function.LongFunction;

/**
 * Somebody else's product of many rows with a matrix, for machines with instructions that no Java code reaches. Its sums have an
 * order of their own, so whoever asks for it gives up that every value has the same bits on every path; it is never asked for by
 * itself, and never makes logits.
 */
public interface MatrixLibrary {

    /** For people: which library, which instructions. */
    String description();

    /** The fewest rows that pay for it. Fewer are multiplied by {@link Kernels}. */
    int fewestRows();

    /** The type that rows must have to meet matrices of a type; nothing if the library does not multiply with those here. */
    Optional<DType> rowType(DType weights);

    /** What one thread multiplies with. */
    Multiplier multiplier();

    /** A matrix as the library wants it. It lives as long as the memory that it was given. */
    interface Matrix {}

    /** One thread's own. */
    interface Multiplier extends AutoCloseable {

        /**
         * Takes a matrix over.
         *
         * @param values of the type, [depth, columns], row after row without gaps
         * @param memory makes room for what the library keeps, by its bytes
         */
        Matrix pack(DType type, int depth, int columns, MemorySegment values, LongFunction<MemorySegment> memory);

        /**
         * out = x matrix
         *
         * @param x rows of the type that the matrix wants, {@code xStride} elements apart
         * @param out where row 0 goes, of float32
         */
        void multiply(MemorySegment x, long xStride, int rows, Matrix matrix, Window out);

        @Override
        void close();
    }
}
