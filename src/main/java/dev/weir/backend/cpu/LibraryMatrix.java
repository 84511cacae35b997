package dev.weir.backend.cpu;

import dev.weir.tensor.DType;
import java.util.List;

/**
 * A matrix that a library multiplies with, cut into parts of neighbouring columns, each small enough for a second-level cache and for
 * several threads to share the matrix.
 *
 * @param rowType what rows must be to meet it
 */
record LibraryMatrix(DType rowType, int depth, List<Part> parts) {

    /** Columns of a part at most; the parts of a matrix are as even as they go. */
    private static final int PART_COLUMNS = 512;

    /** Some columns. */
    record Part(int fromColumn, int columns, MatrixLibrary.Matrix matrix) {}

    /** How many parts a matrix has. */
    static int parts(int columns) {
        return Math.ceilDiv(columns, PART_COLUMNS);
    }

    /** The first column of a part, which is the end of the one before. */
    static int fromColumn(int part, int columns) {
        return Math.toIntExact((long) columns * part / parts(columns));
    }
}
