package dev.weir.batching;

import dev.weir.batching.Ticket.Watcher;
import dev.weir.hook.HookPoint;
import dev.weir.hook.Rows;
import dev.weir.hook.TraceLayout;
import dev.weir.hook.TraceSink;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/** Hands what was seen in a step to the requests whose rows it is; each of them sees itself alone, as sequence 0. */
final class StepWatch implements TraceSink {

    /** The rows of a request in a step, from one of the step's rows on. */
    private record Part(Running running, int from, Rows own) {}

    private final @Nullable Running[] bySlot;
    private final Map<Running, Throwable> failures = new HashMap<>();
    private List<Part> parts = List.of();

    /**
     * A watch over the requests of a session.
     *
     * @param bySlot the request of each slot as it is when a step is recorded
     */
    StepWatch(@Nullable Running[] bySlot) {
        this.bySlot = bySlot;
    }

    /** Requests whose sinks threw, and what; by this call they are forgotten, as is the step that was recorded last. */
    Map<Running, Throwable> takeFailures() {
        var taken = Map.copyOf(failures);
        failures.clear();
        parts = List.of();
        return taken;
    }

    @Override
    public void begin(TraceLayout layout) {}

    @Override
    public void tokens(Rows rows) {
        parts = parts(rows);
        eachPart(part -> part.running().ticket().watchers().forEach(watcher -> watcher.tracing()
                .sink()
                .tokens(part.own())));
    }

    @Override
    public void rows(HookPoint point, Rows rows, MemorySegment values, int columns) {
        long bytes = (long) columns * Float.BYTES;
        eachPart(part -> {
            Rows own = part.own();
            MemorySegment ofRequest = values.asSlice(part.from() * bytes, own.count() * bytes);
            for (Watcher watcher : part.running().ticket().watchers()) {
                if (watcher.points().contains(point)) {
                    watcher.tracing().sink().rows(point, own, ofRequest, columns);
                }
            }
            part.running().recorded().ifPresent(recorded -> recorded.rows(point, own, ofRequest, columns));
        });
    }

    private List<Part> parts(Rows rows) {
        var found = new ArrayList<Part>();
        int from = 0;
        while (from < rows.count()) {
            int to = from + 1;
            while (to < rows.count() && rows.slots()[to] == rows.slots()[from]) {
                to++;
            }
            Running running = bySlot[rows.slots()[from]];
            if (running != null && !running.ticket().watchers().isEmpty()) {
                found.add(new Part(running, from, own(rows, from, to)));
            }
            from = to;
        }
        return found;
    }

    /** Whoever throws harms nobody but the request that he watches. */
    private void eachPart(Consumer<Part> action) {
        for (Part part : parts) {
            if (!failures.containsKey(part.running())) {
                try {
                    action.accept(part);
                } catch (RuntimeException | Error e) {
                    failures.put(part.running(), e);
                }
            }
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
