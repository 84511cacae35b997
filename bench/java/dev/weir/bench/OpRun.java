package dev.weir.bench;

import dev.weir.backend.Backend;
import dev.weir.backend.Backend.Executable;
import dev.weir.backend.Backend.LoadedWeights;
import dev.weir.backend.Backend.Workspace;
import dev.weir.checkpoint.SyntheticWeights;
import dev.weir.hook.Hooks;
import dev.weir.hook.Rows;
import dev.weir.model.State;
import dev.weir.model.Weights;
import dev.weir.program.Planner;
import dev.weir.program.ProgramWriter;
import dev.weir.tensor.DType;
import dev.weir.tensor.Tensor;
import java.lang.foreign.ValueLayout;
import java.util.stream.IntStream;

/** An op on random numbers as a plan of its own, ready to be run again and again. */
public final class OpRun implements AutoCloseable {

    private final SyntheticWeights source;
    private final Backend backend;
    private final LoadedWeights loaded;
    private final Workspace workspace;
    private final Executable executable;
    private final Tensor result;
    private final Rows rows;

    /**
     * Prepares an op.
     *
     * @param rows the last so many positions of one sequence
     * @param backend is closed with this
     */
    public OpRun(OpCase op, DType type, int rows, Backend backend) {
        this.backend = backend;
        var config = op.config();
        var weights = Weights.of(config, type);
        source = new SyntheticWeights("op", config, type, 1);
        loaded = backend.load(source.views(weights));
        var state = State.of(config, 1, OpCase.CONTEXT, rows);
        workspace = loaded.allocate(state.all());
        State step = state.step(rows, 1, OpCase.CONTEXT);
        var writer = new ProgramWriter(step.inputs());
        result = op.write(writer, weights, step);
        executable = workspace.compile(Planner.plan(writer.results(result), Hooks.NONE));
        int[] positions = IntStream.range(OpCase.CONTEXT - rows, OpCase.CONTEXT).toArray();
        int[] tokens =
                IntStream.range(0, rows).map(row -> row % config.vocabulary()).toArray();
        this.rows = new Rows(new int[rows], positions, tokens, new int[] {rows - 1});
    }

    /** Runs it once. */
    public Backend.Run run() {
        return executable.run(rows);
    }

    /** What a run makes, row by row. */
    float[] values() {
        return run().read(result).toArray(ValueLayout.JAVA_FLOAT);
    }

    @Override
    public void close() {
        workspace.close();
        loaded.close();
        backend.close();
        source.close();
    }
}
