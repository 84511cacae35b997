package dev.weir.safetensors;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.weir.tensor.DType;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class SafetensorsWriterTest {

    @TempDir
    Path folder;

    private static MemorySegment floats(float... values) {
        return MemorySegment.ofArray(values);
    }

    private static Declaration declared(String name, DType dtype, Long... shape) {
        return new Declaration(name, dtype, List.of(shape));
    }

    private List<String> names() throws IOException {
        try (var files = Files.list(folder)) {
            return files.map(f -> f.getFileName().toString()).sorted().toList();
        }
    }

    @Test
    void theTargetIsUntouchedUntilTheCommit() throws IOException {
        Path target = Files.writeString(folder.resolve("t"), "before");
        try (var writer = SafetensorsWriter.create(target, Map.of(), List.of(declared("a", DType.FLOAT32, 2L)))) {
            writer.write("a", 0, floats(1, 2));
            assertEquals("before", Files.readString(target));
            assertEquals(2, names().size());
            assertTrue(names().getFirst().startsWith(".t.part-"), names().toString());
            writer.commit();
        }
        assertEquals(List.of("t"), names());
        Bytes.readAll(target);
    }

    @Test
    void withoutACommitNothingIsLeftBehind() throws IOException {
        Path target = folder.resolve("t");
        try (var writer = SafetensorsWriter.create(target, Map.of(), List.of(declared("a", DType.FLOAT32, 2L)))) {
            writer.write("a", 1, floats(2));
        }
        assertEquals(List.of(), names());
    }

    @Test
    void aFailedCommitLeavesTheTargetAsItWas() throws IOException {
        Path target = Files.writeString(folder.resolve("t"), "before");
        try (var writer = SafetensorsWriter.create(target, Map.of(), List.of(declared("a", DType.FLOAT32, 2L)))) {
            assertThrows(IllegalArgumentException.class, () -> writer.commit(Map.of(), Map.of("a", List.of(3L))));
            assertThrows(IllegalArgumentException.class, () -> writer.commit(Map.of(), Map.of("a", List.of(1L, 1L))));
            assertThrows(IllegalArgumentException.class, () -> writer.commit(Map.of(), Map.of("b", List.of(1L))));
            assertThrows(IllegalArgumentException.class, () -> writer.commit(Map.of("k", "x".repeat(100)), Map.of()));
        }
        assertEquals("before", Files.readString(target));
        assertEquals(List.of("t"), names());
    }

    @Test
    void aCommitIsTheEnd() throws IOException {
        var writer = SafetensorsWriter.create(folder.resolve("t"), Map.of(), List.of(declared("a", DType.FLOAT32, 2L)));
        try (writer) {
            writer.commit();
            assertThrows(IOException.class, writer::commit);
            assertThrows(IOException.class, () -> writer.write("a", 0, floats(1)));
        }
        writer.close();
        Bytes.readAll(folder.resolve("t"));
    }

    @Test
    void cellsThatNobodyWroteAreZero() throws IOException {
        Path target = folder.resolve("t");
        try (var writer = SafetensorsWriter.create(
                target, Map.of(), List.of(declared("a", DType.FLOAT32, 3L), declared("b", DType.FLOAT32, 1000L)))) {
            writer.write("a", 1, floats(5));
            writer.commit();
        }
        try (var file = SafetensorsFile.open(target)) {
            assertEquals(0f, DType.FLOAT32.read(file.entry("a").data(), 0));
            assertEquals(5f, DType.FLOAT32.read(file.entry("a").data(), 4));
            assertEquals(0f, DType.FLOAT32.read(file.entry("b").data(), 3996));
        }
    }

    @Test
    void everyElementIsAlignedWhateverTheShapes() throws IOException {
        Path target = folder.resolve("t");
        var tensors = List.of(
                declared("bytes", DType.UINT8, 3L),
                declared("half", DType.BFLOAT16, 3L),
                declared("ids", DType.INT32, 5L),
                declared("long", DType.INT64, 2L));
        try (var writer = SafetensorsWriter.create(target, Map.of("odd", "123"), tensors)) {
            writer.commit(Map.of(), Map.of("half", List.of(1L), "ids", List.of(3L)));
        }
        long header = ByteBuffer.wrap(Files.readAllBytes(target))
                .order(ByteOrder.LITTLE_ENDIAN)
                .getLong();
        assertEquals(0, header % 8);
        try (var file = SafetensorsFile.open(target)) {
            long at = 0;
            for (var entry : file.entries()) {
                assertEquals(0, at % entry.dtype().bytes(), entry.name());
                at += entry.data().byteSize();
            }
        }
    }

    @Test
    void cellsOutsideATensorAreRefused() throws IOException {
        try (var writer = SafetensorsWriter.create(
                folder.resolve("t"),
                Map.of(),
                List.of(declared("a", DType.FLOAT32, 2L), declared("b", DType.FLOAT32, 2L)))) {
            assertThrows(IllegalArgumentException.class, () -> writer.write("a", 1, floats(1, 2)));
            assertThrows(IllegalArgumentException.class, () -> writer.write("a", -1, floats(1)));
            assertThrows(IllegalArgumentException.class, () -> writer.write("a", Long.MAX_VALUE, floats(1)));
            assertThrows(IllegalArgumentException.class, () -> writer.write("c", 0, floats(1)));
            assertThrows(
                    IllegalArgumentException.class, () -> writer.write("a", 0, MemorySegment.ofArray(new byte[3])));
        }
    }

    @Test
    void whatNoReaderWouldTakeIsNotDeclared() throws IOException {
        Path target = folder.resolve("t");
        assertThrows(IllegalArgumentException.class, () -> declared("__metadata__", DType.FLOAT32, 1L));
        assertThrows(IllegalArgumentException.class, () -> declared("a", DType.FLOAT32, -1L));
        assertThrows(IllegalArgumentException.class, () -> declared("a", DType.FLOAT32, 1L << 61));
        assertThrows(
                IllegalArgumentException.class,
                () -> SafetensorsWriter.create(target, Map.of(), List.of(declared("\ud800", DType.UINT8, 1L))));
        assertThrows(
                IllegalArgumentException.class,
                () -> SafetensorsWriter.create(
                        target, Map.of(), List.of(declared("a", DType.UINT8, 1L), declared("a", DType.UINT8, 2L))));
        assertThrows(
                IllegalArgumentException.class,
                () -> SafetensorsWriter.create(
                        target,
                        Map.of(),
                        List.of(declared("a", DType.UINT8, 1L << 62), declared("b", DType.UINT8, 1L << 62))));
        assertThrows(
                IllegalArgumentException.class,
                () -> new SafetensorsFile.Entry("a", DType.FLOAT32, List.of(2L), floats(1)));
        assertEquals(List.of(), names());
    }

    @Test
    void aFolderThatIsNotThereIsAnIoException() {
        assertThrows(
                NoSuchFileException.class,
                () -> SafetensorsWriter.create(folder.resolve("no").resolve("t"), Map.of(), List.of()));
    }

    @Test
    void aTargetThatIsNoFileIsKept() throws IOException {
        Path target = Files.createDirectory(folder.resolve("t"));
        assertThrows(IOException.class, () -> SafetensorsWriter.create(target, Map.of(), List.of()));
        assertTrue(Files.isDirectory(target));
        assertEquals(List.of("t"), names());
    }

    @Test
    void aLinkStaysALink() throws IOException {
        Path real = Files.writeString(folder.resolve("real"), "before");
        Path link = Files.createSymbolicLink(folder.resolve("link"), real);
        SafetensorsWriter.write(link, Map.of(), List.of());
        assertTrue(Files.isSymbolicLink(link));
        Bytes.readAll(real);
    }

    @Test
    void aWriteThatFailedCannotBeCommitted() throws IOException {
        Path target = folder.resolve("t");
        try (var writer = SafetensorsWriter.create(target, Map.of(), List.of(declared("a", DType.FLOAT32, 2L)))) {
            Thread.currentThread().interrupt();
            assertThrows(IOException.class, () -> writer.write("a", 0, floats(1)));
            assertTrue(Thread.interrupted());
            var refused = assertThrows(IOException.class, writer::commit);
            assertTrue(refused.toString().contains("failed write"), refused.toString());
        }
        assertFalse(Files.exists(target));
        assertEquals(List.of(), names());
    }
}
