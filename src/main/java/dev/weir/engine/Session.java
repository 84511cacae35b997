package dev.weir.engine;

import dev.weir.backend.Backend.Executable;
import dev.weir.backend.Backend.LoadedWeights;
import dev.weir.backend.Backend.Run;
import dev.weir.backend.Backend.Workspace;
import dev.weir.hook.Edit;
import dev.weir.hook.Edits;
import dev.weir.hook.HookPoint;
import dev.weir.hook.Hooks;
import dev.weir.hook.Rows;
import dev.weir.hook.Site;
import dev.weir.model.Ending;
import dev.weir.model.Ending.Results;
import dev.weir.model.Gpt2Forward;
import dev.weir.model.ModelConfig;
import dev.weir.model.State;
import dev.weir.model.Weights;
import dev.weir.program.Plan;
import dev.weir.program.Planner;
import dev.weir.program.SamplerSettings;
import dev.weir.tensor.DType;
import dev.weir.tensor.Tensor;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Collections;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Queue;
import java.util.Set;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * Slots with keys and values, and steps that move them on. A step is a ragged batch of rows; prefill is many rows of a slot, decode is
 * one row a slot, and a step may mix both. For use by one thread at a time.
 */
public final class Session implements AutoCloseable {

    private static final int MAX_PLANS = 64;
    private static final int SMALLEST_KEY_BUCKET = 64;

    private final ModelConfig config;
    private final Weights weights;
    private final State state;
    private final Workspace workspace;
    private final EditMemory editMemory;
    private final SlotPages slotPages;
    private final int stepsKept;
    private final int[] lengths;
    private final int[] next;
    private final List<Edits> edits;
    private Edits editsOfStep = Edits.NONE;
    private Optional<List<EditLane>> lanes = Optional.empty();
    private final Map<PlanKey, Prepared> plans = new LinkedHashMap<>(16, 0.75f, true);
    private final Queue<StepResult> stepResults = new ArrayDeque<>();
    private @Nullable Newest newest;
    private long forwardRows;
    private long plansMade;

    /** A session without rows. */
    Session(ModelConfig config, Weights weights, LoadedWeights loaded, int stepsKept, State state) {
        int slots = state.pages().slots();
        this.config = config;
        this.weights = weights;
        this.state = state;
        this.workspace = loaded.allocate(state.all());
        this.editMemory = new EditMemory(workspace, config.dimensions(), slots);
        this.edits = new ArrayList<>(Collections.nCopies(slots, Edits.NONE));
        this.stepsKept = stepsKept;
        this.lengths = new int[slots];
        this.next = new int[slots];
        try {
            this.slotPages = new SlotPages(workspace, state);
            for (int slot = 0; slot < slots; slot++) {
                sample(slot, Sampling.GREEDY, List.of());
            }
        } catch (RuntimeException | Error e) {
            workspace.close();
            throw e;
        }
    }

    /** What a plan is made for. Of an edit that is arithmetic it knows the shape, and of one that is Java the place. */
    private record PlanKey(
            Results results, int rows, int outputs, int keys, Set<HookPoint> taps, List<EditMemory.Shape> edits) {
        boolean isOf(Results otherResults, Rows other, int otherKeys) {
            return results == otherResults
                    && rows == other.count()
                    && outputs == other.outputs().length
                    && keys == otherKeys;
        }
    }

    private record Prepared(PlanKey key, Plan plan, Executable executable) {}

    /**
     * The plan of the newest step, and for whom it was found: a generation asks for the same again and again.
     *
     * @param showsKeys whether its keys grow with the sequence
     */
    private record Newest(Hooks hooks, List<EditLane> edited, boolean showsKeys, Prepared prepared) {
        @SuppressWarnings("ReferenceEquality") // equal ones take the longer way and find the same plan
        boolean isOf(Hooks otherHooks, List<EditLane> otherEdited) {
            return hooks == otherHooks && edited == otherEdited;
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
        requireSlot("sampling", slot);
        sampling.requireFits(config.vocabulary());
        SamplerSettings settings = sampling.settings();
        workspace.write(state.samplers(), (long) slot * SamplerSettings.WORDS, MemorySegment.ofArray(settings.words()));
        if (settings.remembers()) {
            int[] marks = new int[config.vocabulary()];
            seen.forEach(token -> marks[token] = SamplerSettings.SEEN);
            workspace.write(state.seen(), (long) slot * marks.length, MemorySegment.ofArray(marks));
        }
        if (settings.biased()) {
            int[] biases = new int[config.vocabulary()];
            sampling.logitBias().forEach((token, bias) -> biases[token] = Float.floatToRawIntBits(bias));
            workspace.write(state.biases(), (long) slot * biases.length, MemorySegment.ofArray(biases));
        }
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
        requireSlot("edits", slot);
        requireCountedFromZero(changes);
        if (!changes.equals(edits.set(slot, changes))) {
            lanes = Optional.empty();
        }
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
        requireContinuation(rows);
        List<EditLane> edited = lanes(hooks.edits());
        Prepared prepared = prepare(rows, hooks, edited, results);
        editMemory.write(edited, prepared.key.keys);
        Run run = prepared.executable.run(rows);
        for (int r = 0; r < rows.count(); r++) {
            lengths[rows.slots()[r]] = rows.positions()[r] + 1;
        }
        forwardRows += rows.count();
        return result(run, prepared.plan, rows);
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
        return lengths[slot];
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
        requireSlot("resume", slot);
        if (length < 0 || length > slotPages.reach(slot)) {
            throw new IllegalArgumentException("resume: expected from 0 to the " + slotPages.reach(slot)
                    + " positions for which slot " + slot + " has pages, got " + length);
        }
        lengths[slot] = length;
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
        requireSlot("pages", slot);
        slotPages.give(slot, pages);
    }

    /** Rows that went through the model since the session was opened: the proof that nothing is computed twice. */
    public long forwardRows() {
        return forwardRows;
    }

    /** Plans that were made since the session was opened: the proof that a sweep runs one. */
    public long plansMade() {
        return plansMade;
    }

    /**
     * The plan for a step of this shape.
     *
     * @param results what comes out: {@link #step}, {@link #choose} or {@link #chooseWithLogits}
     */
    public static Plan plan(ModelConfig config, Weights weights, State state, Hooks hooks, Results results) {
        var ending = new Ending(results, lookedAt(hooks.points()));
        return Planner.plan(Gpt2Forward.write(config, weights, state, ending), hooks);
    }

    private Prepared prepare(Rows rows, Hooks hooks, List<EditLane> edited, Results results) {
        Newest before = newest;
        boolean showsKeys;
        if (before != null && before.isOf(hooks, edited)) {
            showsKeys = before.showsKeys;
            if (before.prepared.key.isOf(results, rows, keys(rows, showsKeys))) {
                return before.prepared;
            }
        } else {
            showsKeys = showsKeys(hooks, edited);
        }
        int keys = keys(rows, showsKeys);
        var key = new PlanKey(
                results,
                rows.count(),
                rows.outputs().length,
                keys,
                hooks.taps().keySet(),
                editMemory.shapes(edited, keys));
        Prepared prepared = prepare(key, edited);
        newest = new Newest(hooks, edited, showsKeys, prepared);
        return prepared;
    }

    private Prepared prepare(PlanKey key, List<EditLane> edited) {
        Prepared known = plans.get(key);
        if (known != null) {
            return known;
        }
        Hooks hooks = Hooks.tap(key.taps).withEdits(editMemory.planned(edited));
        Plan plan = plan(config, weights, state.step(key.rows, key.outputs, key.keys), hooks, key.results);
        var prepared = new Prepared(key, plan, workspace.compile(plan));
        plans.put(key, prepared);
        plansMade++;
        if (plans.size() > MAX_PLANS) {
            plans.remove(plans.keySet().iterator().next());
        }
        return prepared;
    }

    /** What each slot has of a step's edits and its own, in this order. */
    private List<EditLane> lanes(Edits ofStep) {
        if (lanes.isEmpty() || !ofStep.equals(editsOfStep)) {
            requireCountedFromZero(ofStep);
            List<EditLane> changed = EditLane.of(edits.stream().map(ofStep::and).toList());
            editMemory.requireFit(changed);
            lanes = Optional.of(changed);
            editsOfStep = ofStep;
        }
        return lanes.get();
    }

    private static void requireCountedFromZero(Edits edits) {
        for (Edits.At at : edits.all()) {
            if (at.edit() instanceof Edit.OnMachine edit && edit.span().ofPrompt()) {
                throw new IllegalArgumentException("edit at " + at.point() + ": expected positions counted from 0, got "
                        + edit.span() + " of a prompt; a session knows none");
            }
        }
    }

    private static boolean showsKeys(Hooks hooks, List<EditLane> edited) {
        return Stream.concat(hooks.taps().keySet().stream(), edited.stream().map(EditLane::point))
                .anyMatch(point -> point.site().form() == Site.Form.SQUARE);
    }

    /** Room for keys in scores and patterns that are values: a power of two, so that a growing sequence seldom needs a new plan. */
    private int keys(Rows rows, boolean showsKeys) {
        if (!showsKeys) {
            return state.context();
        }
        int needed = 0;
        for (int position : rows.positions()) {
            needed = Math.max(needed, position + 1);
        }
        int bucket = Math.max(SMALLEST_KEY_BUCKET, Integer.highestOneBit(Math.max(1, needed - 1)) << 1);
        return Math.min(bucket, state.context());
    }

    /** How far somebody looks at every row. */
    private static Ending.Until lookedAt(Set<HookPoint> points) {
        return points.stream().map(Session::end).max(Comparator.naturalOrder()).orElse(Ending.Until.BLOCKS);
    }

    private static Ending.Until end(HookPoint point) {
        return switch (point.site()) {
            case LN_FINAL_SCALE, LN_FINAL_NORMALIZED, UNEMBED_IN -> Ending.Until.NORM;
            case UNEMBED_OUT -> Ending.Until.LOGITS;
            default -> Ending.Until.BLOCKS;
        };
    }

    private void requireSlot(String what, int slot) {
        if (!isSlot(slot)) {
            throw new IllegalArgumentException(what + ": expected a slot below " + lengths.length + ", got " + slot);
        }
    }

    private boolean isSlot(int slot) {
        return slot >= 0 && slot < lengths.length;
    }

    private void requireContinuation(Rows rows) {
        if (rows.count() > state.inputs().rows()) {
            throw new IllegalArgumentException(
                    "step: expected at most " + state.inputs().rows() + " rows, got " + rows.count());
        }
        System.arraycopy(lengths, 0, next, 0, next.length);
        for (int r = 0; r < rows.count(); r++) {
            int slot = rows.slots()[r];
            int position = rows.positions()[r];
            int token = rows.tokens()[r];
            if (!isSlot(slot)) {
                requireSlot("step row " + r, slot);
            }
            if (position != next[slot]) {
                throw new IllegalArgumentException("step row " + r + ": expected position " + next[slot] + " of slot "
                        + slot + ", got " + position);
            }
            if (position >= state.context()) {
                throw new IllegalArgumentException(
                        "step row " + r + ": expected a position below " + state.context() + ", got " + position);
            }
            if (position >= slotPages.reach(slot)) {
                throw new IllegalArgumentException("step row " + r + ": expected a position below the "
                        + slotPages.reach(slot) + " for which slot " + slot + " has pages, got " + position);
            }
            if (token < 0 || token >= config.vocabulary()) {
                throw new IllegalArgumentException(
                        "token id " + token + ": expected one below the vocabulary size " + config.vocabulary());
            }
            next[slot]++;
        }
    }

    @Override
    public void close() {
        plans.clear();
        newest = null;
        workspace.close();
    }
}
