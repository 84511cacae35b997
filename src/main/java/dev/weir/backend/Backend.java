package dev.weir.backend;

import dev.weir.hook.Rows;
import dev.weir.program.Plan;
import dev.weir.tensor.Tensor;
import java.lang.foreign.MemorySegment;
import java.util.List;
import java.util.Map;

/**
 * A machine. It keeps weights, keeps state, and runs plans; everything else is the engine's. Several threads may use several
 * workspaces of one machine; their steps take turns.
 */
public interface Backend extends AutoCloseable {

    /** One line for people: which device, how wide, how many threads. */
    String description();

    /**
     * Takes the weights of a model into the layout that this machine wants.
     *
     * @param weights where each tensor's elements are; they must stay readable until the result is closed
     */
    LoadedWeights load(Map<Tensor, WeightView> weights);

    @Override
    void close();

    /** A model's weights on this machine. */
    interface LoadedWeights extends AutoCloseable {
        /** Reserves memory for one session's state, zeroed. */
        Workspace allocate(List<Tensor> state);

        @Override
        void close();
    }

    /** One session's state on this machine. */
    interface Workspace extends AutoCloseable {
        /** Makes a plan ready to run on this state; only the newest executable's values may be read. */
        Executable compile(Plan plan);

        @Override
        void close();
    }

    /** A plan bound to memory. */
    interface Executable {
        /** Processes the rows of one step: as many as the plan was made for. */
        void run(Rows rows);

        /**
         * The result or a tapped value of the last run, on the host.
         *
         * @return float32, row-major, valid until any executable of the workspace runs again
         */
        MemorySegment read(Tensor value);
    }
}
