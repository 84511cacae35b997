package dev.weir.backend.cpu;

import dev.weir.backend.Backend;
import dev.weir.backend.WeightView;
import dev.weir.tensor.DType;
import dev.weir.tensor.Tensor;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicBoolean;

/**
 * A model's weights on the CPU: matrices packed into panels, vectors copied, tables left where they are. Each waits for the first
 * plan that needs it. Whoever asks holds the lock of the workers.
 */
final class CpuWeights implements Backend.LoadedWeights {

    private final Workers workers;
    private final Map<Tensor, WeightView> views;
    private final Map<Tensor, Panels> matrices = new HashMap<>();
    private final Map<Tensor, LibraryMatrix> libraryMatrices = new HashMap<>();
    private final Map<Tensor, Window> vectors = new HashMap<>();
    private final Slabs slabs = new Slabs();
    private boolean closed;

    CpuWeights(Workers workers, Map<Tensor, WeightView> views) {
        this.workers = workers;
        this.views = Map.copyOf(views);
    }

    @Override
    public CpuWorkspace allocate(List<Tensor> state) {
        synchronized (workers) {
            requireOpen();
            return new CpuWorkspace(workers, this, state);
        }
    }

    /** A matrix, packed. */
    Panels matrix(Tensor weight) {
        return matrices.computeIfAbsent(weight, this::pack);
    }

    /** A matrix, as the library of this machine wants it. */
    LibraryMatrix matrix(Tensor weight, MatrixLibrary library) {
        return libraryMatrices.computeIfAbsent(weight, w -> pack(w, library));
    }

    /** A vector, copied. */
    Window vector(Tensor weight) {
        return vectors.computeIfAbsent(weight, this::copy);
    }

    /** A table, in its file. */
    WeightReader table(Tensor weight) {
        return new WeightReader(weight, view(weight));
    }

    private WeightView view(Tensor weight) {
        WeightView view = views.get(weight);
        if (view == null) {
            throw new IllegalArgumentException("weight " + weight + ": expected one that was loaded");
        }
        return view;
    }

    private Panels pack(Tensor weight) {
        if (!weight.type().isMatrixType()) {
            throw new IllegalArgumentException(
                    "weight " + weight + ": expected float32, float16, bfloat16 or int8, got "
                            + weight.type().label());
        }
        Panels packed = pack(weight, weight.type());
        boolean widen = weight.type() == DType.FLOAT16 && holdsNonFinite(packed);
        return widen ? pack(weight, DType.FLOAT32) : packed;
    }

    private Panels pack(Tensor weight, DType type) {
        int width = workers.panelWidth();
        long panelBytes = Panels.panelBytes(type, weight.rows(), width);
        MemorySegment memory = slabs.allocate(Math.ceilDiv(weight.columns(), width) * panelBytes);
        var panels = Panels.dense(memory, 0, type, weight.rows(), weight.columns(), width);
        if (type == DType.INT8) {
            var packing = new Int8Packing(weight.name(), view(weight), panels);
            workers.run(panels.count(), panelNanos(panels), (worker, from, to) -> packing.pack(from, to));
        } else {
            var packing = new Packing(table(weight), panels);
            workers.run(panels.count(), panelNanos(panels), (worker, from, to) -> packing.pack(from, to));
        }
        return panels;
    }

    private LibraryMatrix pack(Tensor weight, MatrixLibrary library) {
        int count = LibraryMatrix.parts(weight.columns());
        var parts = new LibraryMatrix.Part[count];
        workers.run(count, Costs.copy((double) weight.size() / count), (worker, from, to) -> {
            for (int part = from; part < to; part++) {
                parts[part] = pack(weight, part, worker.multiplier());
            }
        });
        DType rowType = library.rowType(weight.type()).orElseThrow();
        return new LibraryMatrix(rowType, weight.rows(), List.of(parts));
    }

    private LibraryMatrix.Part pack(Tensor weight, int part, MatrixLibrary.Multiplier multiplier) {
        int from = LibraryMatrix.fromColumn(part, weight.columns());
        int columns = LibraryMatrix.fromColumn(part + 1, weight.columns()) - from;
        WeightReader reader = table(weight);
        long rowBytes = (long) columns * weight.type().bytes();
        try (var dense = new Slab(weight.rows() * rowBytes)) {
            var row = new float[columns];
            for (int k = 0; k < weight.rows(); k++) {
                reader.row(k, from, columns, row);
                Rounding.write(row, columns, weight.type(), dense.memory(), k * rowBytes);
            }
            return new LibraryMatrix.Part(
                    from,
                    columns,
                    multiplier.pack(weight.type(), weight.rows(), columns, dense.memory(), this::allocate));
        }
    }

    private MemorySegment allocate(long bytes) {
        synchronized (slabs) {
            return slabs.allocate(bytes);
        }
    }

    private boolean holdsNonFinite(Panels panels) {
        var found = new AtomicBoolean();
        workers.run(panels.count(), panelNanos(panels), (worker, from, to) -> {
            if (Packing.holdsNonFinite(panels, from, to)) {
                found.set(true);
            }
        });
        return found.get();
    }

    private static double panelNanos(Panels panels) {
        return Costs.copy((double) panels.depth() * panels.width());
    }

    private Window copy(Tensor weight) {
        var values = new float[weight.columns()];
        table(weight).row(0, 0, values.length, values);
        MemorySegment memory = slabs.allocate((long) values.length * Float.BYTES);
        MemorySegment.copy(values, 0, memory, ValueLayout.JAVA_FLOAT, 0, values.length);
        return new Window(memory, 0, values.length);
    }

    void requireOpen() {
        if (closed) {
            throw new IllegalStateException("these weights are closed");
        }
    }

    @Override
    public void close() {
        synchronized (workers) {
            closed = true;
            slabs.close();
        }
    }
}
