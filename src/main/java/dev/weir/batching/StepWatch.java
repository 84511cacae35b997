package dev.weir.batching;

import dev.weir.batching.Ticket.Watcher;
import dev.weir.hook.HookPoint;
import dev.weir.hook.Rows;
import dev.weir.hook.TraceLayout;
import dev.weir.hook.TraceSink;
import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import java.util.HashMap;
import java.util.Map;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/** Hands what was seen in a step to the requests whose rows it is; each of them sees itself alone, as sequence 0. */
final class StepWatch implements TraceSink {

    private final @Nullable Running[] bySlot;
    private final Map<Running, Throwable> failures = new HashMap<>();

    /**
     * A watch over the requests of a session.
     *
     * @param bySlot the request of each slot as it is when a step is recorded
     */
    StepWatch(@Nullable Running[] bySlot) {
        this.bySlot = bySlot;
    }

    /** Requests whose sinks threw, and what; they are forgotten by this call. */
    Map<Running, Throwable> takeFailures() {
        var taken = Map.copyOf(failures);
        failures.clear();
        return taken;
    }

    @Override
    public void begin(TraceLayout layout) {}

    @Override
    public void tokens(Rows rows) {
        eachRequest(rows, (running, from, to) -> {
            Rows own = own(rows, from, to);
            running.ticket()
                    .watchers()
                    .forEach(watcher -> watcher.tracing().sink().tokens(own));
        });
    }

    @Override
    public void rows(HookPoint point, Rows rows, MemorySegment values, int columns) {
        long bytes = (long) columns * Float.BYTES;
        eachRequest(rows, (running, from, to) -> {
            Rows own = own(rows, from, to);
            MemorySegment ofRequest = values.asSlice(from * bytes, (to - from) * bytes);
            for (Watcher watcher : running.ticket().watchers()) {
                if (watcher.points().contains(point)) {
                    watcher.tracing().sink().rows(point, own, ofRequest, columns);
                }
            }
            running.recorded().ifPresent(recorded -> recorded.rows(point, own, ofRequest, columns));
        });
    }

    private interface Visitor {
        void visit(Running running, int from, int to);
    }

    private void eachRequest(Rows rows, Visitor visitor) {
        int from = 0;
        while (from < rows.count()) {
            int to = from + 1;
            while (to < rows.count() && rows.slots()[to] == rows.slots()[from]) {
                to++;
            }
            Running running = bySlot[rows.slots()[from]];
            if (running != null && !running.ticket().watchers().isEmpty() && !failures.containsKey(running)) {
                int first = from;
                int end = to;
                guarded(running, r -> visitor.visit(r, first, end));
            }
            from = to;
        }
    }

    /** Whoever throws harms nobody but the request that he watches. */
    private void guarded(Running running, Consumer<Running> action) {
        try {
            action.accept(running);
        } catch (RuntimeException | Error e) {
            failures.put(running, e);
        }
    }

    private static Rows own(Rows rows, int from, int to) {
        return new Rows(
                new int[to - from],
                Arrays.copyOfRange(rows.positions(), from, to),
                Arrays.copyOfRange(rows.tokens(), from, to),
                Arrays.stream(rows.outputs())
                        .filter(row -> row >= from && row < to)
                        .map(row -> row - from)
                        .toArray());
    }

    @Override
    public void end(int[] lengths) {}

    @Override
    public void close() {}
}
