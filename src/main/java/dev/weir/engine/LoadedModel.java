package dev.weir.engine;

import dev.weir.backend.Backend;
import dev.weir.backend.Backend.LoadedWeights;
import dev.weir.checkpoint.ModelSource;
import dev.weir.hook.HookPoint;
import dev.weir.hook.Hooks;
import dev.weir.model.Ending;
import dev.weir.model.ModelConfig;
import dev.weir.model.State;
import dev.weir.model.Weights;
import dev.weir.program.Pages;
import dev.weir.program.Plan;
import dev.weir.tensor.DType;

/** A model's matrices on a machine, and whatever is opened to compute with them. */
final class LoadedModel implements AutoCloseable {

    /** The most rows of a step, unless a session has more slots. */
    static final int MAX_ROWS_PER_STEP = 512;

    private final ModelConfig config;
    private final DType dtype;
    private final Weights weights;
    private final Backend machine;
    private final LoadedWeights loaded;

    /** Opens the machine that the options ask for. The source must stay open as long as the result. */
    LoadedModel(ModelSource source, Options options) {
        config = source.config();
        dtype = options.dtype().orElse(source.type());
        weights = Weights.of(config, dtype);
        machine = Machines.open(options);
        try {
            loaded = machine.load(source.views(weights));
        } catch (RuntimeException | Error e) {
            machine.close();
            throw e;
        }
    }

    ModelConfig config() {
        return config;
    }

    /** How the machine keeps the matrices. */
    DType dtype() {
        return dtype;
    }

    Weights weights() {
        return weights;
    }

    Backend machine() {
        return machine;
    }

    /** A session whose slots have memory of their own. */
    Session session(int slots, int context) {
        return session(State.of(config, slots, context, Math.max(MAX_ROWS_PER_STEP, slots)));
    }

    /** A session whose slots take pages from a common store. */
    Session pagedSession(int slots, int context, int pageRows, int pages, int maxRows) {
        if (pageRows < Pages.SMALLEST || Integer.bitCount(pageRows) != 1) {
            throw new IllegalArgumentException(
                    "positions of a page: expected a power of two from " + Pages.SMALLEST + " on, got " + pageRows);
        }
        int shift = Integer.numberOfTrailingZeros(pageRows);
        return session(State.of(config, slots, context, shift, pages, maxRows));
    }

    private Session session(State state) {
        return new Session(config, weights, loaded, machine.runsKept(), state);
    }

    /** The plan of a step of one slot that chooses a token after its last row. */
    Plan plan(int rows, Hooks hooks) {
        State state = State.of(config, 1, config.context(), rows).step(rows, 1, config.context());
        return Session.plan(config, weights, state, hooks, Ending.Results.TOKENS);
    }

    /** The end of the forward pass alone, on a stream that is brought to this point. */
    Unembedding unembedding(HookPoint entry) {
        return new Unembedding(config, weights, loaded, entry);
    }

    @Override
    public void close() {
        loaded.close();
        machine.close();
    }
}
