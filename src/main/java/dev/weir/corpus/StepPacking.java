package dev.weir.corpus;

import dev.weir.hook.Rows;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.NoSuchElementException;
import java.util.stream.IntStream;

/**
 * Prompts laid end to end and cut into steps of as many rows as the machine takes at once: a slot takes the next prompt as soon as its own is through,
 * and no row is padding. Rows come in the order of the prompts, so whoever writes them down writes from front to back.
 *
 * <p>Where prompts are so short that the slots run out before the rows, a step has a multiple of {@link #MULTIPLE} rows, and the
 * rest of its last prompt goes into the next: every number of rows is a plan of its own, and these are few.
 */
final class StepPacking implements Iterator<PackedStep> {

    private static final int MULTIPLE = 64;

    private final TokenizedPrompts prompts;
    private final int end;
    private final StepLimits limits;
    private int sequence;
    private int position;
    private int slot;

    /** The prompts of a shard. */
    StepPacking(TokenizedPrompts prompts, Manifest.Shard shard, StepLimits limits) {
        this.prompts = prompts;
        this.end = shard.firstSequence() + shard.sequences();
        this.limits = limits;
        this.sequence = shard.firstSequence();
    }

    @Override
    public boolean hasNext() {
        return sequence < end;
    }

    @Override
    public PackedStep next() {
        if (!hasNext()) {
            throw new NoSuchElementException("every prompt is through");
        }
        int count = rows();
        int[] slotOfRow = new int[count];
        int[] positions = new int[count];
        int[] tokens = new int[count];
        int[] sequences = new int[count];
        var beginning = new ArrayList<Integer>();
        for (int row = 0; row < count; row++) {
            if (position == 0) {
                beginning.add(slot);
            }
            slotOfRow[row] = slot;
            positions[row] = position;
            tokens[row] = prompts.token(sequence, position);
            sequences[row] = sequence;
            advance();
        }
        int[] outputs = {count - 1}; // a program always has a result; nobody reads it
        return new PackedStep(new Rows(slotOfRow, positions, tokens, outputs), sequences, beginning);
    }

    /** Rows of the step that comes. */
    private int rows() {
        int last = Math.min(end, sequence + limits.slots());
        int waiting = IntStream.range(sequence, last).map(prompts::length).sum() - position;
        if (waiting >= limits.rows()) {
            return limits.rows();
        }
        return last == end || waiting < MULTIPLE ? waiting : waiting - waiting % MULTIPLE;
    }

    private void advance() {
        position++;
        if (position == prompts.length(sequence)) {
            position = 0;
            sequence++;
            slot = (slot + 1) % limits.slots();
        }
    }
}
