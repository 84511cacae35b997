package dev.weir.hook;

/** A write to a value of the forward pass. What comes after sees the new value, and so does a tap at the same point. */
public sealed interface Edit {

    /**
     * Runs Java on the rows of every step. It brings the value to the host and back, and so it cuts a captured graph in two. An
     * exception that it throws reaches the caller; the step has then not happened and can be retried.
     */
    record OnHost(HostFunction function) implements Edit {}

    /** Changes values in place. */
    @FunctionalInterface
    interface HostFunction {
        /**
         * Changes the rows of one step at one point.
         *
         * @param point where
         * @param rows which token, position and slot each row is
         * @param values float32, row-major [rows, columns]; of {@code [H, dh]} points a row holds the heads one after another
         * @param columns values per row
         */
        void apply(HookPoint point, Rows rows, float[] values, int columns);
    }
}
