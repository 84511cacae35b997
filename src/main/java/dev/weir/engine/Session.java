package dev.weir.engine;

import dev.weir.backend.Backend.Executable;
import dev.weir.backend.Backend.LoadedWeights;
import dev.weir.backend.Backend.Run;
import dev.weir.backend.Backend.Workspace;
import dev.weir.hook.Edit;
import dev.weir.hook.HookPoint;
import dev.weir.hook.Hooks;
import dev.weir.hook.Rows;
import dev.weir.hook.Site;
import dev.weir.model.Gpt2Forward;
import dev.weir.model.ModelConfig;
import dev.weir.model.State;
import dev.weir.model.Weights;
import dev.weir.program.Plan;
import dev.weir.program.Planner;
import dev.weir.tensor.Tensor;
import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.stream.IntStream;

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
    private final int[] lengths;
    private final Map<PlanKey, Prepared> plans = new LinkedHashMap<>(16, 0.75f, true);
    private long forwardRows;

    /** A session without rows. */
    Session(ModelConfig config, Weights weights, LoadedWeights loaded, int slots, int context, int maxRows) {
        this.config = config;
        this.weights = weights;
        this.state = State.of(config, slots, context, maxRows);
        this.workspace = loaded.allocate(state.all());
        this.lengths = new int[slots];
    }

    private record PlanKey(int rows, int outputs, int keys, Set<HookPoint> taps, SortedMap<HookPoint, Edit> edits) {}

    private record Prepared(Plan plan, Executable executable) {}

    /** What a step made; valid until the next step of the session. */
    public static final class StepResult {
        private final Run run;
        private final Plan plan;
        private final int[] outputs;

        private StepResult(Run run, Plan plan, int[] outputs) {
            this.run = run;
            this.plan = plan;
            this.outputs = outputs;
        }

        /**
         * The logits of one of the wanted rows.
         *
         * @param output which of {@link Rows#outputs}, from 0
         * @return float32 [V]
         */
        public MemorySegment logits(int output) {
            Tensor logits = plan.results().getFirst();
            long bytes = (long) logits.columns() * Float.BYTES;
            return run.read(logits).asSlice(outputs[output] * bytes, bytes);
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
     * Processes rows. Each slot's rows must continue where it stands; a step that throws has not happened and can be retried.
     *
     * @throws IllegalArgumentException for rows that do not fit the session, or hooks that the model cannot honour
     */
    public StepResult step(Rows rows, Hooks hooks) {
        requireContinuation(rows);
        boolean everyRow = hooks.points().stream().anyMatch(Session::isAfterBlocks);
        int[] computed = everyRow ? IntStream.range(0, rows.count()).toArray() : rows.outputs();
        var input = new Rows(rows.slots(), rows.positions(), rows.tokens(), computed);
        Prepared prepared = prepare(input, hooks);
        Run run = prepared.executable.run(input);
        for (int r = 0; r < rows.count(); r++) {
            lengths[rows.slots()[r]] = rows.positions()[r] + 1;
        }
        forwardRows += rows.count();
        int[] outputs = everyRow
                ? rows.outputs()
                : IntStream.range(0, rows.outputs().length).toArray();
        return new StepResult(run, prepared.plan, outputs);
    }

    /** Positions that a slot holds. */
    public int length(int slot) {
        return lengths[slot];
    }

    /** Forgets what a slot holds. */
    public void reset(int slot) {
        lengths[slot] = 0;
    }

    /** Rows that went through the model since the session was opened: the proof that nothing is computed twice. */
    public long forwardRows() {
        return forwardRows;
    }

    /** The plan for a step of this shape, as {@link #step} would run it. */
    public static Plan plan(ModelConfig config, Weights weights, State state, Hooks hooks) {
        return Planner.plan(Gpt2Forward.write(config, weights, state), hooks);
    }

    private Prepared prepare(Rows rows, Hooks hooks) {
        var key = new PlanKey(
                rows.count(),
                rows.outputs().length,
                shownKeys(rows, hooks),
                hooks.taps().keySet(),
                hooks.edits());
        Prepared known = plans.get(key);
        if (known != null) {
            return known;
        }
        Plan plan = plan(config, weights, state.step(key.rows, key.outputs, key.keys), hooks);
        var prepared = new Prepared(plan, workspace.compile(plan));
        var kept = new PlanKey(key.rows, key.outputs, key.keys, Set.copyOf(key.taps), new TreeMap<>(key.edits));
        plans.put(kept, prepared);
        if (plans.size() > MAX_PLANS) {
            plans.remove(plans.keySet().iterator().next());
        }
        return prepared;
    }

    /** Room for keys in traced scores and patterns: a power of two, so that a growing sequence seldom needs a new plan. */
    private int shownKeys(Rows rows, Hooks hooks) {
        if (hooks.taps().keySet().stream().noneMatch(p -> p.site().form() == Site.Form.SQUARE)) {
            return state.context();
        }
        int needed = Arrays.stream(rows.positions()).max().orElse(0) + 1;
        int bucket = Math.max(SMALLEST_KEY_BUCKET, Integer.highestOneBit(Math.max(1, needed - 1)) << 1);
        return Math.min(bucket, state.context());
    }

    private static boolean isAfterBlocks(HookPoint point) {
        return switch (point.site()) {
            case LN_FINAL_SCALE, LN_FINAL_NORMALIZED, UNEMBED_IN, UNEMBED_OUT -> true;
            default -> false;
        };
    }

    private void requireContinuation(Rows rows) {
        if (rows.count() > state.inputs().rows()) {
            throw new IllegalArgumentException(
                    "step: expected at most " + state.inputs().rows() + " rows, got " + rows.count());
        }
        int[] next = lengths.clone();
        for (int r = 0; r < rows.count(); r++) {
            int slot = rows.slots()[r];
            int position = rows.positions()[r];
            int token = rows.tokens()[r];
            if (slot < 0 || slot >= next.length) {
                throw new IllegalArgumentException(
                        "step row " + r + ": expected a slot below " + next.length + ", got " + slot);
            }
            if (position != next[slot]) {
                throw new IllegalArgumentException("step row " + r + ": expected position " + next[slot] + " of slot "
                        + slot + ", got " + position);
            }
            if (position >= state.context()) {
                throw new IllegalArgumentException(
                        "step row " + r + ": expected a position below " + state.context() + ", got " + position);
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
        workspace.close();
    }
}
