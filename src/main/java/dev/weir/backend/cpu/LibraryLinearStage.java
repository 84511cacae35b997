package dev.weir.backend.cpu;

import dev.weir.backend.cpu.LinearStage.Then;
import dev.weir.tensor.DType;
import java.lang.foreign.MemorySegment;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What {@link LinearStage} does, with a library's products: many rows times one matrix or several, each followed by its bias and by a
 * function. A block of rows and a part of a matrix are an item of work.
 */
final class LibraryLinearStage implements Stage {

    /** One matrix. */
    record Product(
            LibraryMatrix matrix,
            @Nullable Window bias,
            Window out,
            @Nullable Then then) {}

    /** Columns of one product. */
    private record Item(Product product, LibraryMatrix.Part part) {}

    /** Few sizes of blocks are few kernels for the library to make: this and what is left over. */
    private static final int BLOCK_ROWS = 128;

    private final Workers workers;
    private final Window x;
    private final int rows;
    private final int depth;
    private final DType rowType;
    private final List<Item> items;
    private final int blocks;
    private final double itemNanos;

    LibraryLinearStage(Workers workers, Window x, int rows, List<Product> products) {
        LibraryMatrix first = products.getFirst().matrix();
        this.workers = workers;
        this.x = x;
        this.rows = rows;
        depth = first.depth();
        rowType = first.rowType();
        items = products.stream()
                .flatMap(p -> p.matrix().parts().stream().map(part -> new Item(p, part)))
                .toList();
        blocks = Math.ceilDiv(rows, BLOCK_ROWS);
        double weights = (double) depth * items.getFirst().part().columns();
        itemNanos = Costs.multiply(weights, rowType, Math.min(rows, BLOCK_ROWS));
    }

    @Override
    public void run() {
        boolean asTheyAre = rowType == DType.FLOAT32;
        MemorySegment data = asTheyAre ? x.data().asSlice(x.offset()) : rounded();
        long stride = asTheyAre ? x.stride() : depth;
        workers.run(items.size() * blocks, itemNanos, (worker, from, to) -> {
            for (int i = from; i < to; i++) {
                multiply(worker, data, stride, items.get(i / blocks), i % blocks * BLOCK_ROWS);
            }
        });
    }

    /** The rows as bfloat16, one after another. */
    private MemorySegment rounded() {
        long rowBytes = (long) depth * Short.BYTES;
        MemorySegment to = workers.roundedRows(rows * rowBytes);
        workers.run(rows, Costs.copy(depth), (worker, from, end) -> worker.kernels()
                .bfloat16(x.from(from, 0), end - from, depth, to.asSlice(from * rowBytes, (end - from) * rowBytes)));
        return to;
    }

    private void multiply(Worker worker, MemorySegment data, long stride, Item item, int fromRow) {
        int toRow = Math.min(rows, fromRow + BLOCK_ROWS);
        LibraryMatrix.Part part = item.part();
        Product product = item.product();
        int fromColumn = part.fromColumn();
        int toColumn = fromColumn + part.columns();
        Window done = product.out().from(fromRow, fromColumn);
        worker.multiplier()
                .multiply(
                        data.asSlice(fromRow * stride * rowType.bytes()), stride, toRow - fromRow, part.matrix(), done);
        if (product.bias() != null) {
            worker.kernels().addBias(product.out(), fromRow, toRow, fromColumn, toColumn, product.bias());
        }
        if (product.then() != null) {
            Then then = product.then();
            worker.kernels().activate(then.function(), product.out(), fromRow, toRow, fromColumn, toColumn, then.out());
        }
    }
}
