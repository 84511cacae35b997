package dev.weir.engine;

import dev.weir.backend.Backend.Executable;
import dev.weir.backend.Backend.Workspace;
import dev.weir.hook.HookPoint;
import dev.weir.hook.Hooks;
import dev.weir.hook.Rows;
import dev.weir.hook.Site;
import dev.weir.model.Ending.Results;
import dev.weir.model.ModelConfig;
import dev.weir.model.State;
import dev.weir.model.Weights;
import dev.weir.program.Plan;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/** The plans of a session, ready to run: each is made for the first step of its shape, and found again for those that follow. */
final class PlanCache {

    private static final int MAX_PLANS = 64;
    private static final int SMALLEST_KEY_BUCKET = 64;

    private final ModelConfig config;
    private final Weights weights;
    private final State state;
    private final Workspace workspace;
    private final EditMemory editMemory;
    private final Map<Key, Prepared> plans = new LinkedHashMap<>(16, 0.75f, true);
    private @Nullable Newest newest;
    private long made;

    PlanCache(ModelConfig config, Weights weights, State state, Workspace workspace, EditMemory editMemory) {
        this.config = config;
        this.weights = weights;
        this.state = state;
        this.workspace = workspace;
        this.editMemory = editMemory;
    }

    /** What a plan is made for. Of an edit that is arithmetic it knows the shape, and of one that is Java the place. */
    record Key(Results results, int rows, int outputs, int keys, Set<HookPoint> taps, List<EditMemory.Shape> edits) {
        private boolean isOf(Results otherResults, Rows other, int otherKeys) {
            return results == otherResults
                    && rows == other.count()
                    && outputs == other.outputs().length
                    && keys == otherKeys;
        }
    }

    /** A plan that can be run. */
    record Prepared(Key key, Plan plan, Executable executable) {}

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
     * The plan for a step, made now if there is none yet.
     *
     * @param edited what the hooks and the slots change
     */
    Prepared find(Rows rows, Hooks hooks, List<EditLane> edited, Results results) {
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
        var key = new Key(
                results,
                rows.count(),
                rows.outputs().length,
                keys,
                hooks.taps().keySet(),
                editMemory.shapes(edited, keys));
        Prepared prepared = find(key, edited);
        newest = new Newest(hooks, edited, showsKeys, prepared);
        return prepared;
    }

    private Prepared find(Key key, List<EditLane> edited) {
        Prepared known = plans.get(key);
        if (known != null) {
            return known;
        }
        Hooks hooks = Hooks.tap(key.taps).withEdits(editMemory.planned(edited));
        Plan plan = Session.plan(config, weights, state.step(key.rows, key.outputs, key.keys), hooks, key.results);
        var prepared = new Prepared(key, plan, workspace.compile(plan));
        plans.put(key, prepared);
        made++;
        if (plans.size() > MAX_PLANS) {
            plans.remove(plans.keySet().iterator().next());
        }
        return prepared;
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

    /** Plans that were made, those that are forgotten included. */
    long made() {
        return made;
    }

    /** Forgets every plan. */
    void clear() {
        plans.clear();
        newest = null;
    }
}
