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

    private record Unrecorded(Rows rows, Session.StepResult result) {}

    private final int kept;
    private final Hooks hooks;
    private final TraceSink sink;
    private final Queue<Unrecorded> steps = new ArrayDeque<>();

    /**
     * No steps yet.
     *
     * @param sink has begun; it hears of every step, in their order
     */
    public UnrecordedSteps(Session session, Hooks hooks, TraceSink sink) {
        this.kept = session.stepsKept();
        this.hooks = hooks;
        this.sink = sink;
    }

    /** Takes a step that has begun, and records those that the next step would overwrite. */
    public void add(Rows rows, Session.StepResult result) {
        if (!hooks.taps().isEmpty()) {
            steps.add(new Unrecorded(rows, result));
            recordAllBut(kept);
        }
    }

    /** Records the rest. */
    public void recordAll() {
        recordAllBut(0);
    }

    private void recordAllBut(int rest) {
        while (steps.size() > rest) {
            Unrecorded step = steps.remove();
            sink.tokens(step.rows);
            for (HookPoint point : hooks.taps().keySet()) {
                sink.rows(point, step.rows, step.result.tapped(point), step.result.columns(point));
            }
        }
    }
}
