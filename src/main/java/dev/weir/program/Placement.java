package dev.weir.program;

import dev.weir.hook.HookPoint;
import dev.weir.tensor.Tensor;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.SortedMap;
import java.util.stream.Stream;

/**
 * The third pass. Values get places: in scratch memory that is reused when the last reader and the op behind it are through, or, when
 * tapped, in trace memory that nobody overwrites. That is all a snapshot is.
 *
 * <p>The op behind the last reader still finds the value, so that a machine may join two neighbours to one: what the first reads is
 * then read while the second writes.
 */
final class Placement {

    /** Widest vector register and cache line of the machines at hand; CUDA wants no more. */
    private static final long ALIGNMENT = 64;

    private final Map<Integer, Plan.Place> places = new HashMap<>();
    private final List<Range> live = new ArrayList<>();
    private long scratchBytes;
    private long traceBytes;

    private Placement() {}

    static Plan place(Inputs inputs, List<Step> steps, SortedMap<HookPoint, Tensor> taps, List<Tensor> results) {
        List<Moment> moments = steps.stream().flatMap(Placement::moments).toList();
        var lastUse = lastUses(moments);
        results.forEach(t -> lastUse.put(t.id(), Integer.MAX_VALUE));
        var tapped = new HashSet<>(taps.values());
        var placement = new Placement();
        for (int now = 0; now < moments.size(); now++) {
            placement.pass(now, moments.get(now), lastUse, tapped);
        }
        return new Plan(inputs, steps, placement.places, taps, results, placement.scratchBytes, placement.traceBytes);
    }

    private void pass(int now, Moment moment, Map<Integer, Integer> lastUse, Set<Tensor> tapped) {
        live.removeIf(range -> range.lastUse < now - 1);
        for (Tensor value : moment.born()) {
            if (tapped.contains(value)) {
                places.put(value.id(), new Plan.Place(Plan.Slab.TRACE, traceBytes));
                traceBytes += aligned(value.bytes());
            } else if (moment.always().contains(value) || lastUse.containsKey(value.id())) {
                putInScratch(value, lastUse.getOrDefault(value.id(), now));
            }
        }
    }

    private void putInScratch(Tensor value, int lastUse) {
        long size = aligned(value.bytes());
        long offset = firstFit(size);
        live.add(new Range(offset, offset + size, lastUse));
        live.sort(Comparator.comparingLong(Range::from));
        places.put(value.id(), new Plan.Place(Plan.Slab.SCRATCH, offset));
        scratchBytes = Math.max(scratchBytes, offset + size);
    }

    private long firstFit(long size) {
        long offset = 0;
        for (Range range : live) {
            if (offset + size <= range.from) {
                break;
            }
            offset = Math.max(offset, range.to);
        }
        return offset;
    }

    private static Map<Integer, Integer> lastUses(List<Moment> moments) {
        var lastUse = new HashMap<Integer, Integer>();
        for (int now = 0; now < moments.size(); now++) {
            for (Tensor t : moments.get(now).reads()) {
                lastUse.put(t.id(), now);
            }
        }
        return lastUse;
    }

    /** One op, or one stop: what it reads, what it always makes, what it may show besides. */
    private record Moment(List<Tensor> reads, List<Tensor> always, List<Tensor> asides) {
        List<Tensor> born() {
            return Stream.concat(always.stream(), asides.stream())
                    .filter(t -> t.role() == Tensor.Role.VALUE)
                    .toList();
        }
    }

    private static Stream<Moment> moments(Step step) {
        return switch (step) {
            case Step.Device device -> device.ops().stream().map(op -> new Moment(op.ins(), op.outs(), op.asides()));
            case Step.Host host -> Stream.of(new Moment(List.of(host.x()), List.of(host.out()), List.of()));
        };
    }

    private record Range(long from, long to, int lastUse) {}

    private static long aligned(long bytes) {
        return (bytes + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
    }
}
