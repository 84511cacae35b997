package dev.weir.corpus;

import dev.weir.hook.Rows;
import java.util.List;

/**
 * The rows of one step, and whose they are.
 *
 * @param sequences the prompt of each row
 * @param beginning slots whose prompt begins in this step
 */
record PackedStep(Rows rows, int[] sequences, List<Integer> beginning) {}
