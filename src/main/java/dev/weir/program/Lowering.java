package dev.weir.program;

import dev.weir.hook.Edit;
import dev.weir.hook.HookPoint;
import dev.weir.hook.Hooks;
import dev.weir.tensor.Tensor;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.stream.Stream;

/** The first pass. Hooks become nothing, a name, an op, or a stop; ops that nobody needs go. */
final class Lowering {

    /** What is left: steps without hooks, and what holds the value of each tapped point. */
    record Lowered(List<Step> steps, SortedMap<HookPoint, Tensor> taps, List<Tensor> results) {}

    private final Hooks hooks;
    private final Inputs inputs;
    private final int slots;
    private final Map<Integer, Tensor> renamed = new HashMap<>();
    private final SortedMap<HookPoint, Tensor> taps = new TreeMap<>();
    private final List<Step> steps = new ArrayList<>();
    private final Set<Integer> read = new HashSet<>();
    private List<Op> open = new ArrayList<>();
    private int nextId;

    private Lowering(Program program, Hooks hooks) {
        this.hooks = hooks;
        this.inputs = program.inputs();
        this.slots = program.slots();
        this.nextId = program.nextId();
    }

    static Lowered lower(Program program, Hooks hooks) {
        requireEveryPoint(program, hooks);
        var lowering = new Lowering(program, hooks);
        List<Op.Plain> ops = OpenedAttention.open(program.ops(), hooks.edits());
        ops.stream().flatMap(op -> op.ins().stream()).forEach(t -> lowering.read.add(t.id()));
        program.results().forEach(t -> lowering.read.add(t.id()));
        ops.forEach(lowering::lower);
        lowering.close();
        List<Tensor> results = program.results().stream().map(lowering::current).toList();
        return new Lowered(withoutUnneeded(lowering.steps, lowering.taps, results), lowering.taps, results);
    }

    /** A hook that silently does nothing is the worst bug this engine could have. */
    private static void requireEveryPoint(Program program, Hooks hooks) {
        var missing = new TreeSet<>(hooks.points());
        program.points().forEach(missing::remove);
        if (!missing.isEmpty()) {
            throw new IllegalArgumentException("hook points " + missing + ": expected points of this model, which has "
                    + program.points().size() + "; see 'weir hooks'");
        }
    }

    private void lower(Op.Plain op) {
        if (op instanceof Op.Hook hook) {
            lowerHook(hook);
        } else {
            open.add(rename(op));
        }
    }

    private void lowerHook(Op.Hook hook) {
        List<Edit> edits = hooks.edits().at(hook.point());
        if (!edits.isEmpty()) {
            EditRules.require(
                    hook, edits, inputs.rows(), read.contains(hook.out().id()));
        }
        Tensor x = current(hook.x());
        for (int lane = 0; lane < edits.size(); lane++) {
            x = edited(hook, lane, edits.get(lane), x, lane == edits.size() - 1 ? hook.out() : another(hook.out()));
        }
        renamed.put(hook.out().id(), x);
        if (hooks.taps().containsKey(hook.point())) {
            taps.put(hook.point(), x);
        }
    }

    private Tensor edited(Op.Hook hook, int lane, Edit edit, Tensor x, Tensor out) {
        switch (edit) {
            case Edit.OnHost host -> {
                close();
                steps.add(new Step.Host(hook.point(), x, out, host.function()));
            }
            case Edit.OnMachine arithmetic -> {
                int columns = x.columns();
                open.add(EditState.of(hook.point(), lane, arithmetic, columns, hook.heads(), slots)
                        .op(out, x, inputs));
            }
        }
        return out;
    }

    /** A value as large as this one. */
    private Tensor another(Tensor value) {
        return new Tensor(nextId++, value.name(), value.type(), value.rows(), value.columns(), value.role());
    }

    private void close() {
        if (!open.isEmpty()) {
            steps.add(new Step.Device(open));
            open = new ArrayList<>();
        }
    }

    private Tensor current(Tensor t) {
        return renamed.getOrDefault(t.id(), t);
    }

    private Op rename(Op.Plain op) {
        return switch (op) {
            case Op.Embed o -> o;
            case Op.Add o -> new Op.Add(o.out(), current(o.a()), current(o.b()));
            case Op.LayerNorm o ->
                new Op.LayerNorm(o.out(), o.scale(), o.normalized(), current(o.x()), o.weight(), o.bias(), o.epsilon());
            case Op.Linear o -> new Op.Linear(o.out(), current(o.x()), o.weight(), o.bias());
            case Op.Activate o -> new Op.Activate(o.out(), current(o.x()), o.function());
            case Op.Append o -> new Op.Append(o.cache(), current(o.x()), o.slots(), o.positions(), o.pages(), o.kind());
            case Op.Attention o ->
                new Op.Attention(
                        o.z(),
                        o.scores(),
                        o.pattern(),
                        current(o.q()),
                        o.keys(),
                        o.values(),
                        o.slots(),
                        o.positions(),
                        o.pages(),
                        o.heads(),
                        o.scale());
            case Op.AttentionScores o ->
                new Op.AttentionScores(
                        o.scores(),
                        current(o.q()),
                        o.keys(),
                        o.slots(),
                        o.positions(),
                        o.pages(),
                        o.heads(),
                        o.scale());
            case Op.AttentionPattern o ->
                new Op.AttentionPattern(o.pattern(), current(o.scores()), o.positions(), o.heads());
            case Op.AttentionMix o ->
                new Op.AttentionMix(
                        o.z(), current(o.pattern()), o.values(), o.slots(), o.positions(), o.pages(), o.heads());
            case Op.HeadResults o -> new Op.HeadResults(o.out(), current(o.z()), o.weight(), o.heads());
            case Op.SelectRows o -> new Op.SelectRows(o.out(), current(o.x()), o.rows());
            case Op.Sample o ->
                new Op.Sample(
                        o.chosen(),
                        o.seen(),
                        current(o.logits()),
                        o.samplers(),
                        o.biases(),
                        o.slots(),
                        o.positions(),
                        o.outputs());
            case Op.Hook o -> throw new IllegalStateException("a hook is lowered, not renamed: " + o);
        };
    }

    /** Drops, from the end, every op whose results nobody reads; what changes state stays. */
    private static List<Step> withoutUnneeded(
            List<Step> steps, SortedMap<HookPoint, Tensor> taps, List<Tensor> results) {
        var needed = new HashSet<Integer>();
        results.forEach(t -> needed.add(t.id()));
        taps.values().forEach(t -> needed.add(t.id()));
        var kept = new ArrayList<Step>();
        for (Step step : steps.reversed()) {
            switch (step) {
                case Step.Host host -> {
                    needed.add(host.x().id());
                    kept.addFirst(host);
                }
                case Step.Device device -> {
                    var ops = new ArrayList<Op>();
                    for (Op op : device.ops().reversed()) {
                        boolean isNeeded = Stream.concat(op.outs().stream(), op.asides().stream())
                                .anyMatch(t -> t.role() == Tensor.Role.STATE || needed.contains(t.id()));
                        if (isNeeded) {
                            op.ins().forEach(t -> needed.add(t.id()));
                            ops.addFirst(op);
                        }
                    }
                    if (!ops.isEmpty()) {
                        kept.addFirst(new Step.Device(ops));
                    }
                }
            }
        }
        return kept;
    }
}
