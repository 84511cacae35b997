package dev.weir.patching;

import dev.weir.engine.Session;
import dev.weir.engine.Weir;
import dev.weir.hook.Edits;
import dev.weir.hook.HookPoint;
import dev.weir.hook.Hooks;
import dev.weir.hook.Rows;
import dev.weir.model.ModelConfig;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.function.IntFunction;
import java.util.stream.Stream;

/**
 * One prompt again and again, each time with other edits, so many at a time. If each run has its edits in the same places, and what is
 * not to change there at no position, all of them run one plan.
 */
final class PatchedRuns implements AutoCloseable {

    private static final int ROWS_OF_A_STEP = 512;

    private final ModelConfig config;
    private final List<Integer> prompt;
    private final Hooks taps;
    private final int slots;
    private final Session session;

    /** What a run made: the logits after the last token, [V], and what was tapped, [P, columns] each. */
    record Result(float[] logits, Map<HookPoint, float[]> tapped) {
        float[] tapped(HookPoint point) {
            return Optional.ofNullable(tapped.get(point)).orElseThrow();
        }
    }

    /** Takes what a run made. */
    @FunctionalInterface
    interface Taker {
        void take(int run, Result result);
    }

    /**
     * A session for so many runs at a time.
     *
     * @param atOnce at most; fewer where a step has no room for more
     * @param taps points that are seen, at every position
     */
    PatchedRuns(Weir weir, List<Integer> prompt, int atOnce, Collection<HookPoint> taps) {
        config = weir.config();
        this.prompt = prompt;
        this.taps = Hooks.tap(taps);
        slots = Math.clamp(ROWS_OF_A_STEP / prompt.size(), 1, atOnce);
        session = weir.session(slots, prompt.size());
    }

    /** One run. */
    Result run(Edits edits) {
        var only = new ArrayList<Result>();
        run(1, run -> edits, (run, result) -> only.add(result));
        return only.getFirst();
    }

    /**
     * Runs in order. The last of them are joined by runs that nobody asked for, so that every step has as many.
     *
     * @param edits of a run, asked for when its turn has come
     */
    void run(int runs, IntFunction<Edits> edits, Taker taker) {
        for (int from = 0; from < runs; from += slots) {
            int count = Math.min(slots, runs - from);
            for (int slot = 0; slot < slots; slot++) {
                session.reset(slot);
                session.edit(slot, edits.apply(from + Math.min(slot, count - 1)));
            }
            step(from, count, taker);
        }
    }

    /** As many positions of every slot at a time as a step has room for; the results are complete with the last of them. */
    private void step(int first, int count, Taker taker) {
        int chunk = Math.min(prompt.size(), ROWS_OF_A_STEP / slots);
        List<Result> results = Stream.generate(this::room).limit(count).toList();
        for (int from = 0; from < prompt.size(); from += chunk) {
            int to = Math.min(prompt.size(), from + chunk);
            Session.StepResult result = session.step(rows(from, to), taps);
            for (int slot = 0; slot < count; slot++) {
                keep(result, slot, from, to, results.get(slot));
            }
        }
        for (int slot = 0; slot < count; slot++) {
            taker.take(first + slot, results.get(slot));
        }
    }

    private Result room() {
        var tapped = new TreeMap<HookPoint, float[]>();
        for (HookPoint point : taps.taps().keySet()) {
            tapped.put(point, new float[prompt.size() * config.dimensions().columns(point.site(), prompt.size())]);
        }
        return new Result(new float[config.vocabulary()], tapped);
    }

    private static void keep(Session.StepResult step, int slot, int from, int to, Result result) {
        copy(step.logits(slot), 0, result.logits, 0, result.logits.length);
        result.tapped.forEach((point, all) -> {
            int columns = step.columns(point);
            int count = (to - from) * columns;
            copy(step.tapped(point), slot * count, all, from * columns, count);
        });
    }

    private static void copy(MemorySegment from, int at, float[] to, int begin, int count) {
        MemorySegment.copy(from, ValueLayout.JAVA_FLOAT, (long) at * Float.BYTES, to, begin, count);
    }

    private Rows rows(int from, int to) {
        int each = to - from;
        int[] rowSlots = new int[slots * each];
        int[] positions = new int[rowSlots.length];
        int[] tokens = new int[rowSlots.length];
        int[] outputs = new int[slots];
        for (int row = 0; row < rowSlots.length; row++) {
            rowSlots[row] = row / each;
            positions[row] = from + row % each;
            tokens[row] = prompt.get(positions[row]);
            outputs[row / each] = row;
        }
        return new Rows(rowSlots, positions, tokens, outputs);
    }

    /** Plans that were made. */
    long plans() {
        return session.plansMade();
    }

    @Override
    public void close() {
        session.close();
    }
}
