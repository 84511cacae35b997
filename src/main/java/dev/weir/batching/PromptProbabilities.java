package dev.weir.batching;

import dev.weir.hook.HookPoint;
import dev.weir.hook.Rows;
import dev.weir.hook.TraceLayout;
import dev.weir.hook.TraceSink;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;

/** Sees the logits of a prompt's rows, and keeps of each how likely the token after it was. */
final class PromptProbabilities implements TraceSink {

    private final List<Integer> prompt;
    private final int top;
    private final List<TokenLogprobs> logprobs = new ArrayList<>();

    PromptProbabilities(List<Integer> prompt, int top) {
        this.prompt = List.copyOf(prompt);
        this.top = top;
    }

    /** Of the tokens from the second on. */
    List<TokenLogprobs> logprobs() {
        return logprobs;
    }

    @Override
    public void begin(TraceLayout layout) {}

    @Override
    public void tokens(Rows rows) {}

    @Override
    public void rows(HookPoint point, Rows rows, MemorySegment values, int columns) {
        long bytes = (long) columns * Float.BYTES;
        for (int row = 0; row < rows.count(); row++) {
            int next = rows.positions()[row] + 1;
            if (next < prompt.size()) {
                logprobs.add(Probabilities.of(values.asSlice(row * bytes, bytes), prompt.get(next), top));
            }
        }
    }

    @Override
    public void end(int[] lengths) {}

    @Override
    public void close() {}
}
