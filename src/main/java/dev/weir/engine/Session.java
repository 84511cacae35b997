package dev.weir.engine;

import dev.weir.backend.Backend.LoadedWeights;
import dev.weir.backend.Backend.Run;
import dev.weir.backend.Backend.Workspace;
import dev.weir.hook.Edits;
import dev.weir.hook.HookPoint;
import dev.weir.hook.Hooks;
import dev.weir.hook.Rows;
import dev.weir.model.Ending;
import dev.weir.model.Ending.Results;
import dev.weir.model.Gpt2Forward;
import dev.weir.model.ModelConfig;
import dev.weir.model.State;
import dev.weir.model.Weights;
import dev.weir.program.Plan;
import dev.weir.program.Planner;
import dev.weir.tensor.DType;
import dev.weir.tensor.Tensor;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayDeque;
import java.util.Collection;
import java.util.List;
import java.util.Queue;

/**
 * Slots with keys and values, and steps that move them on. A step is a ragged batch of rows; prefill is many rows of a slot, decode is
 * one row a slot, and a step may mix both. For use by one thread at a time.
 */
public final class Session implements AutoCloseable {

    private final Workspace workspace;
    private final EditMemory editMemory;
    private final PlanCache plans;
    private final SlotPages slotPages;
    private final SlotPositions positions;
    private final SlotSamplers samplers;
    private final SlotEdits edits;
    private final int stepsKept;
    private final Queue<StepResult> stepResults = new ArrayDeque<>();
    private long forwardRows;

    /** A session without rows. */
    Session(ModelConfig config, Weights weights, LoadedWeights loaded, int stepsKept, State state) {
        this.stepsKept = stepsKept;
        workspace = loaded.allocate(state.all());
        editMemory =
                new EditMemory(workspace, config.dimensions(), state.pages().slots());
        edits = new SlotEdits(editMemory, state.pages().slots());
        plans = new PlanCache(config, weights, state, workspace, editMemory);
        try {
            slotPages = new SlotPages(workspace, state);
            positions = new SlotPositions(state, config.vocabulary(), slotPages);
            samplers = new SlotSamplers(workspace, state);
        } catch (RuntimeException | Error e) {
            workspace.close();
            throw e;
        }
    }

    /**
     * What a step made; valid until {@link #stepsKept} + 1 further steps of the session have begun. After one more, the same object is
     * the result of another step.
     */
    public static final class StepResult {
        private Run run;
        private Plan plan;
        private Rows rows;

        private StepResult(Run run, Plan plan, Rows rows) {
            this.run = run;
            this.plan = plan;
            this.rows = rows;
        }

        private void become(Run newRun, Plan newPlan, Rows newRows) {
            run = newRun;
            plan = newPlan;
            rows = newRows;
        }

        /**
         * The logits of one of the wanted rows, after {@link Session#step} or {@link Session#chooseWithLogits}.
         *
         * @param output which of {@link Rows#outputs}, from 0
         * @return float32 [V]
         */
        public MemorySegment logits(int output) {
            Tensor logits = result(DType.FLOAT32, "logits");
            long bytes = (long) logits.columns() * Float.BYTES;
            return run.read(logits).asSlice(output * bytes, bytes);
        }

        /**
         * The token that was chosen to follow one of the wanted rows, after {@link Session#choose} or {@link
         * Session#chooseWithLogits}. Waits until it is known.
         *
         * @param output which of {@link Rows#outputs}, from 0
         * @throws IllegalStateException when a logit of the row is NaN
         */
        public int token(int output) {
            int token = run.read(result(DType.INT32, "tokens")).getAtIndex(ValueLayout.JAVA_INT, output);
            if (token < 0) {
                int position = rows.positions()[rows.outputs()[output]];
                throw new IllegalStateException(
                        "logits after position " + position + ": token " + (-1 - token) + " is NaN");
            }
            return token;
        }

        private Tensor result(DType type, String name) {
            for (Tensor result : plan.results()) {
                if (result.type() == type) {
                    return result;
                }
            }
            throw new IllegalStateException(
                    "step: expected one that makes " + name + ", got one that makes " + plan.results());
        }

        /**
         * What a tapped point held.
         *
         * @return float32 [rows, columns]
         */
        public MemorySegment tapped(HookPoint point) {
            return run.read(value(point));
        }

        /** Values per row of a tapped point. */
        public int columns(HookPoint point) {
            return value(point).columns();
        }

        private Tensor value(HookPoint point) {
            Tensor value = plan.taps().get(point);
            if (value == null) {
                throw new IllegalArgumentException("hook point " + point + ": expected one that was tapped, "
                        + plan.taps().keySet());
            }
            return value;
        }
    }

    /**
     * Says how tokens of a slot are chosen from now on; before, they are chosen greedily.
     *
     * @param seen tokens that a repetition penalty is to know of; those that are chosen from now on are added
     * @throws IllegalArgumentException for a bias of a token that the model does not have
     */
    public void sample(int slot, Sampling sampling, Collection<Integer> seen) {
        positions.requireSlot("sampling", slot);
        samplers.set(slot, sampling, seen);
    }

    /**
     * Says what is changed in the rows of a slot from now on, besides what the hooks of a step change in those of every slot, and after
     * it. {@link #reset} leaves it as it is; {@link Edits#NONE} ends it. A step makes room for the edits of every slot, so a sweep over
     * slots, positions, strengths and heads runs one plan if each edit keeps its place, at {@link dev.weir.hook.Span#NEVER} where
     * nothing is to change.
     *
     * @throws IllegalArgumentException when positions are counted from the end of a prompt, see {@link Edits#within}
     */
    public void edit(int slot, Edits changes) {
        positions.requireSlot("edits", slot);
        edits.set(slot, changes);
    }

    /**
     * Processes rows and makes the logits of those that are wanted. Each slot's rows must continue where it stands; a step that throws
     * has not happened and can be retried.
     *
     * @param rows whose arrays may be overwritten for another step as soon as the result of this one has been read
     * @throws IllegalArgumentException for rows that do not fit the session, or hooks that the model cannot honour
     */
    public StepResult step(Rows rows, Hooks hooks) {
        return run(rows, hooks, Results.LOGITS);
    }

    /**
     * The same, but chooses the token that follows each wanted row as {@link #sample} says. The logits stay on the machine.
     *
     * @throws IllegalArgumentException for rows that do not fit the session, two wanted rows of one slot, or hooks that the model
     *     cannot honour
     */
    public StepResult choose(Rows rows, Hooks hooks) {
        requireOneWantedOfEachSlot(rows);
        return run(rows, hooks, Results.TOKENS);
    }

    /** The same, and the logits that the tokens are chosen from come out too, as the model made them. */
    public StepResult chooseWithLogits(Rows rows, Hooks hooks) {
        requireOneWantedOfEachSlot(rows);
        return run(rows, hooks, Results.TOKENS_AND_LOGITS);
    }

    private static void requireOneWantedOfEachSlot(Rows rows) {
        for (int output = 1; output < rows.outputs().length; output++) {
            int slot = rows.slots()[rows.outputs()[output]];
            if (slot == rows.slots()[rows.outputs()[output - 1]]) { // the rows of a slot stand together
                throw new IllegalArgumentException(
                        "step: expected one wanted row of a slot at most to choose a token after, got two of slot "
                                + slot);
            }
        }
    }

    private StepResult run(Rows rows, Hooks hooks, Results results) {
        positions.requireContinuation(rows);
        List<EditLane> edited = edits.lanes(hooks.edits());
        PlanCache.Prepared prepared = plans.find(rows, hooks, edited, results);
        editMemory.write(edited, prepared.key().keys());
        Run run = prepared.executable().run(rows);
        positions.moveOn(rows);
        forwardRows += rows.count();
        return result(run, prepared.plan(), rows);
    }

    /** The result of a step, in an object that nobody may read any more if there is one. */
    private StepResult result(Run run, Plan plan, Rows rows) {
        StepResult result;
        if (stepResults.size() > stepsKept + 1) {
            result = stepResults.remove();
            result.become(run, plan, rows);
        } else {
            result = new StepResult(run, plan, rows);
        }
        stepResults.add(result);
        return result;
    }

    /**
     * Steps before the newest whose results can still be read. Where there are any, a step may still be running when the call that
     * began it returns, and whoever reads of it waits.
     */
    public int stepsKept() {
        return stepsKept;
    }

    /** Positions that a slot holds. */
    public int length(int slot) {
        return positions.length(slot);
    }

    /** Forgets what a slot holds. */
    public void reset(int slot) {
        resume(slot, 0);
    }

    /**
     * Says how many positions a slot holds, in the pages that it has: fewer than it did, or what another slot has computed in the same
     * pages. That these positions hold what the slot is to go on from, the caller must know.
     *
     * @throws IllegalArgumentException for more positions than the slot has pages for
     */
    public void resume(int slot, int length) {
        positions.resume(slot, length);
    }

    /**
     * Gives a slot of a session with pages those that it is to have from now on, instead of what it had. How many positions it holds
     * stays as it is, see {@link #resume}. Slots may share pages: a step writes the positions of its rows and no others, so what lies
     * below the length of every slot that has a page stays as it is.
     *
     * @param pages numbers of pages in the order of the slot's positions, each once; perhaps not yet as many as its context needs
     * @throws IllegalArgumentException for pages that the session does not have, or more than a slot has room for
     * @throws IllegalStateException if the session was opened without pages
     */
    public void pages(int slot, int[] pages) {
        positions.requireSlot("pages", slot);
        slotPages.give(slot, pages);
    }

    /** Rows that went through the model since the session was opened: the proof that nothing is computed twice. */
    public long forwardRows() {
        return forwardRows;
    }

    /** Plans that were made since the session was opened: the proof that a sweep runs one. */
    public long plansMade() {
        return plans.made();
    }

    /**
     * The plan for a step of this shape.
     *
     * @param results what comes out: {@link #step}, {@link #choose} or {@link #chooseWithLogits}
     */
    public static Plan plan(ModelConfig config, Weights weights, State state, Hooks hooks, Results results) {
        var ending = Ending.of(results, hooks.points());
        return Planner.plan(Gpt2Forward.write(config, weights, state, ending), hooks);
    }

    @Override
    public void close() {
        plans.clear();
        workspace.close();
    }
}
