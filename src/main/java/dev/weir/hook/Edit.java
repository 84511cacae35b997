package dev.weir.hook;

import java.util.Arrays;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** A write to a value of the forward pass. What comes after sees the new value, and so does a tap at the same point. */
public sealed interface Edit {

    /**
     * Runs Java on the rows of every step, which may change them or only look. It brings the value to the host and back, and so it
     * cuts a captured graph in two. An exception that it throws reaches the caller; the step has then not happened and can be
     * retried. The machine is busy with the step meanwhile, so a function that waits for another thread that uses the same machine
     * waits forever.
     */
    record OnHost(HostFunction function) implements Edit {}

    /**
     * Arithmetic on rows, as an op among the others: nothing stops for it, and edits that differ in values, strength, positions or
     * heads run the same plan. Rows at other positions and values of other heads stay as they are, to the bit.
     *
     * @param operand the rows that are added, put there or projected out; none to scale
     * @param strength the factor; a replacement has no use for it
     * @param span the positions that are changed
     * @param heads the heads that are changed, at points that have heads
     */
    record OnMachine(Arithmetic arithmetic, Optional<Operand> operand, float strength, Span span, Heads heads)
            implements Edit {

        public OnMachine {
            if (operand.isPresent() == (arithmetic == Arithmetic.SCALE)) {
                throw new IllegalArgumentException("edit " + arithmetic + ": expected "
                        + (operand.isPresent() ? "no operand, got one" : "an operand, got none"));
            }
            if (!Float.isFinite(strength)) {
                throw new IllegalArgumentException("edit strength: expected a finite number, got " + strength);
            }
        }

        private static OnMachine everywhere(Arithmetic arithmetic, Optional<Operand> operand, float strength) {
            return new OnMachine(arithmetic, operand, strength, Span.ALL, Heads.ALL);
        }

        /** The same at these positions only. */
        public OnMachine at(Span positions) {
            return new OnMachine(arithmetic, operand, strength, positions, heads);
        }

        /** The same for the positions from this one up to, and not with, that one, see {@link Span#between}. */
        public OnMachine between(int first, int end) {
            return at(Span.between(first, end));
        }

        /** The same, so strongly. */
        public OnMachine withStrength(float factor) {
            return new OnMachine(arithmetic, operand, factor, span, heads);
        }

        /**
         * The same for these heads only. A direction that is projected out is taken as it is, over all heads: one of a head is zero
         * in the others.
         */
        public OnMachine onHeads(int... numbers) {
            return new OnMachine(arithmetic, operand, strength, span, Heads.of(numbers));
        }
    }

    /** What an edit on the machine makes of a row x, its operand's row v and its strength s. {@code docs/numerics.md} has the bits. */
    enum Arithmetic {
        /** x + s v */
        ADD,
        /** s x */
        SCALE,
        /** v */
        REPLACE,
        /** x - s (x . v) v: of an x along v nothing is left if v is as long as one and s is 1 */
        PROJECT_OUT
    }

    /**
     * The values of an edit: one row for every position, or a row for each. Positions after the last row take the last. Operands of
     * equal values are equal.
     *
     * @param values float32, row-major [rows, columns of the point]; of {@code [H, dh]} points a row holds the heads one after another,
     *     and of {@code [H, Q, K]} points the keys of one head after those of another, of each as many as there are: keys that it does
     *     not have are 0. A row of one value stands for that value in every column. They are copied when it is made and are not to
     *     be changed afterwards.
     */
    record Operand(float[] values, int rows) {

        public Operand {
            if (rows < 1 || values.length == 0 || values.length % rows != 0) {
                throw new IllegalArgumentException("edit operand: expected one or more rows of equal length, got "
                        + values.length + " values in " + rows + " rows");
            }
            values = values.clone();
            for (int i = 0; i < values.length; i++) {
                if (Float.isNaN(values[i])) {
                    int columns = values.length / rows;
                    throw new IllegalArgumentException("edit operand: expected numbers, got NaN in row " + i / columns
                            + ", column " + i % columns);
                }
            }
        }

        /** Values of a row. */
        public int columns() {
            return values.length / rows;
        }

        @Override
        public boolean equals(@Nullable Object that) {
            return this == that
                    || (that instanceof Operand other && rows == other.rows && Arrays.equals(values, other.values));
        }

        @Override
        public int hashCode() {
            return Arrays.hashCode(values);
        }
    }

    /** Adds a vector, so many times, at every position. */
    static OnMachine add(float[] vector, float strength) {
        return add(vector, 1, strength);
    }

    /**
     * Adds a row of its own, so many times, at each position; positions after the last row get the last.
     *
     * @param rows row-major [count, columns of the point]
     */
    static OnMachine add(float[] rows, int count, float strength) {
        return OnMachine.everywhere(Arithmetic.ADD, Optional.of(new Operand(rows, count)), strength);
    }

    /** Multiplies every value. */
    static OnMachine scale(float factor) {
        return OnMachine.everywhere(Arithmetic.SCALE, Optional.empty(), factor);
    }

    /** Multiplies every value by zero: what is added of a branch is then nothing. */
    static OnMachine zero() {
        return scale(0);
    }

    /**
     * Puts other rows there: position p gets row p, and positions after the last row get the last.
     *
     * @param rows row-major [count, columns of the point]
     */
    static OnMachine replace(float[] rows, int count) {
        return OnMachine.everywhere(Arithmetic.REPLACE, Optional.of(new Operand(rows, count)), 1);
    }

    /** Puts one value everywhere. */
    static OnMachine fill(float value) {
        return replace(new float[] {value}, 1);
    }

    /** Takes away what lies along a direction, whose length does not matter. */
    static OnMachine projectOut(float[] direction) {
        var unit = new Operand(unit(direction), 1);
        return OnMachine.everywhere(Arithmetic.PROJECT_OUT, Optional.of(unit), 1);
    }

    private static float[] unit(float[] direction) {
        double square = 0;
        for (float value : direction) {
            square += (double) value * value;
        }
        double length = Math.sqrt(square);
        if (length == 0 || !Double.isFinite(length)) {
            throw new IllegalArgumentException(
                    "edit direction: expected one of finite length above zero, got length " + length);
        }
        var unit = new float[direction.length];
        for (int i = 0; i < unit.length; i++) {
            unit[i] = (float) (direction[i] / length);
        }
        return unit;
    }

    /** Changes values in place. */
    @FunctionalInterface
    interface HostFunction {
        /**
         * Changes the rows of one step at one point. It is called once a step, with the rows of those slots that it is to change.
         *
         * @param point where
         * @param rows which token, position and slot each row is
         * @param values float32, row-major [rows, columns]; of {@code [H, dh]} points a row holds the heads one after another
         * @param columns values per row
         */
        void apply(HookPoint point, Rows rows, float[] values, int columns);
    }
}
