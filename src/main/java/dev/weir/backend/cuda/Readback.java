package dev.weir.backend.cuda;

import dev.weir.program.Plan;
import dev.weir.tensor.Tensor;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * What of a plan comes to the host after a step, and where it lies there: the trace slab whole, at offset 0, then each result that is
 * not in it.
 *
 * @param pieces one copy each
 * @param offsets on the host, by tensor id
 * @param bytes on the host
 */
record Readback(List<Piece> pieces, Map<Integer, Long> offsets, long bytes) {

    private static final long ALIGNMENT = 64;

    /** A stretch of a slab, and the byte on the host to which it goes. */
    record Piece(Plan.Slab slab, long from, long bytes, long to) {}

    Readback {
        pieces = List.copyOf(pieces);
        offsets = Map.copyOf(offsets);
    }

    static Readback of(Plan plan) {
        var pieces = new ArrayList<Piece>();
        var offsets = new HashMap<Integer, Long>();
        long bytes = plan.traceBytes();
        if (bytes > 0) {
            pieces.add(new Piece(Plan.Slab.TRACE, 0, bytes, 0));
        }
        for (Tensor tapped : plan.taps().values()) {
            offsets.put(tapped.id(), place(plan, tapped).offset());
        }
        for (Tensor result : plan.results()) {
            if (!offsets.containsKey(result.id())) {
                bytes = Math.ceilDiv(bytes, ALIGNMENT) * ALIGNMENT;
                pieces.add(new Piece(Plan.Slab.SCRATCH, place(plan, result).offset(), result.bytes(), bytes));
                offsets.put(result.id(), bytes);
                bytes += result.bytes();
            }
        }
        return new Readback(pieces, offsets, bytes);
    }

    private static Plan.Place place(Plan plan, Tensor value) {
        return plan.place(value).orElseThrow(() -> new IllegalArgumentException("plan: expected a place for " + value));
    }
}
