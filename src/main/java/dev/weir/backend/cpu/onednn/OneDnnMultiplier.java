package dev.weir.backend.cpu.onednn;

import dev.weir.backend.cpu.MatrixLibrary;
import dev.weir.backend.cpu.Window;
import dev.weir.backend.cpu.onednn.Dnnl.Argument;
import dev.weir.tensor.DType;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.HashMap;
import java.util.Map;
import java.util.function.LongFunction;

/** The products of one thread: a primitive for each shape that it has met. The library's own threads stay out of it. */
final class OneDnnMultiplier implements MatrixLibrary.Multiplier {

    /** The rows for which the library chooses the layout of a matrix; it then serves any number. */
    private static final int USUAL_ROWS = 128;

    private static final Argument[] COPY = {Argument.SOURCE, Argument.DESTINATION};
    private static final Argument[] PRODUCT = {Argument.SOURCE, Argument.WEIGHTS, Argument.DESTINATION};

    /** A matrix in the library's layout. */
    private record Packed(DType type, int depth, int columns, MemorySegment data) implements MatrixLibrary.Matrix {}

    /** Everything that a primitive depends on. */
    private record Shape(DType type, int rows, int depth, int columns, long xStride, long outStride) {}

    /** A primitive and where it looks for its operands. */
    private record Product(
            MemorySegment primitive,
            MemorySegment x,
            MemorySegment weights,
            MemorySegment out,
            MemorySegment arguments) {}

    private final Dnnl dnnl;
    private final Map<DType, DType> rowTypes;
    private final Arena arena = Arena.ofShared();
    private final Made made;
    private final MemorySegment stream;
    private final Map<Shape, Product> products = new HashMap<>();

    OneDnnMultiplier(Dnnl dnnl, Map<DType, DType> rowTypes) {
        this.dnnl = dnnl;
        this.rowTypes = rowTypes;
        made = dnnl.made();
        stream = made.stream(dnnl.stream());
    }

    @Override
    public MatrixLibrary.Matrix pack(
            DType type, int depth, int columns, MemorySegment values, LongFunction<MemorySegment> memory) {
        try (Made making = dnnl.made();
                Arena until = Arena.ofConfined()) {
            MemorySegment from = making.layout(dnnl.layout(type, depth, columns, columns));
            MemorySegment to = weightsLayout(making, type, depth, columns);
            MemorySegment data = memory.apply(dnnl.bytes(to));
            MemorySegment source = making.memory(dnnl.memory(from));
            MemorySegment target = making.memory(dnnl.memory(to));
            dnnl.place(source, values);
            dnnl.place(target, data);
            MemorySegment copy = making.primitive(dnnl.primitive(making.description(dnnl.copy(from, to))));
            dnnl.execute(copy, stream, dnnl.arguments(until, COPY, source, target));
            return new Packed(type, depth, columns, data);
        }
    }

    /** The layout that the library has for a matrix of that size, always the same. */
    private MemorySegment weightsLayout(Made making, DType type, int depth, int columns) {
        MemorySegment x = making.layout(dnnl.layout(rowType(type), USUAL_ROWS, depth, depth));
        MemorySegment any = making.layout(dnnl.anyLayout(type, depth, columns));
        MemorySegment out = making.layout(dnnl.layout(DType.FLOAT32, USUAL_ROWS, columns, columns));
        return making.layout(dnnl.weightsLayout(describe(making, x, any, out)));
    }

    private MemorySegment describe(Made making, MemorySegment x, MemorySegment weights, MemorySegment out) {
        return making.description(dnnl.product(x, weights, out)
                .orElseThrow(() -> new IllegalStateException("oneDNN: expected to have this product here")));
    }

    private DType rowType(DType weights) {
        DType type = rowTypes.get(weights);
        if (type == null) {
            throw new IllegalArgumentException(
                    "oneDNN: expected a matrix that it multiplies with here, got one of " + weights.label());
        }
        return type;
    }

    @Override
    public void multiply(MemorySegment x, long xStride, int rows, MatrixLibrary.Matrix matrix, Window out) {
        Packed weights = (Packed) matrix;
        Product product = products.computeIfAbsent(
                new Shape(weights.type(), rows, weights.depth(), weights.columns(), xStride, out.stride()),
                this::product);
        dnnl.place(product.x(), x);
        dnnl.place(product.weights(), weights.data());
        dnnl.place(product.out(), out.data().asSlice(out.offset()));
        dnnl.execute(product.primitive(), stream, product.arguments());
    }

    private Product product(Shape shape) {
        try (Made making = dnnl.made()) {
            MemorySegment x =
                    making.layout(dnnl.layout(rowType(shape.type()), shape.rows(), shape.depth(), shape.xStride()));
            MemorySegment weights = weightsLayout(making, shape.type(), shape.depth(), shape.columns());
            MemorySegment out =
                    making.layout(dnnl.layout(DType.FLOAT32, shape.rows(), shape.columns(), shape.outStride()));
            MemorySegment primitive = made.primitive(dnnl.primitive(describe(making, x, weights, out)));
            MemorySegment xMemory = made.memory(dnnl.memory(x));
            MemorySegment weightsMemory = made.memory(dnnl.memory(weights));
            MemorySegment outMemory = made.memory(dnnl.memory(out));
            MemorySegment arguments = dnnl.arguments(arena, PRODUCT, xMemory, weightsMemory, outMemory);
            return new Product(primitive, xMemory, weightsMemory, outMemory, arguments);
        }
    }

    @Override
    public void close() {
        made.close();
        arena.close();
    }
}
