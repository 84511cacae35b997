package dev.weir.gguf;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ControlVectorTest {

    @TempDir
    Path folder;

    /** What the loader of llama.cpp asks for: one-dimensional F32 tensors of one length named direction.l, l from 1. */
    @Test
    void theFileIsOneThatLlamaCppLoads() throws IOException {
        Path file = folder.resolve("calm.gguf");
        new ControlVector("gpt2", new TreeMap<>(Map.of(3, new float[] {1, 2, 3}, 11, new float[] {4, 5, 6})))
                .write(file);
        var read = new PlainGguf(Files.readAllBytes(file));
        assertEquals("controlvector", read.metadata.get("general.architecture"));
        assertEquals("gpt2", read.metadata.get("controlvector.model_hint"));
        assertEquals(2L, read.metadata.get("controlvector.layer_count"));
        assertEquals(Set.of("direction.3", "direction.11"), read.tensors.keySet());
        assertArrayEquals(new long[] {3}, read.tensors.get("direction.3").ne());
        assertArrayEquals(new float[] {4, 5, 6}, read.floats("direction.11"));
    }

    @Test
    void whatWasWrittenIsReadBack() throws IOException {
        Path file = folder.resolve("back.gguf");
        new ControlVector("gpt2", new TreeMap<>(Map.of(1, new float[] {1, -0f}))).write(file);
        ControlVector back = ControlVector.read(file);
        assertEquals("gpt2", back.modelHint());
        assertEquals(Set.of(1), back.directions().keySet());
        assertArrayEquals(new float[] {1, -0f}, back.directions().get(1));
    }

    @Test
    void layerZeroIsRefusedAsLlamaCppRefusesIt() {
        var failure = assertThrows(
                IllegalArgumentException.class, () -> new ControlVector("", new TreeMap<>(Map.of(0, new float[] {1}))));
        assertTrue(failure.getMessage().contains("from 1 on, got one of layer 0"), failure.getMessage());
    }

    @Test
    void anotherFileIsRefusedByName() throws IOException {
        requireRefusal("llama", List.of(GgufTensor.of("direction.1", new float[1])), "expected 'controlvector'");
        requireRefusal("controlvector", List.of(GgufTensor.of("steering.1", new float[1])), "'steering.1'");
        requireRefusal("controlvector", List.of(), "got none");
        requireRefusal(
                "controlvector",
                List.of(GgufTensor.of("direction.1", new float[1]), GgufTensor.of("direction.2", new float[2])),
                "2 lengths");
    }

    private void requireRefusal(String architecture, List<GgufTensor> tensors, String because) throws IOException {
        Path file = folder.resolve("other.gguf");
        var metadata = new LinkedHashMap<String, GgufValue>();
        metadata.put("general.architecture", GgufValue.of(architecture));
        GgufWriter.write(file, metadata, tensors);
        var failure = assertThrows(RuntimeException.class, () -> ControlVector.read(file));
        assertTrue(failure.getMessage().startsWith(file + ": "), failure.getMessage());
        assertTrue(failure.getMessage().contains(because), failure.getMessage());
    }
}
