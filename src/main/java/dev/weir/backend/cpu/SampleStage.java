package dev.weir.backend.cpu;

import dev.weir.program.SamplerSettings;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/**
 * Chooses the next token of each wanted row. A worker takes a whole row; the logits stay as they are, because somebody may look at
 * them.
 */
record SampleStage(
        Workers workers,
        StepRows step,
        Window logits,
        int vocabulary,
        MemorySegment samplers,
        MemorySegment seen,
        MemorySegment biases,
        MemorySegment chosen)
        implements Stage, Workers.Body {

    @Override
    public void run() {
        workers.run(step.rows().outputs().length, Costs.transform(vocabulary), this);
    }

    @Override
    public void run(Worker worker, int from, int to) {
        for (int output = from; output < to; output++) {
            int row = step.rows().outputs()[output];
            chosen.setAtIndex(ValueLayout.JAVA_INT, output, choose(worker, output, step.slot(row), step.position(row)));
        }
    }

    /** The token, or -1 - t where the logit of token t is the first that is NaN. */
    private int choose(Worker worker, int output, int slot, int position) {
        long sampler = (long) slot * SamplerSettings.WORDS;
        int flags = word(sampler);
        boolean remembers = SamplerSettings.penalises(flags) || SamplerSettings.counts(flags);
        boolean isBiased = SamplerSettings.isBiased(flags);
        if (SamplerSettings.isGreedy(flags) && !remembers && !isBiased) {
            return choose(worker, logits, output, sampler, position);
        }
        Window changed = worker.logits(vocabulary);
        long bytes = (long) vocabulary * Float.BYTES;
        MemorySegment.copy(logits.data(), logits.at(output, 0), changed.data(), changed.at(0, 0), bytes);
        if (remembers) {
            penalise(changed, slot, sampler);
        }
        if (isBiased) {
            addBiases(changed, slot);
        }
        int token = choose(worker, changed, 0, sampler, position);
        if (remembers && token >= 0) {
            long at = (long) slot * vocabulary + token;
            int known = seen.getAtIndex(ValueLayout.JAVA_INT, at);
            seen.setAtIndex(ValueLayout.JAVA_INT, at, (known | SamplerSettings.SEEN) + SamplerSettings.CHOSEN_ONCE);
        }
        return token;
    }

    /** The token; unless it is chosen greedily, its row is overwritten. */
    private int choose(Worker worker, Window values, int row, long sampler, int position) {
        float max = worker.kernels().max(values, row, vocabulary);
        if (Float.isNaN(max)) {
            return -1 - firstNaN(values, row);
        }
        if (SamplerSettings.isGreedy(word(sampler))) {
            return first(values, row, max);
        }
        weigh(worker, values, row, max, fraction(sampler + SamplerSettings.TEMPERATURE));
        Shares shares = worker.shares();
        shares.begin(values, row, vocabulary);
        int topK = word(sampler + SamplerSettings.TOP_K);
        if (topK > 0) {
            shares.keepFirst(topK);
        }
        float topP = fraction(sampler + SamplerSettings.TOP_P);
        if (topP < 1) {
            shares.keepUntil((double) topP * shares.total());
        }
        shares.keepFrom(fraction(sampler + SamplerSettings.MIN_P));
        long seed =
                SamplerSettings.seed(word(sampler + SamplerSettings.SEED), word(sampler + SamplerSettings.SEED + 1));
        return shares.tokenAt(Philox.below(shares.total(), seed, position));
    }

    private int word(long index) {
        return samplers.getAtIndex(ValueLayout.JAVA_INT, index);
    }

    private float fraction(long index) {
        return Float.intBitsToFloat(word(index));
    }

    private void penalise(Window changed, int slot, long sampler) {
        boolean counts = SamplerSettings.counts(word(sampler));
        float penalty = fraction(sampler + SamplerSettings.PENALTY);
        float frequency = fraction(sampler + SamplerSettings.FREQUENCY);
        float presence = fraction(sampler + SamplerSettings.PRESENCE);
        for (int token = 0; token < vocabulary; token++) {
            int known = seen.getAtIndex(ValueLayout.JAVA_INT, (long) slot * vocabulary + token);
            if (known != 0) {
                float logit = changed.get(0, token);
                float penalised = logit > 0 ? logit / penalty : logit * penalty;
                int times = known / SamplerSettings.CHOSEN_ONCE;
                boolean wasChosen = counts && times > 0;
                changed.set(0, token, wasChosen ? Math.fma(-frequency, times, penalised) - presence : penalised);
            }
        }
    }

    private void addBiases(Window changed, int slot) {
        for (int token = 0; token < vocabulary; token++) {
            float bias =
                    Float.intBitsToFloat(biases.getAtIndex(ValueLayout.JAVA_INT, (long) slot * vocabulary + token));
            changed.set(0, token, changed.get(0, token) + bias);
        }
    }

    /** Where the largest logit is infinite there is no difference to take: tokens that have it weigh 1, the others nothing. */
    private void weigh(Worker worker, Window values, int row, float max, float temperature) {
        if (Float.isInfinite(max)) {
            for (int token = 0; token < vocabulary; token++) {
                values.set(row, token, values.get(row, token) == max ? 1 : 0);
            }
        } else {
            worker.kernels().powers(values, row, vocabulary, max, temperature);
        }
    }

    private static int first(Window values, int row, float value) {
        int token = 0;
        while (values.get(row, token) != value) {
            token++;
        }
        return token;
    }

    private static int firstNaN(Window values, int row) {
        int token = 0;
        while (!Float.isNaN(values.get(row, token))) {
            token++;
        }
        return token;
    }
}
