package dev.weir.backend.cuda;

import dev.weir.backend.Backend;
import dev.weir.backend.RowLimits;
import dev.weir.backend.cuda.driver.Stream;
import dev.weir.hook.Rows;
import dev.weir.program.Plan;
import dev.weir.tensor.Tensor;
import java.lang.foreign.MemorySegment;
import java.util.List;

/**
 * A plan as launches that know their memory. The first run launches them one by one, which loads what is loaded late; the second
 * captures every stretch on the GPU as a graph, and from then on a stretch is one launch.
 */
final class CudaExecutable implements Backend.Executable {

    private final Device device;
    private final CudaWeights weights;
    private final CudaWorkspace workspace;
    private final Plan plan;
    private final RowLimits limits;
    private final Readback readback;
    private int generation;
    private List<Stretch> stretches;
    private boolean hasRun;

    CudaExecutable(Device device, CudaWeights weights, CudaWorkspace workspace, Plan plan) {
        this.device = device;
        this.weights = weights;
        this.workspace = workspace;
        this.plan = plan;
        limits = RowLimits.of(plan);
        readback = Readback.of(plan);
        generation = workspace.generation();
        stretches = bind();
    }

    private List<Stretch> bind() {
        var binding = new Binding(plan, device, weights, workspace);
        return plan.steps().stream().map(binding::stretch).toList();
    }

    @Override
    public Backend.Run run(Rows rows) {
        synchronized (device) {
            workspace.requireOpen();
            limits.require(rows);
            workspace.begin();
            try {
                follow();
                PinnedBuffer arriving = workspace.ring().begin(readback);
                workspace.feed().send(rows, workspace.address(CudaWorkspace.Area.INPUTS));
                stretches.forEach(stretch -> run(stretch, rows));
                hasRun = true;
                return new Begun(workspace.ring().end(readback, arriving, workspace::address), arriving);
            } finally {
                workspace.end();
            }
        }
    }

    /** Goes where the values are to lie, when a larger plan has moved the memory for them. */
    private void follow() {
        if (generation != workspace.generation()) {
            forget();
            stretches = bind();
            generation = workspace.generation();
        }
    }

    private void run(Stretch stretch, Rows rows) {
        switch (stretch) {
            case Stretch.OnHost onHost -> workspace.edits().apply(onHost, rows);
            case Stretch.OnDevice onDevice -> run(onDevice);
        }
    }

    private void run(Stretch.OnDevice stretch) {
        Stream stream = device.compute();
        if (device.options().sync()) {
            stretch.launchOneByOne(stream);
            return;
        }
        workspace.keepReady(this);
        if (hasRun && device.options().graphs()) {
            stretch.replay(stream);
        } else {
            stretch.launch(stream);
        }
    }

    /** Gives back graphs and instructions. */
    void forget() {
        for (Stretch stretch : stretches) {
            if (stretch instanceof Stretch.OnDevice onDevice) {
                onDevice.forget();
            }
        }
    }

    /** A step that the GPU was given. */
    private final class Begun implements Backend.Run {
        private final long number;
        private final PinnedBuffer arriving;

        Begun(long number, PinnedBuffer arriving) {
            this.number = number;
            this.arriving = arriving;
        }

        @Override
        public MemorySegment read(Tensor value) {
            synchronized (device) {
                workspace.requireOpen();
                if (!workspace.ring().holds(number)) {
                    throw new IllegalStateException("value " + value + ": expected of one of the last "
                            + (ReadbackRing.KEPT + 1) + " steps of the workspace");
                }
            }
            Long offset = readback.offsets().get(value.id());
            if (offset == null) {
                throw new IllegalArgumentException("value " + value + ": expected a result or a tapped value");
            }
            return arriving.settledPart(offset, value.bytes());
        }
    }
}
