package dev.weir.dump;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.weir.safetensors.Declaration;
import dev.weir.safetensors.SafetensorsFile;
import dev.weir.safetensors.SafetensorsWriter;
import dev.weir.tensor.DType;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class LaneTest {

    private static final int ELEMENTS = 1000;

    @TempDir
    Path folder;

    @ParameterizedTest
    @ValueSource(ints = {1, 7, 64, 5000})
    void whatIsPutLastIsWhatIsInTheFile(int capacity) throws IOException {
        var random = new Random(capacity);
        float[] expected = new float[ELEMENTS];
        Path file = folder.resolve("lane");
        var declared = List.of(new Declaration("a", DType.FLOAT32, List.of((long) ELEMENTS)));
        try (var writer = SafetensorsWriter.create(file, Map.of(), declared)) {
            var lane = new Lane(writer, "a", DType.FLOAT32, capacity);
            int at = 0;
            for (int i = 0; i < 300; i++) {
                at = random.nextInt(4) == 0 ? random.nextInt(ELEMENTS) : at;
                float[] values = values(random, Math.min(random.nextInt(100), ELEMENTS - at));
                lane.put(at, MemorySegment.ofArray(values));
                System.arraycopy(values, 0, expected, at, values.length);
                at += random.nextBoolean() ? values.length : 0;
            }
            lane.flush();
            writer.commit();
        }
        try (var read = SafetensorsFile.open(file)) {
            assertEquals(-1, read.entry("a").data().mismatch(MemorySegment.ofArray(expected)));
        }
    }

    private static float[] values(Random random, int count) {
        float[] values = new float[count];
        for (int i = 0; i < count; i++) {
            values[i] = random.nextFloat();
        }
        return values;
    }
}
