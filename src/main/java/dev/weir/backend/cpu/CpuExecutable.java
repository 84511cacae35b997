package dev.weir.backend.cpu;

import dev.weir.backend.Backend;
import dev.weir.backend.RowLimits;
import dev.weir.hook.Rows;
import dev.weir.program.Plan;
import dev.weir.tensor.Tensor;
import java.lang.foreign.MemorySegment;
import java.util.HashMap;
import java.util.Map;

/** A plan as stages that know their memory. */
final class CpuExecutable implements Backend.Executable {

    private final Workers workers;
    private final CpuWeights weights;
    private final CpuWorkspace workspace;
    private final Plan plan;
    private final RowLimits limits;
    private final StepRows step;
    private final Map<Tensor, MemorySegment> readable = new HashMap<>();
    private Slab scratch;
    private Slab trace;
    private Stage[] stages;

    /** The run that comes next and the one before it, in turns. */
    private Finished next = new Finished();

    private Finished before = new Finished();

    CpuExecutable(Workers workers, CpuWeights weights, CpuWorkspace workspace, Plan plan) {
        this.workers = workers;
        this.weights = weights;
        this.workspace = workspace;
        this.plan = plan;
        limits = RowLimits.of(plan);
        step = new StepRows(plan.inputs().rows(), workers.tileRows());
        scratch = workspace.slab(Plan.Slab.SCRATCH);
        trace = workspace.slab(Plan.Slab.TRACE);
        stages = bind();
    }

    private Stage[] bind() {
        plan.results().forEach(this::show);
        plan.taps().values().forEach(this::show);
        var binding = new Binding(plan, workers, weights, workspace, step);
        return plan.steps().stream().flatMap(binding::stages).toArray(Stage[]::new);
    }

    private void show(Tensor value) {
        Plan.Place place = plan.place(value)
                .orElseThrow(() -> new IllegalArgumentException("value " + value + ": expected one with a place"));
        Slab slab =
                switch (place.slab()) {
                    case SCRATCH -> scratch;
                    case TRACE -> trace;
                };
        readable.put(value, slab.memory().asSlice(place.offset(), value.bytes()));
    }

    @Override
    public Backend.Run run(Rows rows) {
        synchronized (workers) {
            requireOpen();
            limits.require(rows);
            workspace.begin();
            Finished done = null;
            try {
                follow();
                step.begin(rows);
                for (Stage stage : stages) {
                    stage.run();
                }
                done = next;
                next = before;
                before = done;
                return done;
            } finally {
                workspace.end(done);
            }
        }
    }

    /** Goes where the values are to lie, when a larger plan has moved the memory for them. */
    private void follow() {
        Slab scratchNow = workspace.slab(Plan.Slab.SCRATCH);
        Slab traceNow = workspace.slab(Plan.Slab.TRACE);
        if (scratch != scratchNow || trace != traceNow) {
            scratch = scratchNow;
            trace = traceNow;
            stages = bind();
        }
    }

    private void requireOpen() {
        workers.requireOpen();
        weights.requireOpen();
        workspace.requireOpen();
    }

    /**
     * A step that is over. Its values lie where the next step will put its own. Two objects serve all steps of a plan, and who reads of
     * the step before the newest is told.
     */
    private final class Finished implements Backend.Run {

        @Override
        public MemorySegment read(Tensor value) {
            synchronized (workers) {
                requireOpen();
                if (!workspace.lastRunWas(this)) {
                    throw new IllegalStateException("value " + value + ": expected of the last step that ran");
                }
                MemorySegment values = readable.get(value);
                if (values == null) {
                    throw new IllegalArgumentException("value " + value + ": expected a result or a tapped value");
                }
                return values;
            }
        }
    }
}
