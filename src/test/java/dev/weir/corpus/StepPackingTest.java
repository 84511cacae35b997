package dev.weir.corpus;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.NoSuchElementException;
import java.util.Random;
import java.util.stream.IntStream;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import org.junit.jupiter.api.Test;

class StepPackingTest {

    private static Manifest.Shard shard(int first, int sequences) {
        return new Manifest.Shard("shard", first, sequences, 0, 0, null);
    }

    @Property(tries = 300)
    void everyTokenComesOnceInOrderAndContinuesItsSlot(
            @ForAll long seed,
            @ForAll @IntRange(min = 1, max = 9) int slots,
            @ForAll @IntRange(min = 1, max = 200) int rows) {
        var random = new Random(seed);
        var prompts = new TokenizedPrompts(IntStream.range(0, 1 + random.nextInt(60))
                .mapToObj(i -> random.ints(1 + random.nextInt(40), 0, 1000).toArray())
                .toList());
        int first = random.nextInt(prompts.count());
        var steps = new StepPacking(prompts, shard(first, prompts.count() - first), new StepLimits(rows, slots));
        var lengths = new HashMap<Integer, Integer>(); // of what each slot holds
        int sequence = first;
        int position = 0;
        while (steps.hasNext()) {
            PackedStep step = steps.next();
            step.beginning().forEach(slot -> lengths.put(slot, 0));
            assertTrue(step.rows().count() <= rows);
            for (int r = 0; r < step.rows().count(); r++) {
                assertEquals(sequence, step.sequences()[r]);
                assertEquals(position, step.rows().positions()[r]);
                assertEquals(prompts.token(sequence, position), step.rows().tokens()[r]);
                assertEquals(position, lengths.merge(step.rows().slots()[r], 1, Integer::sum) - 1);
                position++;
                if (position == prompts.length(sequence)) {
                    sequence++;
                    position = 0;
                }
            }
            long sequencesInStep = IntStream.of(step.sequences()).distinct().count();
            assertEquals(
                    sequencesInStep,
                    IntStream.of(step.rows().slots()).distinct().count());
        }
        assertEquals(prompts.count(), sequence);
    }

    @Test
    void stepsAreFullWhileThereAreSlots() {
        var steps = new StepPacking(Corpora.prompts(100, 7), shard(0, 100), new StepLimits(64, 20));
        var rows = new ArrayList<Integer>();
        steps.forEachRemaining(step -> rows.add(step.rows().count()));
        assertEquals(List.of(64, 64, 64, 64, 64, 64, 64, 64, 64, 64, 60), rows);
    }

    @Test
    void whereSlotsRunOutStepsHaveFewSizes() {
        var steps = new StepPacking(Corpora.prompts(100, 7), shard(0, 100), new StepLimits(512, 20));
        var rows = new ArrayList<Integer>();
        steps.forEachRemaining(step -> rows.add(step.rows().count()));
        assertEquals(List.of(128, 128, 128, 128, 128, 60), rows);
        assertFalse(steps.hasNext());
        assertThrows(NoSuchElementException.class, steps::next);
    }
}
