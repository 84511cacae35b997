package dev.weir.steering;

import dev.weir.engine.Prompt;
import dev.weir.engine.TextListener;
import dev.weir.engine.Tracing;
import dev.weir.engine.Weir;
import dev.weir.hook.Edits;
import dev.weir.hook.HookPoint;
import dev.weir.hook.Hooks;
import dev.weir.hook.Positions;
import dev.weir.hook.Trace;
import dev.weir.hook.TraceRecorder;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Collections;
import java.util.List;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * What a model holds at some points while it reads prompts: at each point rows, prompt by prompt.
 *
 * @param rows by point; with {@link Reading#LAST} and {@link Reading#MEAN} row i is prompt i's
 */
public record Activations(SortedMap<HookPoint, List<float[]>> rows) {

    private static final int PROMPTS_AT_ONCE = 16;

    public Activations {
        rows = Collections.unmodifiableSortedMap(new TreeMap<>(rows));
    }

    /**
     * Reads prompts, a few at a time.
     *
     * @param listener is told of every token that went through the model
     * @throws IllegalArgumentException for prompts that the model cannot read, and points that have no row for each token
     */
    public static Activations of(
            Weir weir, List<Prompt> prompts, Collection<HookPoint> points, Reading reading, TextListener listener) {
        var taps = new TreeMap<HookPoint, Positions>();
        var rows = new TreeMap<HookPoint, List<float[]>>();
        for (HookPoint point : points) {
            taps.put(point, reading.positions());
            rows.put(point, new ArrayList<>());
        }
        for (int from = 0; from < prompts.size(); from += PROMPTS_AT_ONCE) {
            List<Prompt> some = prompts.subList(from, Math.min(prompts.size(), from + PROMPTS_AT_ONCE));
            try (var recorder = new TraceRecorder()) {
                weir.forward(some, Tracing.of(new Hooks(taps, Edits.NONE), recorder), listener);
                Trace trace = recorder.trace();
                rows.forEach((point, all) -> {
                    for (int sequence = 0; sequence < some.size(); sequence++) {
                        all.addAll(reading.rows(point, trace.get(point), sequence));
                    }
                });
            }
        }
        return new Activations(rows);
    }

    /** Every row of a point. */
    public List<float[]> at(HookPoint point) {
        List<float[]> found = rows.get(point);
        if (found == null) {
            throw new IllegalArgumentException("hook point " + point + ": expected one of " + rows.keySet());
        }
        return Collections.unmodifiableList(found);
    }
}
