package dev.weir.backend.cpu;

import dev.weir.tensor.DType;

/** About how long work takes, in nanoseconds on one thread: enough to decide whether and how finely to share it. */
final class Costs {

    private static final double BYTES_PER_NANO = 10;
    private static final double FUSED_MULTIPLY_ADDS_PER_NANO = 40;
    private static final double ELEMENTS_PER_NANO = 2;
    private static final double SCATTERED_NANOS = 4;

    private Costs() {}

    /** Rows times so many panels of a matrix. */
    static double multiply(Panels w, int rows, int panels) {
        return multiply((double) w.depth() * w.width() * panels, w.type(), rows);
    }

    /** Rows times so many weights. */
    static double multiply(double weights, DType type, int rows) {
        return Math.max(weights * type.bytes() / BYTES_PER_NANO, weights * rows / FUSED_MULTIPLY_ADDS_PER_NANO);
    }

    /** Moving so many float32 values, or adding to them. */
    static double copy(double elements) {
        return elements / ELEMENTS_PER_NANO;
    }

    /** Moving so many float32 values to places that are far from each other. */
    static double scatter(double elements) {
        return elements * SCATTERED_NANOS;
    }

    /** A few passes or a function for each of so many values. */
    static double transform(double elements) {
        return 4 * elements / ELEMENTS_PER_NANO;
    }
}
