package dev.weir.backend.cpu;

import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;

/** Memory handed out piece by piece, each zeroed and aligned, all freed together. Small pieces share the large pages of a slab. */
final class Slabs implements AutoCloseable {

    private static final long SMALLEST = 1L << 20;
    private static final long LARGEST = 16 * HugePages.PAGE;

    private final List<Slab> slabs = new ArrayList<>();
    private long slabBytes = SMALLEST;
    private MemorySegment rest = MemorySegment.NULL;

    /** The next piece. */
    MemorySegment allocate(long bytes) {
        long aligned = Slab.aligned(bytes);
        if (rest.byteSize() < aligned) {
            var slab = new Slab(Math.max(aligned, slabBytes));
            slabs.add(slab);
            slabBytes = Math.min(2 * slabBytes, LARGEST);
            rest = slab.memory();
        }
        MemorySegment piece = rest.asSlice(0, bytes);
        rest = rest.asSlice(aligned);
        return piece;
    }

    @Override
    public void close() {
        slabs.forEach(Slab::close);
        slabs.clear();
        rest = MemorySegment.NULL;
    }
}
