package dev.weir.batching;

import dev.weir.engine.Session;
import dev.weir.engine.Session.StepResult;
import dev.weir.engine.UnrecordedSteps;
import dev.weir.hook.HookPoint;
import dev.weir.hook.Hooks;
import dev.weir.hook.Rows;
import java.util.Collection;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/** What the steps of a session show, and who is shown it: every step has the points that any request of it wants to see. */
final class SessionTraces {

    private final Session session;
    private final StepWatch watch;
    private Hooks taps = Hooks.NONE;
    private UnrecordedSteps unrecorded;

    /**
     * Nobody wants to see anything yet.
     *
     * @param bySlot the request of each slot as it is when a step is recorded
     */
    SessionTraces(Session session, @Nullable Running[] bySlot) {
        this.session = session;
        this.watch = new StepWatch(bySlot);
        this.unrecorded = new UnrecordedSteps(session, taps, watch);
    }

    /** What the next step has to show. */
    Hooks taps() {
        return taps;
    }

    /** From now on a step shows what these requests want to see. */
    void show(Collection<Running> requests) {
        Set<HookPoint> points = new TreeSet<>();
        requests.forEach(each -> each.ticket().watchers().forEach(watcher -> points.addAll(watcher.points())));
        if (!points.equals(taps.taps().keySet())) {
            recordAll();
            taps = points.isEmpty() ? Hooks.NONE : Hooks.tap(points);
            unrecorded = new UnrecordedSteps(session, taps, watch);
        }
    }

    /** Takes a step that has begun. */
    void add(Rows rows, StepResult result) {
        unrecorded.add(rows, result);
    }

    /** Shows what lies in the machine's memory still. */
    void recordAll() {
        unrecorded.recordAll();
    }

    /** Requests whose sinks threw since they were asked for last, and what. */
    Map<Running, Throwable> takeFailures() {
        return watch.takeFailures();
    }
}
