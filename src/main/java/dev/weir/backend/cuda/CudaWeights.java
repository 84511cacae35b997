package dev.weir.backend.cuda;

import dev.weir.backend.Backend;
import dev.weir.backend.WeightView;
import dev.weir.backend.cuda.MemoryNeed.Part;
import dev.weir.backend.cuda.driver.DeviceMemory;
import dev.weir.tensor.DType;
import dev.weir.tensor.Tensor;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/**
 * A model's weights on a GPU. Their memory is taken when they are loaded; each is brought over when the first plan says whether it is
 * looked up or multiplied with, for that decides how it lies. Whoever asks holds the lock of the device.
 */
final class CudaWeights implements Backend.LoadedWeights {

    private final Device device;
    private final Map<Tensor, WeightView> views;
    private final Map<WeightLayout, Long> addresses = new HashMap<>();
    private final List<DeviceMemory> memories = new ArrayList<>();
    private long next;
    private long end;
    private boolean closed;

    CudaWeights(Device device, Map<Tensor, WeightView> views) {
        this.device = device;
        this.views = Map.copyOf(views);
        reserve("the weights of the model", parts());
    }

    /** What a type of weights needs at most; a tied head needs nothing besides its table. */
    private List<Part> parts() {
        var bytes = new TreeMap<DType, Long>();
        var counted = new HashSet<WeightLayout>();
        views.forEach((weight, view) -> {
            WeightLayout table = WeightLayout.rowMajor(weight, view);
            WeightLayout matrix = WeightLayout.outMajor(weight, view);
            if (!counted.contains(table) && !counted.contains(matrix)) {
                boolean vector = weight.rows() == 1;
                long most = vector ? table.bytes() : Math.max(table.bytes(), matrix.bytes());
                bytes.merge(weight.type(), DeviceMemory.aligned(most), Long::sum);
            }
            counted.add(table);
            counted.add(matrix);
        });
        return bytes.entrySet().stream()
                .map(e -> new Part("weights, " + e.getKey().label(), e.getValue()))
                .toList();
    }

    private void reserve(String request, List<Part> parts) {
        MemoryNeed need = device.foresee(request, parts);
        if (need.bytes() > 0) {
            DeviceMemory memory = device.take(need, request, need.bytes());
            memories.add(memory);
            next = memory.address();
            end = next + need.bytes();
        }
    }

    @Override
    public CudaWorkspace allocate(List<Tensor> state) {
        synchronized (device) {
            requireOpen();
            return new CudaWorkspace(device, this, state);
        }
    }

    /** The address of a matrix, out-major. */
    long matrix(Tensor weight) {
        return address(weight, WeightLayout.outMajor(weight, view(weight)));
    }

    /** The address of a table, row-major. */
    long table(Tensor weight) {
        return address(weight, WeightLayout.rowMajor(weight, view(weight)));
    }

    /** The address of a vector of float32. */
    long vector(Tensor weight) {
        if (weight.type() != DType.FLOAT32) {
            throw new IllegalArgumentException("vector " + weight + ": expected float32, got "
                    + weight.type().label());
        }
        return table(weight);
    }

    private WeightView view(Tensor weight) {
        WeightView view = views.get(weight);
        if (view == null) {
            throw new IllegalArgumentException("weight " + weight + ": expected one that was loaded");
        }
        return view;
    }

    private long address(Tensor weight, WeightLayout layout) {
        Long known = addresses.get(layout);
        if (known != null) {
            return known;
        }
        if (end - next < layout.bytes()) {
            reserve("weight " + weight, List.of(new Part("weight " + weight, DeviceMemory.aligned(layout.bytes()))));
        }
        long address = next;
        device.upload().send(layout.outer(), layout.lineBytes(), layout::write, address);
        next = address + DeviceMemory.aligned(layout.bytes());
        addresses.put(layout, address);
        return address;
    }

    void requireOpen() {
        device.requireOpen();
        if (closed) {
            throw new IllegalStateException("these weights are closed");
        }
    }

    @Override
    public void close() {
        synchronized (device) {
            if (!closed) {
                closed = true;
                memories.forEach(DeviceMemory::close);
            }
        }
    }
}
