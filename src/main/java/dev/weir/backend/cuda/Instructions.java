package dev.weir.backend.cuda;

import dev.weir.tensor.DType;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * A stretch of a step as data, which one kernel follows from its first instruction to its last. Between two that have nothing to do with
 * each other no block waits: what each reads and writes says where barriers are needed.
 *
 * @param type of the weights
 */
record Instructions(DType type, List<Instruction> list) {

    /** So many products, the one that is waited for included, may be asked for in advance. */
    private static final int PRODUCTS_AHEAD = 2;

    Instructions {
        list = List.copyOf(list);
    }

    /** Empty where one of the calls is of a kernel that is not among the instructions, or where weights are of several types. */
    static Optional<Instructions> of(List<KernelCall> calls, Extents extents) {
        List<DType> types = calls.stream()
                .flatMap(call -> call.kernel().weightType().stream())
                .distinct()
                .toList();
        boolean known = calls.stream().allMatch(call -> Opcode.of(call.kernel()).isPresent());
        if (!known || types.size() > 1 || calls.isEmpty()) {
            return Optional.empty();
        }
        DType type = types.isEmpty() ? DType.FLOAT32 : types.getFirst();
        return Optional.of(new Instructions(type, instructions(calls, extents)));
    }

    private static List<Instruction> instructions(List<KernelCall> calls, Extents extents) {
        var instructions = new ArrayList<Instruction>();
        var since = new SinceBarrier(extents);
        var ahead = new Ahead(calls);
        for (int i = 0; i < calls.size(); i++) {
            KernelCall call = calls.get(i);
            boolean waits = since.needsBarrierBefore(call);
            instructions.add(new Instruction(
                    Opcode.of(call.kernel()).orElseThrow(), call, waits, waits ? ahead.next(i) : List.of()));
        }
        return instructions;
    }

    /** What was read and written since all blocks last waited for each other. */
    private static final class SinceBarrier {
        private final Extents extents;
        private final List<Range> reads = new ArrayList<>();
        private final List<Range> writes = new ArrayList<>();

        SinceBarrier(Extents extents) {
            this.extents = extents;
        }

        boolean needsBarrierBefore(KernelCall call) {
            List<Range> callReads = call.reads(extents).toList();
            List<Range> callWrites = call.writes(extents).toList();
            boolean needed = overlap(callReads, writes) || overlap(callWrites, writes) || overlap(callWrites, reads);
            if (needed) {
                reads.clear();
                writes.clear();
            }
            reads.addAll(callReads);
            writes.addAll(callWrites);
            return needed;
        }

        private static boolean overlap(List<Range> some, List<Range> others) {
            return some.stream().anyMatch(range -> others.stream().anyMatch(range::overlaps));
        }
    }

    /** Which weights are asked for at a barrier: those of the next product that were not yet, but not too far ahead. */
    private static final class Ahead {
        private final List<KernelCall> calls;
        private int asked;

        Ahead(List<KernelCall> calls) {
            this.calls = calls;
        }

        List<Range> next(int from) {
            int products = 0;
            for (int i = from; i < calls.size() && products < PRODUCTS_AHEAD; i++) {
                List<Range> weights = calls.get(i).weights();
                products += weights.isEmpty() ? 0 : 1;
                if (!weights.isEmpty() && i >= asked) {
                    asked = i + 1;
                    return weights;
                }
            }
            return List.of();
        }
    }

    /** More blocks than this have nothing to do. */
    int mostPlaces() {
        return list.stream().mapToInt(i -> i.call().places()).max().orElseThrow();
    }

    /** Shared memory that the bodies need, one after another. */
    int sharedBytes() {
        return list.stream().mapToInt(i -> i.call().sharedBytes()).max().orElseThrow();
    }

    int barriers() {
        return (int) list.stream().filter(Instruction::waits).count();
    }

    /** As the kernel reads them. */
    MemorySegment encoded() {
        MemorySegment memory = Arena.ofAuto().allocate((long) list.size() * Instruction.BYTES, Long.BYTES);
        for (int i = 0; i < list.size(); i++) {
            list.get(i).write(memory.asSlice((long) i * Instruction.BYTES, Instruction.BYTES));
        }
        return memory;
    }
}
