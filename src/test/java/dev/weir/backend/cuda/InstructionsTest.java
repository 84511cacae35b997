package dev.weir.backend.cuda;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.weir.tensor.DType;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;

/** What a stretch of calls becomes as instructions, without a GPU: addresses are numbers. */
class InstructionsTest {

    private static final long A = 0x1000;
    private static final long B = 0x2000;
    private static final long C = 0x3000;
    private static final long D = 0x4000;
    private static final int BYTES = 256;

    private final Extents extents = new Extents();

    InstructionsTest() {
        for (long address : List.of(A, B, C, D)) {
            extents.note(address, BYTES);
        }
    }

    private static KernelCall add(long out, long a, long b) {
        return new KernelCall(Kernel.ADD, List.of(3, 1, 1), 0, List.of(out, a, b, 64), List.of());
    }

    private static KernelCall embed(DType type, Range... weights) {
        return new KernelCall(
                Kernel.of("EMBED", type), List.of(1, 1, 1), 16, List.of(D, 0x9000L, 0x9100L, 8, 8), List.of(weights));
    }

    private List<Boolean> waits(KernelCall... calls) {
        return instructions(calls).list().stream().map(Instruction::waits).toList();
    }

    private Instructions instructions(KernelCall... calls) {
        return Instructions.of(List.of(calls), extents).orElseThrow();
    }

    @Test
    void whatReadsAValueWaitsForIt() {
        assertEquals(List.of(false, true), waits(add(A, B, C), add(D, A, B)));
    }

    @Test
    void whatOverwritesAValueWaitsForItsReadersAndWriters() {
        assertEquals(List.of(false, true), waits(add(A, B, C), add(B, D, D)));
        assertEquals(List.of(false, true), waits(add(A, B, C), add(A, D, D)));
    }

    @Test
    void whatHasNothingToDoWithEachOtherWaitsForNothing() {
        assertEquals(List.of(false, false, true, false), waits(add(A, C, C), add(B, C, C), add(C, D, D), add(A, D, D)));
    }

    @Test
    void partsOfOneAnotherAreNotApart() {
        extents.note(A + 128, 8);
        assertEquals(List.of(false, true), waits(add(A, B, C), add(D, A + 128, B)));
        extents.note(A - 64, 128);
        assertEquals(List.of(false, true), waits(add(A, B, C), add(A - 64, B, C)));
    }

    @Test
    void aPlaceReachesAsFarAsTheLongestOfItsValues() {
        extents.note(A, 2 * 0x1000);
        extents.note(A, 4);
        assertEquals(List.of(false, true), waits(add(A, C, D), add(B, C, D)));
    }

    @Test
    void weightsAreAskedForAtTheBarriersBeforeTheirProductAndNotTooFarAhead() {
        var first = new Range(0x10000, 64);
        var second = new Range(0x20000, 64);
        var third = new Range(0x30000, 64);
        Instructions stretch = instructions(
                add(A, B, C),
                add(B, A, A),
                add(A, B, B),
                add(B, A, A),
                embed(DType.FLOAT32, first),
                embed(DType.FLOAT32, second),
                embed(DType.FLOAT32, third));
        assertEquals(
                List.of(List.of(), List.of(first), List.of(second), List.of(), List.of(), List.of(third), List.of()),
                stretch.list().stream().map(Instruction::ahead).toList());
        assertEquals(5, stretch.barriers());
    }

    @Test
    void whatTheKernelDoesNotKnowIsNoInstruction() {
        var tile = new KernelCall(Kernel.LINEAR_TILE_F32, List.of(1, 1, 1), 0, List.of(), List.of());
        assertEquals(Optional.empty(), Instructions.of(List.of(add(A, B, C), tile), extents));
        assertEquals(Optional.empty(), Instructions.of(List.of(), extents));
    }

    @Test
    void weightsAreOfOneType() {
        assertEquals(
                DType.BFLOAT16,
                instructions(add(A, B, C), embed(DType.BFLOAT16)).type());
        assertEquals(DType.FLOAT32, instructions(add(A, B, C)).type());
        List<KernelCall> mixed = List.of(embed(DType.BFLOAT16), embed(DType.FLOAT16));
        assertEquals(Optional.empty(), Instructions.of(mixed, extents));
    }

    @Test
    void anInstructionIsLaidOutAsTheKernelReadsIt() {
        var norm = new KernelCall(
                Kernel.LAYER_NORM, List.of(5, 1, 1), 32, List.of(A, 0L, 0L, B, 7L, 8L, 12, 0.5f), List.of());
        var product = new KernelCall(
                Kernel.LINEAR_CHAIN_F32, List.of(2, 3, 4), 48, List.of(D), List.of(new Range(C, 16L << 20)));
        Instructions stretch = new Instructions(
                DType.FLOAT32,
                List.of(
                        new Instruction(Opcode.LAYER_NORM, norm, false, List.of()),
                        new Instruction(Opcode.LINEAR_CHAIN, product, true, product.weights())));
        MemorySegment memory = stretch.encoded();
        assertEquals(2 * 320, memory.byteSize());
        assertEquals(List.of(2, 0, 5, 1, 1, 0), ints(memory, 0, 6));
        assertEquals(0, memory.get(ValueLayout.JAVA_LONG, 24));
        assertEquals(A, memory.get(ValueLayout.JAVA_LONG, 48));
        assertEquals(8, memory.get(ValueLayout.JAVA_LONG, 48 + 5 * 8));
        assertEquals(12, memory.get(ValueLayout.JAVA_INT, 48 + 6 * 8));
        assertEquals(0.5f, memory.get(ValueLayout.JAVA_FLOAT, 48 + 6 * 8 + 4));
        assertEquals(List.of(5, 1, 2, 3, 4, 4 << 20), ints(memory, 320, 6));
        assertEquals(C, memory.get(ValueLayout.JAVA_LONG, 320 + 24));
        assertEquals(24, stretch.mostPlaces());
        assertEquals(48, stretch.sharedBytes());
    }

    private static List<Integer> ints(MemorySegment memory, long at, int count) {
        return Arrays.stream(memory.asSlice(at, 4L * count).toArray(ValueLayout.JAVA_INT))
                .boxed()
                .toList();
    }

    @Test
    void moreMatricesThanAnInstructionHasRoomForAreRefused() {
        var product = new Instruction(
                Opcode.ADD,
                add(A, B, C),
                true,
                List.of(new Range(A, 1), new Range(B, 1), new Range(C, 1), new Range(D, 1)));
        var stretch = new Instructions(DType.FLOAT32, List.of(product));
        assertThrows(IllegalArgumentException.class, stretch::encoded);
    }

    @Test
    void theKernelKnowsTheSameOpcodes() throws IOException {
        String source = Files.readString(Path.of("kernels/step.cuh"));
        String list = Pattern.compile("enum Opcode \\{([^}]*)}")
                .matcher(source)
                .results()
                .findFirst()
                .orElseThrow()
                .group(1);
        assertEquals(
                Arrays.stream(Opcode.values()).map(Enum::name).toList(),
                Arrays.stream(list.split(",")).map(String::strip).toList());
        for (int i = 0; i < Opcode.values().length; i++) {
            assertEquals(i, Opcode.values()[i].number());
        }
    }
}
