package dev.weir.hook;

import java.lang.foreign.MemorySegment;
import java.util.List;

/** Several sinks of one pass, each with points and positions of its own: one computation, a file and a summary. */
public final class TraceFork implements TraceSink {

    /** A sink and what it is to see. */
    public record Branch(Hooks hooks, TraceSink sink) {}

    private final List<Branch> branches;

    /** A sink that hands everything on to these. */
    public TraceFork(List<Branch> branches) {
        this.branches = List.copyOf(branches);
    }

    /** Hooks that see every point of every branch; to be traced with, so that each branch gets what it is to see. */
    public Hooks hooks() {
        return Hooks.tap(branches.stream()
                .flatMap(branch -> branch.hooks.taps().keySet().stream())
                .distinct()
                .toList());
    }

    @Override
    public void begin(TraceLayout layout) {
        for (Branch branch : branches) {
            branch.sink.begin(new TraceLayout(
                    branch.hooks.taps(), layout.dimensions(), layout.sequences(), layout.length(), layout.type()));
        }
    }

    @Override
    public void tokens(Rows rows) {
        branches.forEach(branch -> branch.sink.tokens(rows));
    }

    @Override
    public void rows(HookPoint point, Rows rows, MemorySegment values, int columns) {
        for (Branch branch : branches) {
            if (branch.hooks.taps().containsKey(point)) {
                branch.sink.rows(point, rows, values, columns);
            }
        }
    }

    @Override
    public void end(int[] lengths) {
        branches.forEach(branch -> branch.sink.end(lengths));
    }

    /** Closes every branch. */
    @Override
    public void close() {
        branches.forEach(branch -> branch.sink.close());
    }
}
