package dev.weir.safetensors;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.weir.tensor.DType;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Sizes at which the buffers of a compaction fill and empty many times; small shapes are in the round trip. */
class CompactionTest {

    @TempDir
    Path folder;

    @Test
    void tensorsLargerThanTheBuffersMoveWhole() throws IOException {
        compactAndCheck(new long[] {2, 3000, 301}, new long[] {2, 1999, 301});
    }

    @Test
    void runsShorterThanTheGapsBetweenThemMove() throws IOException {
        compactAndCheck(new long[] {3, 1000, 1001}, new long[] {3, 7, 5});
    }

    @Test
    void runsWithShortGapsMove() throws IOException {
        compactAndCheck(new long[] {2, 1000, 1001}, new long[] {2, 1000, 1000});
    }

    /** Every element holds its own index, so that each shows where it came from. */
    private void compactAndCheck(long[] largest, long[] kept) throws IOException {
        Path file = folder.resolve("t");
        var shape = List.of(largest[0], largest[1], largest[2]);
        var shapes = List.of(kept[0], kept[1], kept[2]);
        int elements = (int) (largest[0] * largest[1] * largest[2]);
        int[] indices = new int[elements];
        for (int i = 0; i < elements; i++) {
            indices[i] = i;
        }
        var declared = List.of(
                new Declaration("first", DType.INT32, shape),
                new Declaration("second", DType.INT32, shape),
                new Declaration("whole", DType.INT32, shape));
        try (var writer = SafetensorsWriter.create(file, Map.of(), declared)) {
            for (Declaration tensor : declared) {
                writer.write(tensor.name(), 0, MemorySegment.ofArray(indices));
            }
            writer.commit(Map.of(), Map.of("first", shapes, "second", shapes));
        }
        try (var read = SafetensorsFile.open(file)) {
            assertEquals(-1, read.entry("whole").data().mismatch(MemorySegment.ofArray(indices)));
            for (String name : List.of("first", "second")) {
                assertEquals(-1, read.entry(name).data().mismatch(corner(largest, kept)), name);
            }
        }
    }

    private static MemorySegment corner(long[] largest, long[] kept) {
        int[] corner = new int[(int) (kept[0] * kept[1] * kept[2])];
        int at = 0;
        for (long i = 0; i < kept[0]; i++) {
            for (long j = 0; j < kept[1]; j++) {
                for (long k = 0; k < kept[2]; k++) {
                    corner[at++] = (int) ((i * largest[1] + j) * largest[2] + k);
                }
            }
        }
        return MemorySegment.ofArray(corner);
    }
}
