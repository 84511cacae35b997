package dev.weir.program;

import dev.weir.hook.HookPoint;
import dev.weir.tensor.Tensor;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.stream.Stream;

/**
 * A program made ready for a machine: where to stop, where each value lies, what the caller will see.
 *
 * @param places by tensor id; a value without one is not written
 * @param taps what holds the value of each tapped point
 * @param results what a machine brings to the host after the step, besides the taps
 * @param scratchBytes size of the memory that values reuse
 * @param traceBytes size of the memory that tapped values keep until the step has been read
 */
public record Plan(
        Inputs inputs,
        List<Step> steps,
        Map<Integer, Place> places,
        SortedMap<HookPoint, Tensor> taps,
        List<Tensor> results,
        long scratchBytes,
        long traceBytes) {

    public Plan {
        steps = List.copyOf(steps);
        places = Map.copyOf(places);
        results = List.copyOf(results);
        taps = Collections.unmodifiableSortedMap(new TreeMap<>(taps));
    }

    /** A memory that a machine reserves for a plan. */
    public enum Slab {
        /** Reused within the step. */
        SCRATCH,
        /** Written once in a step: a snapshot is a place, not a copy. */
        TRACE
    }

    /** Where a value lies, in bytes from the beginning of a slab. */
    public record Place(Slab slab, long offset) {}

    /** The place of a value, if the plan gives it one. */
    public Optional<Place> place(Tensor value) {
        return Optional.ofNullable(places.get(value.id()));
    }

    /** Every op in the order it runs. */
    public Stream<Op> ops() {
        return steps.stream().flatMap(step -> switch (step) {
            case Step.Device device -> device.ops().stream();
            case Step.Host host -> Stream.empty();
        });
    }
}
