package dev.weir.batching;

/**
 * The rows of one request in a step.
 *
 * @param firstRow of the step that is its
 * @param rows how many follow one another from there
 * @param wantsToken whether a token is to be chosen after the last of them
 * @param ofPrompt whether they are the prompt's
 */
record Share(Running running, int firstRow, int rows, boolean wantsToken, boolean ofPrompt) {

    /** The row after its last. */
    int endRow() {
        return firstRow + rows;
    }
}
