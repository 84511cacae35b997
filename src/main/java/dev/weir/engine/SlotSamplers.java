package dev.weir.engine;

import dev.weir.backend.Backend.Workspace;
import dev.weir.model.State;
import dev.weir.program.SamplerSettings;
import java.lang.foreign.MemorySegment;
import java.util.Collection;
import java.util.List;

/** How the tokens of each slot of a session are chosen, in the memory of its workspace. */
final class SlotSamplers {

    private final Workspace workspace;
    private final State state;

    /** Slots whose tokens are chosen greedily. */
    SlotSamplers(Workspace workspace, State state) {
        this.workspace = workspace;
        this.state = state;
        for (int slot = 0; slot < state.pages().slots(); slot++) {
            set(slot, Sampling.GREEDY, List.of());
        }
    }

    /**
     * Says how tokens of a slot are chosen from now on.
     *
     * @param seen tokens that a repetition penalty is to know of
     * @throws IllegalArgumentException for a bias of a token that the model does not have
     */
    void set(int slot, Sampling sampling, Collection<Integer> seen) {
        int vocabulary = state.seen().columns();
        sampling.requireFits(vocabulary);
        SamplerSettings settings = sampling.settings();
        workspace.write(state.samplers(), (long) slot * SamplerSettings.WORDS, MemorySegment.ofArray(settings.words()));
        if (settings.remembers()) {
            int[] marks = new int[vocabulary];
            seen.forEach(token -> marks[token] = SamplerSettings.SEEN);
            workspace.write(state.seen(), (long) slot * vocabulary, MemorySegment.ofArray(marks));
        }
        if (settings.biased()) {
            int[] biases = new int[vocabulary];
            sampling.logitBias().forEach((token, bias) -> biases[token] = Float.floatToRawIntBits(bias));
            workspace.write(state.biases(), (long) slot * vocabulary, MemorySegment.ofArray(biases));
        }
    }
}
