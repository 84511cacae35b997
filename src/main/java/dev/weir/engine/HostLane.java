package dev.weir.engine;

import dev.weir.hook.Edit;
import dev.weir.hook.HookPoint;
import dev.weir.hook.Rows;
import java.util.Arrays;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.IntStream;

/** A cut at which each slot has a function of its own, or none. Which they are is no matter of the plan. */
final class HostLane implements Edit.HostFunction {

    private final Map<Integer, Edit.HostFunction> bySlot = new HashMap<>();

    /** From now on each slot has this. */
    void set(List<Optional<Edit>> edits) {
        bySlot.clear();
        for (int slot = 0; slot < edits.size(); slot++) {
            if (edits.get(slot).isPresent() && edits.get(slot).get() instanceof Edit.OnHost host) {
                bySlot.put(slot, host.function());
            }
        }
    }

    @Override
    public void apply(HookPoint point, Rows rows, float[] values, int columns) {
        var functions = new LinkedHashSet<Edit.HostFunction>();
        for (int slot : rows.slots()) {
            Optional.ofNullable(bySlot.get(slot)).ifPresent(functions::add);
        }
        for (Edit.HostFunction function : functions) {
            int[] own = IntStream.range(0, rows.count())
                    .filter(r -> function.equals(bySlot.get(rows.slots()[r])))
                    .toArray();
            if (own.length == rows.count()) {
                function.apply(point, rows, values, columns);
            } else {
                applyTo(own, function, point, rows, values, columns);
            }
        }
    }

    private static void applyTo(
            int[] own, Edit.HostFunction function, HookPoint point, Rows rows, float[] values, int columns) {
        var part = new float[own.length * columns];
        for (int i = 0; i < own.length; i++) {
            System.arraycopy(values, own[i] * columns, part, i * columns, columns);
        }
        function.apply(point, only(own, rows), part, columns);
        for (int i = 0; i < own.length; i++) {
            System.arraycopy(part, i * columns, values, own[i] * columns, columns);
        }
    }

    private static Rows only(int[] own, Rows rows) {
        return new Rows(
                pick(own, rows.slots()),
                pick(own, rows.positions()),
                pick(own, rows.tokens()),
                IntStream.range(0, own.length)
                        .filter(i -> Arrays.binarySearch(rows.outputs(), own[i]) >= 0)
                        .toArray());
    }

    private static int[] pick(int[] indices, int[] from) {
        return Arrays.stream(indices).map(i -> from[i]).toArray();
    }
}
