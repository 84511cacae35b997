package dev.weir.safetensors;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.weir.tensor.DType;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.stream.LongStream;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.Combinators;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import net.jqwik.api.lifecycle.AfterContainer;
import net.jqwik.api.lifecycle.BeforeContainer;

class SafetensorsRoundTripTest {

    private static Path file = Path.of("");

    @BeforeContainer
    static void makeFile() throws IOException {
        file = Files.createTempFile("weir-round", ".safetensors");
    }

    @AfterContainer
    static void deleteFile() throws IOException {
        Files.delete(file);
    }

    /** A tensor as it was declared and the corner of it that is kept. */
    record Streamed(DType dtype, List<Long> largest, List<Long> kept) {}

    @Property(tries = 100)
    void whatIsWrittenIsRead(
            @ForAll("tensors") List<SafetensorsFile.Entry> tensors, @ForAll("texts") Map<String, String> metadata)
            throws IOException {
        SafetensorsWriter.write(file, metadata, tensors);
        try (var read = SafetensorsFile.open(file)) {
            assertEquals(metadata, read.metadata());
            assertEquals(tensors.size(), read.entries().size());
            for (var tensor : tensors) {
                var entry = read.entry(tensor.name());
                assertEquals(tensor.dtype(), entry.dtype());
                assertEquals(tensor.shape(), entry.shape());
                assertEquals(-1, entry.data().mismatch(tensor.data()));
            }
        }
    }

    @Property(tries = 100)
    void equalContentsAreEqualFiles(
            @ForAll("tensors") List<SafetensorsFile.Entry> tensors, @ForAll("texts") Map<String, String> metadata)
            throws IOException {
        SafetensorsWriter.write(file, metadata, tensors);
        byte[] once = Files.readAllBytes(file);
        SafetensorsWriter.write(file, new HashMap<>(metadata), tensors);
        assertArrayEquals(once, Files.readAllBytes(file));
    }

    @Property(tries = 150)
    void aSmallerShapeKeepsTheLeadingCornerOfWhatWasWritten(
            @ForAll("streams") List<Streamed> streams, @ForAll Random random) throws IOException {
        var declared = new ArrayList<Declaration>();
        var shapes = new HashMap<String, List<Long>>();
        for (int i = 0; i < streams.size(); i++) {
            declared.add(new Declaration("t" + i, streams.get(i).dtype, streams.get(i).largest));
            shapes.put("t" + i, streams.get(i).kept);
        }
        try (var writer = SafetensorsWriter.create(file, Map.of("length", "99"), declared)) {
            for (Declaration tensor : declared) {
                writeInAnyOrder(writer, tensor, random);
            }
            writer.commit(Map.of("length", "1"), shapes);
        }
        try (var read = SafetensorsFile.open(file)) {
            assertEquals(Map.of("length", "1"), read.metadata());
            for (Declaration tensor : declared) {
                var entry = read.entry(tensor.name());
                assertEquals(shapes.get(tensor.name()), entry.shape());
                assertCorner(tensor, entry);
            }
        }
    }

    /** Each element is its own index, modulo what the type holds. */
    private static void writeInAnyOrder(SafetensorsWriter writer, Declaration tensor, Random random)
            throws IOException {
        var order =
                new ArrayList<>(LongStream.range(0, tensor.elements()).boxed().toList());
        Collections.shuffle(order, random);
        for (long element : order) {
            writer.write(tensor.name(), element, elementBytes(tensor.dtype(), element));
        }
    }

    private static MemorySegment elementBytes(DType dtype, long element) {
        byte[] bytes = new byte[dtype.bytes()];
        for (int i = 0; i < bytes.length; i++) {
            bytes[i] = (byte) (element * 31 + i + 1);
        }
        return MemorySegment.ofArray(bytes);
    }

    private static void assertCorner(Declaration tensor, SafetensorsFile.Entry entry) {
        int width = tensor.dtype().bytes();
        for (long i = 0; i < entry.elements(); i++) {
            byte[] expected = elementBytes(tensor.dtype(), indexInLargest(i, entry.shape(), tensor.shape()))
                    .toArray(ValueLayout.JAVA_BYTE);
            byte[] got = entry.data().asSlice(i * width, width).toArray(ValueLayout.JAVA_BYTE);
            assertArrayEquals(expected, got, entry.name() + " element " + i);
        }
    }

    private static long indexInLargest(long index, List<Long> kept, List<Long> largest) {
        long rest = index;
        long stride = 1;
        long result = 0;
        for (int axis = kept.size() - 1; axis >= 0; axis--) {
            result += rest % kept.get(axis) * stride;
            rest /= kept.get(axis);
            stride *= largest.get(axis);
        }
        return result;
    }

    @Provide
    Arbitrary<List<SafetensorsFile.Entry>> tensors() {
        return Combinators.combine(names(), Arbitraries.of(DType.class), shapes(), Arbitraries.randoms())
                .as((name, dtype, shape, random) -> {
                    byte[] bytes = new byte[(int) Declaration.bytes(dtype, shape)];
                    random.nextBytes(bytes);
                    return new SafetensorsFile.Entry(name, dtype, shape, MemorySegment.ofArray(bytes));
                })
                .list()
                .ofMaxSize(8)
                .uniqueElements(SafetensorsFile.Entry::name);
    }

    @Provide
    Arbitrary<Map<String, String>> texts() {
        return Arbitraries.maps(names(), names()).ofMaxSize(4);
    }

    @Provide
    Arbitrary<List<Streamed>> streams() {
        return Combinators.combine(
                        Arbitraries.of(DType.class),
                        shapes(),
                        Arbitraries.integers().between(0, 100).list().ofSize(4))
                .as((dtype, largest, shares) -> {
                    var kept = new ArrayList<Long>();
                    for (int axis = 0; axis < largest.size(); axis++) {
                        kept.add(Math.ceilDiv(largest.get(axis) * shares.get(axis), 100L));
                    }
                    return new Streamed(dtype, largest, kept);
                })
                .list()
                .ofMaxSize(5);
    }

    private static Arbitrary<List<Long>> shapes() {
        return Arbitraries.longs().between(0, 5).list().ofMaxSize(4);
    }

    /** Text with a UTF-8 form: whole code points, of any plane. */
    private static Arbitrary<String> names() {
        return Arbitraries.strings()
                .withChars("abz019._-/\"\\\n\t\u0000\u001f\u007f\u00e9\u4e2d\u2028")
                .ofMaxLength(12)
                .map(name -> name + "\ud83d\ude00");
    }
}
