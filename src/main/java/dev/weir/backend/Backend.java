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

    /** Waits until the machine is as fast as it will be; not at all where it always is. Results do not depend on it. */
    default void settle() {}

    /**
     * How many runs of a workspace, besides the newest, can still be read: 0 where a run reuses the memory of the run before it. A
     * machine that keeps one may work on the next step while the caller reads the last.
     */
    int runsKept();

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
        /**
         * Overwrites elements of a tensor of the state, one after another. Runs that have begun do not see it.
         *
         * @param state an int32 tensor that was allocated, or what an edit of a plan reads
         * @param element the first of them, row-major
         * @param values of the tensor's type, copied before this returns
         */
        void write(Tensor state, long element, MemorySegment values);

        /** Makes a plan ready to run on this state. What its edits read is reserved with it, zeroed, unless a plan before it did. */
        Executable compile(Plan plan);

        @Override
        void close();
    }

    /** A plan bound to memory. */
    interface Executable {
        /**
         * Begins one step. A machine may return before the step is over; the next step of the workspace follows it all the same.
         *
         * @param rows as many as the plan was made for; checked, and not needed any more, when this returns
         */
        Run run(Rows rows);
    }

    /** A step that has begun. When it can no longer be read, a machine may use the object for a step to come. */
    interface Run {
        /**
         * A result or a tapped value, on the host. Waits until it is there; a step that failed fails here at the latest.
         *
         * @return the type of the value, row-major, valid until {@link #runsKept} + 1 further runs of the workspace have begun
         */
        MemorySegment read(Tensor value);
    }
}
