package dev.weir.backend.cuda;

import dev.weir.backend.cuda.driver.Event;
import dev.weir.program.Plan;
import java.util.List;
import java.util.function.ToLongFunction;

/**
 * Where what the steps of a workspace made arrives on the host: pinned memory for as many runs as can be read, taken in turn. A run
 * waits for the memory that it takes, so the host is never further ahead of the GPU than that.
 *
 * <p>There is one trace slab on the GPU, so a step waits, on the GPU, until the one before has been copied out. A second slab would hide
 * the copy behind the next step; but decode copies kilobytes while the host is choosing its next rows, and a prefill that traces is
 * bound by the copy itself, which nothing hides.
 */
final class ReadbackRing implements AutoCloseable {

    /** How many runs before the newest stay readable. */
    static final int KEPT = 1;

    private final Device device;
    private final Event computed;
    private final List<PinnedBuffer> buffers;
    private long runs;
    private long oldest = 1;

    ReadbackRing(Device device) {
        this.device = device;
        computed = device.gpu().event();
        buffers = PinnedBuffer.several(device.gpu(), KEPT + 1);
    }

    /** Readies the memory for the run that begins: from here on the oldest run is gone, and the GPU may write over the last. */
    PinnedBuffer begin(Readback readback) {
        PinnedBuffer buffer = buffers.get((int) (runs % buffers.size()));
        oldest = runs - KEPT + 1;
        buffer.reserve(readback.bytes());
        buffers.get((int) ((runs + KEPT) % buffers.size())).holdBack(device.compute());
        return buffer;
    }

    /**
     * Begins the copies of a run that has been given to the GPU.
     *
     * @return the number of the run
     */
    long end(Readback readback, PinnedBuffer buffer, ToLongFunction<Plan.Slab> addresses) {
        device.compute().record(computed);
        device.copies().await(computed);
        for (Readback.Piece piece : readback.pieces()) {
            long from = addresses.applyAsLong(piece.slab()) + piece.from();
            device.copies().copyOut(buffer.part(piece.to(), piece.bytes()), from);
        }
        buffer.leaveTo(device.copies());
        runs++;
        return runs;
    }

    /** Whether a run can still be read. */
    boolean holds(long run) {
        return run >= oldest;
    }

    @Override
    public void close() {
        computed.close();
        buffers.forEach(PinnedBuffer::close);
    }
}
