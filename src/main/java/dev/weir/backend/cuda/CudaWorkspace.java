package dev.weir.backend.cuda;

import dev.weir.backend.Backend;
import dev.weir.backend.cuda.MemoryNeed.Part;
import dev.weir.backend.cuda.driver.DeviceMemory;
import dev.weir.program.Op;
import dev.weir.program.Plan;
import dev.weir.tensor.DType;
import dev.weir.tensor.Tensor;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;

/**
 * One session's memory on a GPU: its state, and the slabs for the values of a step, which all plans share and which grow when a larger
 * plan comes. Whoever asks holds the lock of the device.
 */
final class CudaWorkspace implements Backend.Workspace {

    /** So many executables keep their graphs and instructions; those that ran longest ago make them anew when they run again. */
    private static final int MAX_READY = 64;

    /** A memory that the steps of this workspace share. */
    enum Area {
        /** The plan's scratch slab. */
        SCRATCH("values of a step"),
        /** The plan's trace slab. */
        TRACE("traced values of a step"),
        /** What single ops need besides: partial results of attention, rounded rows for cuBLAS. */
        WORK("partial results of ops"),
        /** The rows of the step. */
        INPUTS("inputs of a step");

        private final String purpose;

        Area(String purpose) {
            this.purpose = purpose;
        }
    }

    private final Device device;
    private final CudaWeights weights;
    private final Map<Tensor, Long> stateAddresses = new HashMap<>();
    private final List<DeviceMemory> stateMemory = new ArrayList<>();
    private final Map<Area, DeviceMemory> areas = new EnumMap<>(Area.class);
    private final InputFeed feed;
    private final ReadbackRing ring;
    private final HostEdits edits;
    private final LinkedHashSet<CudaExecutable> ready = new LinkedHashSet<>();
    private int generation;
    private boolean running;
    private boolean closed;

    CudaWorkspace(Device device, CudaWeights weights, List<Tensor> state) {
        this.device = device;
        this.weights = weights;
        feed = new InputFeed(device);
        ring = new ReadbackRing(device);
        edits = new HostEdits(device);
        try {
            reserve(device.foresee("the state of a session", partsOf(state)), state);
        } catch (RuntimeException | Error e) {
            giveBack();
            throw e;
        }
    }

    /** Takes memory for tensors of the state, zeroed. */
    private void reserve(MemoryNeed need, List<Tensor> state) {
        if (need.bytes() > 0) {
            DeviceMemory memory = device.take(need, "state", need.bytes());
            stateMemory.add(memory);
            device.compute().fill(memory.address(), (byte) 0, need.bytes());
            long address = memory.address();
            for (Tensor tensor : state) {
                stateAddresses.put(tensor, address);
                address += aligned(tensor);
            }
        }
    }

    private static long aligned(Tensor tensor) {
        return DeviceMemory.aligned(tensor.bytes());
    }

    private static long aligned(List<Tensor> state) {
        return state.stream().mapToLong(CudaWorkspace::aligned).sum();
    }

    /** Caches are by far the most; what else there is comes under one name. */
    private static List<Part> partsOf(List<Tensor> state) {
        long caches = aligned(
                state.stream().filter(tensor -> tensor.type() == DType.FLOAT32).toList());
        return List.of(new Part("keys and values", caches), new Part("samplers and inputs", aligned(state) - caches));
    }

    @Override
    public void write(Tensor tensor, long element, MemorySegment values) {
        synchronized (device) {
            requireOpen();
            long address = state(tensor);
            long count = values.byteSize() / tensor.type().bytes();
            if (element < 0
                    || count > tensor.size() - element
                    || values.byteSize() % tensor.type().bytes() != 0) {
                throw new IllegalArgumentException("write to " + tensor + ": expected whole elements from 0 to "
                        + (tensor.size() - 1) + ", got " + values.byteSize() + " bytes at element " + element);
            }
            device.upload().send(values, address + element * tensor.type().bytes());
        }
    }

    @Override
    public CudaExecutable compile(Plan plan) {
        synchronized (device) {
            requireOpen();
            requireIdle();
            reserveEdits(plan);
            reserve(plan);
            return new CudaExecutable(device, weights, this, plan);
        }
    }

    /** Takes memory for what the edits of a plan read, unless a plan before it did. */
    private void reserveEdits(Plan plan) {
        List<Tensor> added = plan.ops()
                .filter(Op.Edited.class::isInstance)
                .flatMap(op -> ((Op.Edited) op).state().stream())
                .filter(tensor -> !stateAddresses.containsKey(tensor))
                .toList();
        if (!added.isEmpty()) {
            reserve(device.foresee("the edits of a plan", List.of(new Part("values of edits", aligned(added)))), added);
        }
    }

    /** Makes room for a plan. What has moved is found there by every executable at its next run. */
    private void reserve(Plan plan) {
        var larger = new EnumMap<Area, Long>(Area.class);
        for (Area area : Area.values()) {
            long bytes = bytes(area, plan);
            if (bytes > bytes(area)) {
                larger.put(area, bytes);
            }
        }
        if (!larger.isEmpty()) {
            replace(allocate(larger));
        }
        feed.reserve(bytes(Area.INPUTS, plan));
        edits.reserve(plan);
    }

    private long bytes(Area area, Plan plan) {
        return switch (area) {
            case SCRATCH -> plan.scratchBytes();
            case TRACE -> plan.traceBytes();
            case WORK -> Binding.workBytes(plan, device.algorithms());
            case INPUTS ->
                InputFeed.bytes(plan.inputs().rows(), plan.inputs().outputs().rows());
        };
    }

    /** The size of an area; 0 where no plan has needed it. */
    long bytes(Area area) {
        DeviceMemory memory = areas.get(area);
        return memory == null ? 0 : memory.bytes();
    }

    private Map<Area, DeviceMemory> allocate(Map<Area, Long> wanted) {
        List<Part> parts = wanted.entrySet().stream()
                .map(e -> new Part(e.getKey().purpose, e.getValue()))
                .toList();
        MemoryNeed need = device.foresee("a plan", parts);
        var taken = new EnumMap<Area, DeviceMemory>(Area.class);
        try {
            wanted.forEach((area, bytes) -> taken.put(area, device.take(need, area.purpose, bytes)));
            return taken;
        } catch (RuntimeException | Error e) {
            taken.values().forEach(DeviceMemory::close);
            throw e;
        }
    }

    /** The old memory is not given back before the last step that uses it is through. */
    private void replace(Map<Area, DeviceMemory> larger) {
        device.finish();
        forget();
        larger.forEach((area, memory) -> {
            DeviceMemory outgrown = areas.put(area, memory);
            if (outgrown != null) {
                outgrown.close();
            }
        });
        generation++;
    }

    /** Changes whenever addresses do. */
    int generation() {
        return generation;
    }

    /** Where an area begins; 0 where no plan has needed it. */
    long address(Area area) {
        DeviceMemory memory = areas.get(area);
        return memory == null ? 0 : memory.address();
    }

    long address(Plan.Slab slab) {
        return address(
                switch (slab) {
                    case SCRATCH -> Area.SCRATCH;
                    case TRACE -> Area.TRACE;
                });
    }

    /** The address of a tensor of the state. */
    long state(Tensor tensor) {
        Long address = stateAddresses.get(tensor);
        if (address == null) {
            throw new IllegalArgumentException("state " + tensor
                    + ": expected one of the state that was allocated, or what an edit of a plan reads");
        }
        return address;
    }

    InputFeed feed() {
        return feed;
    }

    ReadbackRing ring() {
        return ring;
    }

    HostEdits edits() {
        return edits;
    }

    void begin() {
        requireIdle();
        running = true;
    }

    /** An edit in Java may not begin, nor move memory for, another step in the midst of its own. */
    private void requireIdle() {
        if (running) {
            throw new IllegalStateException("a step of this workspace: expected after the one that is running");
        }
    }

    void end() {
        running = false;
    }

    /** Lets an executable that runs keep what it has on the GPU, at the cost of those that ran longest ago. */
    void keepReady(CudaExecutable executable) {
        ready.remove(executable);
        ready.add(executable);
        if (ready.size() > MAX_READY) {
            ready.removeFirst().forget();
        }
    }

    private void forget() {
        ready.forEach(CudaExecutable::forget);
        ready.clear();
    }

    void requireOpen() {
        weights.requireOpen();
        if (closed) {
            throw new IllegalStateException("this workspace is closed");
        }
    }

    @Override
    public void close() {
        synchronized (device) {
            if (!closed) {
                closed = true;
                giveBack();
            }
        }
    }

    private void giveBack() {
        forget();
        areas.values().forEach(DeviceMemory::close);
        stateMemory.forEach(DeviceMemory::close);
        feed.close();
        ring.close();
        edits.close();
    }
}
