package dev.weir.engine;

import dev.weir.backend.Backend.Executable;
import dev.weir.backend.Backend.LoadedWeights;
import dev.weir.backend.Backend.Run;
import dev.weir.backend.Backend.Workspace;
import dev.weir.hook.Edit;
import dev.weir.hook.HookPoint;
import dev.weir.hook.Hooks;
import dev.weir.hook.Rows;
import dev.weir.model.Gpt2Forward;
import dev.weir.model.ModelConfig;
import dev.weir.model.State;
import dev.weir.model.Weights;
import dev.weir.program.Inputs;
import dev.weir.program.Plan;
import dev.weir.program.Planner;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.List;
import java.util.stream.IntStream;

/**
 * The end of the forward pass on a stream that the caller brings: an edit puts it where the last block would have left it, or after
 * the final norm.
 *
 * @param entry where the edit stands
 */
record Unembedding(ModelConfig config, Weights weights, LoadedWeights loaded, HookPoint entry) {

    /**
     * Makes logits of rows of a stream.
     *
     * @param stream [rows, D], row-major
     * @return [rows, V]
     * @throws IllegalArgumentException if these are not whole rows
     */
    float[] logits(float[] stream) {
        int width = config.width();
        if (stream.length == 0 || stream.length % width != 0) {
            throw new IllegalArgumentException(
                    "stream: expected rows of " + width + " values each, got " + stream.length + " values");
        }
        int rows = stream.length / width;
        float[] logits = new float[Math.multiplyExact(rows, config.vocabulary())];
        for (int from = 0; from < rows; from += LoadedModel.MAX_ROWS_PER_STEP) {
            run(stream, from, Math.min(LoadedModel.MAX_ROWS_PER_STEP, rows - from), logits);
        }
        return logits;
    }

    /** The same for some of the rows. */
    private void run(float[] stream, int from, int rows, float[] logits) {
        Inputs inputs = State.of(config, 1, rows, rows).step(rows, rows, rows).inputs();
        Plan plan = Planner.plan(Gpt2Forward.writeEnd(config, weights, inputs), bringing(stream, from));
        var everyRow = IntStream.range(0, rows).toArray();
        var step = new Rows(new int[rows], everyRow, new int[rows], everyRow);
        try (Workspace workspace =
                loaded.allocate(List.of(inputs.tokens(), inputs.positions(), inputs.slots(), inputs.outputs()))) {
            Executable executable = workspace.compile(plan);
            Run run = executable.run(step);
            MemorySegment result = run.read(plan.results().getFirst());
            int vocabulary = config.vocabulary();
            MemorySegment.copy(result, ValueLayout.JAVA_FLOAT, 0, logits, from * vocabulary, rows * vocabulary);
        }
    }

    private Hooks bringing(float[] stream, int from) {
        return Hooks.edit(
                entry,
                new Edit.OnHost((point, rows, values, columns) ->
                        System.arraycopy(stream, from * columns, values, 0, rows.count() * columns)));
    }
}
