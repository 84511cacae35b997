package dev.weir.backend.cpu;

import dev.weir.backend.Backend;
import dev.weir.program.Op;
import dev.weir.program.Pages;
import dev.weir.program.Plan;
import dev.weir.tensor.DType;
import dev.weir.tensor.Tensor;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * One session's state: caches, which take their layout from the first plan that attends to them, and the memory for the values of a
 * step, which all plans share.
 */
final class CpuWorkspace implements Backend.Workspace {

    private final Workers workers;
    private final CpuWeights weights;
    private final List<Tensor> state;
    private final Map<Integer, KeyValueCache> caches = new HashMap<>();
    private final Slabs memory = new Slabs();
    private Slab scratch = new Slab(Slab.ALIGNMENT);
    private Slab trace = new Slab(Slab.ALIGNMENT);
    private final List<Slab> outgrown = new ArrayList<>();
    private final Map<Tensor, MemorySegment> values = new HashMap<>();
    private Backend.@Nullable Run lastRun;
    private boolean running;
    private boolean closed;

    CpuWorkspace(Workers workers, CpuWeights weights, List<Tensor> state) {
        this.workers = workers;
        this.weights = weights;
        this.state = List.copyOf(state);
    }

    @Override
    public CpuExecutable compile(Plan plan) {
        synchronized (workers) {
            requireOpen();
            weights.requireOpen();
            plan.ops().forEach(op -> {
                prepareCaches(op);
                if (op instanceof Op.Edited edited) {
                    edited.state().forEach(this::reserve);
                }
            });
            reserve(plan);
            return new CpuExecutable(workers, weights, this, plan);
        }
    }

    private void prepareCaches(Op op) {
        if (op instanceof Op.Attention o) {
            prepareCache(o.keys(), Op.CacheKind.KEYS, o.pages(), o.heads(), o.headWidth());
            prepareCache(o.values(), Op.CacheKind.VALUES, o.pages(), o.heads(), o.headWidth());
        }
        if (op instanceof Op.AttentionScores o) {
            prepareCache(o.keys(), Op.CacheKind.KEYS, o.pages(), o.heads(), o.headWidth());
        }
        if (op instanceof Op.AttentionMix o) {
            prepareCache(o.values(), Op.CacheKind.VALUES, o.pages(), o.heads(), o.headWidth());
        }
    }

    private void prepareCache(Tensor tensor, Op.CacheKind kind, Pages pages, int heads, int headWidth) {
        if (!state.contains(tensor)) {
            throw new IllegalArgumentException("cache " + tensor + ": expected one of the state that was allocated");
        }
        var shape = new KeyValueCache.Shape(kind, tensor.rows(), pages, heads, headWidth);
        var where = PageTable.of(pages, values(pages.table()));
        KeyValueCache known = caches.computeIfAbsent(
                tensor.id(), id -> new KeyValueCache(shape, where, workers.panelWidth(), memory));
        if (!known.shape().equals(shape)) {
            throw new IllegalArgumentException(
                    "cache " + tensor + ": expected " + known.shape() + " as in an earlier plan, got " + shape);
        }
    }

    /** The cache that a tensor of the state names. */
    KeyValueCache cache(Tensor tensor) {
        KeyValueCache cache = caches.get(tensor.id());
        if (cache == null) {
            throw new IllegalArgumentException("cache " + tensor + ": expected an attention that reads it");
        }
        return cache;
    }

    @Override
    public void write(Tensor tensor, long element, MemorySegment source) {
        synchronized (workers) {
            requireOpen();
            long elementBytes = tensor.type().bytes();
            long bytes = source.byteSize();
            if (element < 0 || bytes % elementBytes != 0 || element + bytes / elementBytes > tensor.size()) {
                throw new IllegalArgumentException("write of " + bytes + " bytes from element " + element
                        + ": expected " + tensor.type().label() + " elements of " + tensor);
            }
            MemorySegment.copy(source, 0, values(tensor), element * elementBytes, bytes);
        }
    }

    /** The memory of a tensor of the state that is no cache: int32, or what an edit of a plan reads. */
    MemorySegment values(Tensor tensor) {
        MemorySegment known = values.get(tensor);
        if (known != null) {
            return known;
        }
        if (tensor.type() != DType.INT32 || !state.contains(tensor)) {
            throw new IllegalArgumentException("state " + tensor
                    + ": expected an int32 tensor of the state that was allocated, or what an edit of a plan reads");
        }
        return reserve(tensor);
    }

    private MemorySegment reserve(Tensor tensor) {
        return values.computeIfAbsent(tensor, t -> memory.allocate(t.bytes()));
    }

    /** Makes room for the values of a plan. What is outgrown stays readable until the next step. */
    private void reserve(Plan plan) {
        scratch = atLeast(plan.scratchBytes(), scratch);
        trace = atLeast(plan.traceBytes(), trace);
    }

    private Slab atLeast(long bytes, Slab slab) {
        if (slab.memory().byteSize() >= bytes) {
            return slab;
        }
        outgrown.add(slab);
        return new Slab(bytes);
    }

    Slab slab(Plan.Slab which) {
        return switch (which) {
            case SCRATCH -> scratch;
            case TRACE -> trace;
        };
    }

    /** Begins a step: the values of the step before are gone. */
    void begin() {
        if (running) {
            throw new IllegalStateException("a step of this workspace: expected after the one that is running");
        }
        running = true;
        lastRun = null;
        outgrown.forEach(Slab::close);
        outgrown.clear();
    }

    /**
     * Ends a step.
     *
     * @param run whose values are in memory, if the step went well
     */
    void end(Backend.@Nullable Run run) {
        running = false;
        lastRun = run;
    }

    boolean lastRunWas(Backend.Run run) {
        return lastRun == run;
    }

    void requireOpen() {
        if (closed) {
            throw new IllegalStateException("this workspace is closed");
        }
    }

    @Override
    public void close() {
        synchronized (workers) {
            if (!closed) {
                closed = true;
                memory.close();
                outgrown.forEach(Slab::close);
                scratch.close();
                trace.close();
            }
        }
    }
}
