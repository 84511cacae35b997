package dev.weir.program;

import dev.weir.hook.Hooks;
import java.util.List;

/**
 * Turns a program and a caller's hooks into a plan, in three passes that are each a pure function: {@link Lowering} makes of every
 * hook nothing, a name, or a stop; {@link Fusion} joins neighbours; {@link Placement} gives values their places.
 */
public final class Planner {

    private Planner() {}

    /**
     * The plan to run.
     *
     * @throws IllegalArgumentException for a hook that this program cannot honour, by name
     */
    public static Plan plan(Program program, Hooks hooks) {
        return place(program, Lowering.lower(program, hooks), true);
    }

    /** The same plan with every op on its own, for machines that are being checked. */
    public static Plan planUnfused(Program program, Hooks hooks) {
        return place(program, Lowering.lower(program, hooks), false);
    }

    private static Plan place(Program program, Lowering.Lowered lowered, boolean fuse) {
        List<Step> steps = fuse ? lowered.steps().stream().map(Fusion::fuse).toList() : lowered.steps();
        return Placement.place(program.inputs(), steps, lowered.taps(), lowered.results());
    }
}
