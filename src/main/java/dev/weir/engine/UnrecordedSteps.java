package dev.weir.engine;

import dev.weir.hook.HookPoint;
import dev.weir.hook.Hooks;
import dev.weir.hook.Rows;
import dev.weir.hook.TraceSink;
import java.util.ArrayDeque;
import java.util.Queue;

/**
 * Steps whose trace is still in the machine's memory. A step is recorded as late as the machine allows: one that keeps the step
 * before the newest computes while its trace is recorded, one that keeps none has been waited for anyway.
 */
public final class UnrecordedSteps {

    private final int kept;
    private final TraceSink sink;
    private final HookPoint[] points;
    private final Queue<Rows> rows = new ArrayDeque<>();
    private final Queue<Session.StepResult> results = new ArrayDeque<>();

    /**
     * No steps yet.
     *
     * @param sink has begun; it hears of every step, in their order
     */
    public UnrecordedSteps(Session session, Hooks hooks, TraceSink sink) {
        this.kept = session.stepsKept();
        this.points = hooks.taps().keySet().toArray(HookPoint[]::new);
        this.sink = sink;
    }

    /**
     * Takes a step that has begun, and records those that the next step would overwrite.
     *
     * @param ofStep stay as they are until {@link Session#stepsKept} further steps have been taken
     */
    public void add(Rows ofStep, Session.StepResult result) {
        if (points.length > 0) {
            rows.add(ofStep);
            results.add(result);
            recordAllBut(kept);
        }
    }

    /** Records the rest. */
    public void recordAll() {
        recordAllBut(0);
    }

    private void recordAllBut(int rest) {
        while (results.size() > rest) {
            Rows ofStep = rows.remove();
            Session.StepResult result = results.remove();
            sink.tokens(ofStep);
            for (HookPoint point : points) {
                sink.rows(point, ofStep, result.tapped(point), result.columns(point));
            }
        }
    }
}
