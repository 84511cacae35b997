package dev.weir.gguf;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.weir.tensor.DType;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Random;
import java.util.SequencedMap;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class GgufFileTest {

    @TempDir
    Path folder;

    private static SequencedMap<String, GgufValue> everyType() {
        var metadata = new LinkedHashMap<String, GgufValue>();
        metadata.put("general.architecture", GgufValue.of("größe 🐕"));
        metadata.put("a.u8", new GgufValue.Whole(GgufValue.Type.UINT8, 255));
        metadata.put("a.i8", new GgufValue.Whole(GgufValue.Type.INT8, -128));
        metadata.put("a.u16", new GgufValue.Whole(GgufValue.Type.UINT16, 65535));
        metadata.put("a.i16", new GgufValue.Whole(GgufValue.Type.INT16, -32768));
        metadata.put("a.u32", GgufValue.count(4294967295L));
        metadata.put("a.i32", new GgufValue.Whole(GgufValue.Type.INT32, Integer.MIN_VALUE));
        metadata.put("a.f32", GgufValue.of(0.1f));
        metadata.put("a.flag", GgufValue.of(true));
        metadata.put("a.texts", GgufValue.texts(List.of("", "Ġthe", "\n")));
        metadata.put("a.wholes", GgufValue.wholes(List.of(1, -2)));
        metadata.put("a.empty", GgufValue.texts(List.of()));
        metadata.put(
                "a.nested",
                new GgufValue.Array(
                        GgufValue.Type.ARRAY, List.of(GgufValue.wholes(List.of(7)), GgufValue.texts(List.of("x")))));
        metadata.put("a.u64", new GgufValue.Whole(GgufValue.Type.UINT64, -1));
        metadata.put("a.i64", new GgufValue.Whole(GgufValue.Type.INT64, Long.MIN_VALUE));
        metadata.put("a.f64", new GgufValue.Real(GgufValue.Type.FLOAT64, Math.PI));
        return metadata;
    }

    private static GgufTensor tensor(String name, DType dtype, long... shape) {
        var extents = Arrays.stream(shape).boxed().toList();
        long elements = Arrays.stream(shape).reduce(1, (a, b) -> a * b);
        byte[] bytes = new byte[Math.toIntExact(elements * dtype.bytes())];
        new Random(name.hashCode()).nextBytes(bytes);
        return new GgufTensor(name, dtype, extents, MemorySegment.ofArray(bytes));
    }

    @Test
    void aSecondReaderReadsWhatWasWritten() throws IOException {
        Path file = folder.resolve("all.gguf");
        GgufTensor half = tensor("half", DType.FLOAT16, 3, 5);
        GgufTensor brain = tensor("brain", DType.BFLOAT16, 7);
        GgufWriter.write(file, everyType(), List.of(GgufTensor.of("v", new float[] {1, -2.5f, 3}), half, brain));
        var read = new PlainGguf(Files.readAllBytes(file));
        assertEquals(List.copyOf(everyType().sequencedKeySet()), List.copyOf(read.metadata.keySet()));
        assertEquals("größe 🐕", read.metadata.get("general.architecture"));
        assertEquals(255, read.metadata.get("a.u8"));
        assertEquals(-128, read.metadata.get("a.i8"));
        assertEquals(65535, read.metadata.get("a.u16"));
        assertEquals(-32768, read.metadata.get("a.i16"));
        assertEquals(4294967295L, read.metadata.get("a.u32"));
        assertEquals(Integer.MIN_VALUE, read.metadata.get("a.i32"));
        assertEquals(0.1f, read.metadata.get("a.f32"));
        assertEquals(true, read.metadata.get("a.flag"));
        assertEquals(List.of("", "Ġthe", "\n"), read.metadata.get("a.texts"));
        assertEquals(List.of(1, -2), read.metadata.get("a.wholes"));
        assertEquals(List.of(List.of(7), List.of("x")), read.metadata.get("a.nested"));
        assertEquals(-1L, read.metadata.get("a.u64"));
        assertEquals(Math.PI, read.metadata.get("a.f64"));
        assertArrayEquals(new float[] {1, -2.5f, 3}, read.floats("v"));
        assertArrayEquals(new long[] {5, 3}, read.tensors.get("half").ne(), "the fastest extent first");
        assertEquals(1, read.tensors.get("half").type());
        assertEquals(30, read.tensors.get("brain").type());
        assertArrayEquals(half.data().toArray(ValueLayout.JAVA_BYTE), read.bytes("half", 30));
        read.tensors.values().forEach(info -> assertEquals(0, info.offset() % 32));
        assertEquals(0, Files.size(file) % 32);
    }

    @Test
    void whatWasWrittenIsReadBack() throws IOException {
        Path file = folder.resolve("back.gguf");
        SequencedMap<String, GgufValue> metadata = everyType();
        metadata.put("general.alignment", GgufValue.count(64));
        List<GgufTensor> tensors = List.of(
                tensor("a", DType.FLOAT32, 2, 3, 4, 5),
                tensor("b", DType.INT8, 1),
                tensor("c", DType.FLOAT64, 2, 2),
                tensor("d", DType.INT64, 9));
        GgufWriter.write(file, metadata, tensors);
        try (GgufFile read = GgufFile.open(file)) {
            assertEquals(metadata, read.metadata());
            assertEquals(
                    List.copyOf(metadata.keySet()), List.copyOf(read.metadata().keySet()));
            assertEquals(tensors.size(), read.tensors().size());
            for (GgufTensor tensor : tensors) {
                GgufTensor back = read.tensor(tensor.name());
                assertEquals(tensor.dtype(), back.dtype());
                assertEquals(tensor.shape(), back.shape());
                assertEquals(-1, tensor.data().mismatch(back.data()));
            }
            var failure = assertThrows(GgufException.class, () -> read.tensor("none"));
            assertTrue(failure.getMessage().contains("'none'"), failure.getMessage());
        }
        assertEquals(1, Files.list(folder).count(), "nothing lies beside it");
    }

    /** Every file that is cut or has a wrong byte is read or refused in one line that names it; nothing else happens. */
    @Test
    void aDamagedFileIsReadOrRefusedInOneLine() throws IOException {
        Path file = folder.resolve("whole.gguf");
        GgufWriter.write(file, everyType(), List.of(tensor("a", DType.FLOAT32, 4, 3), tensor("b", DType.FLOAT16, 5)));
        byte[] whole = Files.readAllBytes(file);
        var random = new Random(4);
        int refused = 0;
        for (int i = 0; i < 600; i++) {
            byte[] damaged = Arrays.copyOf(whole, i % 3 == 0 ? random.nextInt(whole.length) : whole.length);
            if (damaged.length > 0 && i % 3 != 0) {
                damaged[random.nextInt(damaged.length)] = (byte) random.nextInt();
            }
            Path broken = Files.write(folder.resolve("broken.gguf"), damaged);
            try (GgufFile read = GgufFile.open(broken)) {
                assertTrue(read.tensors().size() <= 2);
            } catch (GgufException e) {
                refused++;
                assertTrue(e.getMessage().startsWith(broken + ": "), e.getMessage());
                assertEquals(1, e.getMessage().lines().count(), e.getMessage());
            }
        }
        assertTrue(refused > 250, refused + " were refused");
    }

    @Test
    void whatIsWrongIsSaid() throws IOException {
        requireRefusal(new byte[0], "expected one that begins with GGUF");
        requireRefusal("PNG picture".getBytes(StandardCharsets.US_ASCII), "begins with GGUF");
        requireRefusal(start(2, 0, 0), "version: expected 3, got 2");
        requireRefusal(start(Integer.reverseBytes(3), 0, 0), "big-endian");
        requireRefusal(start(3, Long.MAX_VALUE, 0), "number of tensors");
        requireRefusal(start(3, 0, -1), "number of metadata: expected no more than the 0 bytes");
        requireRefusal(tensorOfType(2), "type 2");
        requireRefusal(tensorOfType(0), "tensor 't': expected 16 bytes of data, got 0 to the file's end");
    }

    private static byte[] start(int version, long tensors, long keys) {
        return ByteBuffer.allocate(24)
                .order(ByteOrder.LITTLE_ENDIAN)
                .putInt(0x46554747)
                .putInt(version)
                .putLong(tensors)
                .putLong(keys)
                .array();
    }

    private static byte[] tensorOfType(int type) {
        return ByteBuffer.allocate(64)
                .order(ByteOrder.LITTLE_ENDIAN)
                .put(start(3, 1, 0))
                .putLong(1)
                .put((byte) 't')
                .putInt(1)
                .putLong(4)
                .putInt(type)
                .putLong(0)
                .array();
    }

    private void requireRefusal(byte[] bytes, String because) throws IOException {
        Path file = Files.write(folder.resolve("bad.gguf"), bytes);
        var failure = assertThrows(GgufException.class, () -> GgufFile.open(file));
        assertTrue(failure.getMessage().contains(because), failure.getMessage());
    }

    @Test
    void whatCannotBeReadByOthersIsNotWritten() {
        var metadata = new LinkedHashMap<String, GgufValue>();
        assertThrows(IllegalArgumentException.class, () -> tensor("x".repeat(64), DType.FLOAT32, 1));
        assertThrows(IllegalArgumentException.class, () -> tensor("x", DType.FLOAT32, 1, 1, 1, 1, 1));
        assertThrows(IllegalArgumentException.class, () -> tensor("x", DType.BOOL, 1));
        assertThrows(IllegalArgumentException.class, () -> new GgufValue.Whole(GgufValue.Type.INT8, 128));
        assertThrows(IllegalArgumentException.class, () -> new GgufValue.Real(GgufValue.Type.FLOAT32, 0.1));
        Path file = folder.resolve("twice.gguf");
        GgufTensor tensor = tensor("x", DType.FLOAT32, 1);
        assertThrows(IllegalArgumentException.class, () -> GgufWriter.write(file, metadata, List.of(tensor, tensor)));
        metadata.put("general.alignment", GgufValue.count(48));
        assertThrows(IllegalArgumentException.class, () -> GgufWriter.write(file, metadata, List.of(tensor)));
        assertFalse(Files.exists(file));
    }

    @Test
    void aFileThatCannotBeWrittenLeavesNothing() throws IOException {
        Path blocked = Files.createDirectory(folder.resolve("blocked.gguf"));
        assertThrows(IOException.class, () -> GgufWriter.write(blocked, new LinkedHashMap<>(), List.of()));
        try (Stream<Path> files = Files.list(folder)) {
            assertEquals(List.of(blocked), files.toList());
        }
    }
}
