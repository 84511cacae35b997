package dev.weir.tensor;

/**
 * A named matrix, row-major. It says what a value is; where it lives is the planner's business and the machine's.
 *
 * @param id unique within a program
 * @param name for people: plans, errors, profiles
 * @param rows a vector has one
 */
public record Tensor(int id, String name, DType type, int rows, int columns, Role role) {

    /** How long a tensor lives. */
    public enum Role {
        /** Read-only for the life of the model. */
        WEIGHT,
        /** Outlives a step: the KV cache, and everything that varies from step to step. */
        STATE,
        /** Born and used within one step. */
        VALUE
    }

    public Tensor {
        if (rows <= 0 || columns <= 0) {
            throw new IllegalArgumentException(
                    "tensor " + name + ": expected rows and columns above zero, got " + rows + " x " + columns);
        }
    }

    /** Number of elements. */
    public long size() {
        return (long) rows * columns;
    }

    /** Bytes that the elements take, without padding. */
    public long bytes() {
        return size() * type.bytes();
    }

    /** Rows by columns, for errors and listings: {@code [12x768]}. */
    public String shape() {
        return "[" + rows + "x" + columns + "]";
    }

    @Override
    public String toString() {
        return name + shape();
    }
}
