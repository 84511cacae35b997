package dev.weir.backend.cpu;

import dev.weir.hook.Rows;
import dev.weir.program.SamplerSettings;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/**
 * Chooses the next token of each wanted row. A worker takes a whole row; the logits stay as they are, because somebody may look at
 * them.
 */
record SampleStage(
        Workers workers,
        Window logits,
        int vocabulary,
        MemorySegment samplers,
        MemorySegment seen,
        MemorySegment chosen)
        implements Stage {

    @Override
    public void run(Rows rows) {
        int[] outputs = rows.outputs();
        workers.run(outputs.length, Costs.transform(vocabulary), (worker, from, to) -> {
            for (int output = from; output < to; output++) {
                int row = outputs[output];
                int token = choose(worker, logits.from(output, 0), rows.slots()[row], rows.positions()[row]);
                chosen.setAtIndex(ValueLayout.JAVA_INT, output, token);
            }
        });
    }

    /** The token, or -1 - t where the logit of token t is the first that is NaN. */
    private int choose(Worker worker, Window logitsOfRow, int slot, int position) {
        SamplerSettings settings = settings(slot);
        if (settings.greedy() && !settings.penalises()) {
            return choose(worker, logitsOfRow, settings, position);
        }
        Window row = worker.rows(1, vocabulary);
        long bytes = (long) vocabulary * Float.BYTES;
        MemorySegment.copy(logitsOfRow.data(), logitsOfRow.offset(), row.data(), row.offset(), bytes);
        if (!settings.penalises()) {
            return choose(worker, row, settings, position);
        }
        MemorySegment seenInSlot = seen.asSlice(slot * bytes, bytes);
        penalise(row, seenInSlot, settings.penalty());
        int token = choose(worker, row, settings, position);
        if (token >= 0) {
            seenInSlot.setAtIndex(ValueLayout.JAVA_INT, token, 1);
        }
        return token;
    }

    private SamplerSettings settings(int slot) {
        long bytes = (long) SamplerSettings.WORDS * Integer.BYTES;
        return SamplerSettings.ofWords(samplers.asSlice(slot * bytes, bytes).toArray(ValueLayout.JAVA_INT));
    }

    private void penalise(Window row, MemorySegment seenInSlot, float penalty) {
        for (int token = 0; token < vocabulary; token++) {
            if (seenInSlot.getAtIndex(ValueLayout.JAVA_INT, token) != 0) {
                float logit = row.get(0, token);
                row.set(0, token, logit > 0 ? logit / penalty : logit * penalty);
            }
        }
    }

    /** The token; unless it is chosen greedily, the row is overwritten. */
    private int choose(Worker worker, Window row, SamplerSettings settings, int position) {
        float max = worker.kernels().max(row, vocabulary);
        if (Float.isNaN(max)) {
            return -1 - firstNaN(row);
        }
        if (settings.greedy()) {
            return first(row, max);
        }
        weigh(worker, row, max, settings.temperature());
        Shares shares = worker.shares();
        shares.begin(row, vocabulary);
        if (settings.topK() > 0) {
            shares.keepFirst(settings.topK());
        }
        if (settings.topP() < 1) {
            shares.keepUntil((double) settings.topP() * shares.total());
        }
        shares.keepFrom(settings.minP());
        return shares.tokenAt(Philox.below(shares.total(), settings.seed(), position));
    }

    /** Where the largest logit is infinite there is no difference to take: tokens that have it weigh 1, the others nothing. */
    private void weigh(Worker worker, Window row, float max, float temperature) {
        if (Float.isInfinite(max)) {
            for (int token = 0; token < vocabulary; token++) {
                row.set(0, token, row.get(0, token) == max ? 1 : 0);
            }
        } else {
            worker.kernels().powers(row, vocabulary, max, temperature);
        }
    }

    private static int first(Window row, float value) {
        int token = 0;
        while (row.get(0, token) != value) {
            token++;
        }
        return token;
    }

    private static int firstNaN(Window row) {
        int token = 0;
        while (!Float.isNaN(row.get(0, token))) {
            token++;
        }
        return token;
    }
}
