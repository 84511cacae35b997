package dev.weir.batching;

import dev.weir.program.Pages;

/**
 * What a {@link Scheduler} may take of a machine.
 *
 * @param sequences requests that run at a time, the most rows of a step that only decodes
 * @param rowsPerStep the most rows of a step: what the running requests leave of them is for prompts, a chunk at a time
 * @param pageRows positions of a page of keys and values, a power of two of at least 32; prompts share whole pages
 * @param pages pages of keys and values; a request is admitted when all that it may need are free
 * @param queue requests that are accepted beyond those that may run at a time; one more is refused
 * @param sharesPrefixes whether pages of prompts that begin alike are computed once
 * @param tracedPrefixBytes host memory for what was traced of shared pages, so that a trace of a shared prompt needs no second pass
 */
public record Limits(
        int sequences,
        int rowsPerStep,
        int pageRows,
        int pages,
        int queue,
        boolean sharesPrefixes,
        long tracedPrefixBytes) {

    /** Limits that fit together. */
    public Limits {
        require(sequences > 0, "sequences", "above 0", sequences);
        require(rowsPerStep >= sequences, "rows per step", "at least the " + sequences + " sequences", rowsPerStep);
        require(
                pageRows >= Pages.SMALLEST && Integer.bitCount(pageRows) == 1,
                "page rows",
                "a power of two of at least " + Pages.SMALLEST,
                pageRows);
        require(pages > 0, "pages", "above 0", pages);
        require(queue >= 0, "queue", "0 or more", queue);
        require(tracedPrefixBytes >= 0, "traced prefix bytes", "0 or more", tracedPrefixBytes);
    }

    private static void require(boolean holds, String name, String expected, Number got) {
        if (!holds) {
            throw new IllegalArgumentException(name + ": expected " + expected + ", got " + got);
        }
    }

    /** The same with so many running requests. */
    public Limits withSequences(int value) {
        int rows = Math.max(rowsPerStep, value);
        return new Limits(value, rows, pageRows, pages, queue, sharesPrefixes, tracedPrefixBytes);
    }

    /** The same with so many rows in a step. */
    public Limits withRowsPerStep(int value) {
        return new Limits(sequences, value, pageRows, pages, queue, sharesPrefixes, tracedPrefixBytes);
    }

    /** The same with so many pages of so many positions. */
    public Limits withPages(int count, int rows) {
        return new Limits(sequences, rowsPerStep, rows, count, queue, sharesPrefixes, tracedPrefixBytes);
    }

    /** The same with so many requests waiting. */
    public Limits withQueue(int value) {
        return new Limits(sequences, rowsPerStep, pageRows, pages, value, sharesPrefixes, tracedPrefixBytes);
    }

    /** The same, sharing the pages of prompts that begin alike or not. */
    public Limits withSharedPrefixes(boolean value) {
        return new Limits(sequences, rowsPerStep, pageRows, pages, queue, value, tracedPrefixBytes);
    }
}
