package dev.weir.backend.cuda;

import dev.weir.backend.cuda.driver.Event;
import dev.weir.program.Plan;
import java.util.List;
import java.util.function.ToLongFunction;
import java.util.stream.Stream;

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
    private final List<Entry> entries;
    private long runs;
    private long oldest = 1;

    ReadbackRing(Device device) {
        this.device = device;
        computed = device.gpu().event();
        entries = Stream.generate(() ->
                        new Entry(new PinnedBuffer(device.gpu()), device.gpu().event()))
                .limit(KEPT + 1)
                .toList();
    }

    /** The memory of one run, and when the run is in it. */
    record Entry(PinnedBuffer memory, Event arrived) {}

    /** Readies the memory for the run that begins: from here on the oldest run is gone, and the GPU may write over the last. */
    Entry begin(Readback readback) {
        Entry entry = entries.get((int) (runs % entries.size()));
        entry.arrived.synchronize();
        oldest = runs - KEPT + 1;
        entry.memory.reserve(readback.bytes());
        device.compute().await(entries.get((int) ((runs + KEPT) % entries.size())).arrived);
        return entry;
    }

    /**
     * Begins the copies of a run that has been given to the GPU.
     *
     * @return the number of the run
     */
    long end(Readback readback, Entry entry, ToLongFunction<Plan.Slab> addresses) {
        device.compute().record(computed);
        device.copies().await(computed);
        for (Readback.Piece piece : readback.pieces()) {
            long from = addresses.applyAsLong(piece.slab()) + piece.from();
            device.copies().copyOut(entry.memory.slice(piece.to(), piece.bytes()), from);
        }
        device.copies().record(entry.arrived);
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
        for (Entry entry : entries) {
            entry.arrived.close();
            entry.memory.close();
        }
    }
}
