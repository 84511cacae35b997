package dev.weir.patching;

import dev.weir.engine.Prompt;
import dev.weir.engine.Tracing;
import dev.weir.engine.Weir;
import dev.weir.hook.Edit;
import dev.weir.hook.Edits;
import dev.weir.hook.HookPoint;
import dev.weir.hook.Hooks;
import dev.weir.hook.Span;
import dev.weir.hook.Trace;
import dev.weir.hook.TraceRecorder;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.IntFunction;
import java.util.stream.IntStream;

/**
 * Activation patching: the corrupted prompt runs again and again, each time with one activation of the clean prompt in place of its
 * own, and a metric says how much that brings back. Sources: Vig et al., "Investigating gender bias in language models using causal
 * mediation analysis", 2020; Meng et al., "Locating and editing factual associations in GPT", 2022. To see what spoils the clean
 * prompt instead, give {@link PromptPair#swapped}.
 */
public final class ActivationPatching {

    private static final int AT_ONCE = 32;

    private final Weir weir;
    private final PromptPair prompts;
    private final Metric metric;

    /** @throws IllegalArgumentException for tokens that the model does not have, or more of them than its context */
    public ActivationPatching(Weir weir, PromptPair prompts, Metric metric) {
        this.weir = weir;
        this.prompts = prompts;
        this.metric = metric;
        metric.requireWithin(weir.config().vocabulary());
        requireReadable();
    }

    /** A sweep may take hours, so what would stop it is found before. */
    private void requireReadable() {
        List<Prompt> both = List.of(tokens(prompts.clean()), tokens(prompts.corrupted()));
        weir.layoutOfForward(both, Tracing.of(Hooks.NONE, new TraceRecorder()));
    }

    /** Sweeps over every cell of a grid. All cells run one plan: each has every layer's edit, at no position where it is not its own. */
    public PatchingMap sweep(PatchingGrid grid, PatchingListener listener) {
        List<HookPoint> points = grid.points(weir.config());
        Map<HookPoint, Edit.OnMachine> clean = replacements(weir, prompts.clean(), points);
        List<PatchingGrid.Patch> patches = grid.patches(weir.config(), prompts.length());
        int runs = 1 + patches.size(); // the first is the corrupted prompt as it is
        double[] values = new double[runs];
        float[] logitsOfClean = logits(weir, prompts.clean());
        try (var session = new PatchedRuns(weir, prompts.corrupted(), Math.min(AT_ONCE, runs), List.of())) {
            IntFunction<Edits> edits = run -> edits(clean, run == 0 ? List.of() : List.of(patches.get(run - 1)));
            session.run(runs, edits, (run, result) -> {
                values[run] = metric.of(result.logits(), logitsOfClean);
                if (run > 0) {
                    listener.onCells(run, patches.size());
                }
            });
            PatchingMap.Axis rows = grid.rows(weir.config());
            PatchingMap.Axis columns = grid.columns(weir.config(), Texts.of(weir, prompts.clean()));
            return new PatchingMap(
                    grid.title(),
                    rows,
                    columns,
                    inRows(values, columns.labels().size()),
                    metric.of(logitsOfClean, logitsOfClean),
                    values[0],
                    session.plans());
        }
    }

    private static List<List<Double>> inRows(double[] values, int columns) {
        return IntStream.range(0, (values.length - 1) / columns)
                .mapToObj(row -> IntStream.range(0, columns)
                        .mapToObj(column -> values[1 + row * columns + column])
                        .toList())
                .toList();
    }

    private static Edits edits(Map<HookPoint, Edit.OnMachine> replacements, List<PatchingGrid.Patch> patches) {
        Edits edits = Edits.NONE;
        for (var replacement : replacements.entrySet()) {
            Edit.OnMachine edit = replacement.getValue().at(Span.NEVER);
            for (PatchingGrid.Patch patch : patches) {
                if (patch.point().equals(replacement.getKey())) {
                    edit = PathPatching.restricted(edit.at(patch.span()), patch.heads());
                }
            }
            edits = edits.and(replacement.getKey(), edit);
        }
        return edits;
    }

    /** Edits that put what a prompt has at these points in place of what is there. */
    static Map<HookPoint, Edit.OnMachine> replacements(Weir weir, List<Integer> prompt, Collection<HookPoint> points) {
        try (var recorder = new TraceRecorder()) {
            weir.forward(List.of(tokens(prompt)), Tracing.of(Hooks.tap(points), recorder));
            Trace trace = recorder.trace();
            var edits = new TreeMap<HookPoint, Edit.OnMachine>();
            points.forEach(
                    point -> edits.put(point, Edit.replace(trace.get(point).data(), prompt.size())));
            return edits;
        }
    }

    /** The logits after the last token of a prompt as it is. */
    static float[] logits(Weir weir, List<Integer> prompt) {
        try (var session = new PatchedRuns(weir, prompt, 1, List.of())) {
            return session.run(Edits.NONE).logits();
        }
    }

    private static Prompt tokens(List<Integer> ids) {
        return Prompt.of(ids.stream().mapToInt(Integer::intValue).toArray());
    }
}
