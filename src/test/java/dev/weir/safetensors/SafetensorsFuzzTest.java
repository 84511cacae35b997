package dev.weir.safetensors;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.weir.tensor.DType;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Random;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import net.jqwik.api.constraints.IntRange;
import net.jqwik.api.lifecycle.AfterContainer;
import net.jqwik.api.lifecycle.BeforeContainer;

/** Whatever a file holds, opening it gives tensors that can be read to their ends, or a {@link SafetensorsException}. */
class SafetensorsFuzzTest {

    private static final int DATA_BYTES = 60 + 8 + 14;
    private static final byte[] VALID = valid();
    private static final byte[] HEADER = Arrays.copyOfRange(VALID, Header.LENGTH_BYTES, VALID.length - DATA_BYTES);
    private static Path file = Path.of("");

    @BeforeContainer
    static void makeFile() throws IOException {
        file = Files.createTempFile("weir-fuzz", ".safetensors");
    }

    @AfterContainer
    static void deleteFile() throws IOException {
        Files.delete(file);
    }

    private static byte[] valid() {
        try {
            Path whole = Files.createTempFile("weir-fuzz", ".safetensors");
            SafetensorsWriter.write(
                    whole,
                    Map.of("format", "pt", "model", "caf\u00e9 \"x\""),
                    List.of(
                            new SafetensorsFile.Entry("wte.weight", DType.FLOAT32, List.of(5L, 3L), zeros(60)),
                            new SafetensorsFile.Entry("ids", DType.INT32, List.of(2L), zeros(8)),
                            new SafetensorsFile.Entry("h.0.bias", DType.BFLOAT16, List.of(7L), zeros(14))));
            byte[] bytes = Files.readAllBytes(whole);
            Files.delete(whole);
            return bytes;
        } catch (IOException e) {
            throw new AssertionError(e);
        }
    }

    private static MemorySegment zeros(int bytes) {
        return MemorySegment.ofArray(new byte[bytes]);
    }

    private static void openOrRefuse(byte[] bytes) throws IOException {
        Files.write(file, bytes);
        try {
            Bytes.readAll(file);
        } catch (SafetensorsException refused) {
            assertEquals(file, refused.file());
        }
    }

    /** The header alone, without a file: fast enough for many tries. */
    private static void parseOrRefuse(byte[] header, long dataBytes) {
        try {
            Header parsed = HeaderParser.parse(file, header, dataBytes);
            assertEquals(
                    dataBytes,
                    parsed.tensors().stream().mapToLong(Declaration::bytes).sum());
            byte[] again = parsed.encode();
            assertEquals(parsed, HeaderParser.parse(file, again, dataBytes));
        } catch (SafetensorsException refused) {
            assertEquals(1, refused.getMessage().lines().count());
        }
    }

    @Property(tries = 100)
    void everyTruncationIsRefused(@ForAll Random random) throws IOException {
        Files.write(file, Arrays.copyOf(VALID, random.nextInt(VALID.length)));
        assertThrows(SafetensorsException.class, () -> Bytes.readAll(file));
    }

    @Property(tries = 50)
    void everyExtensionIsRefused(@ForAll @IntRange(min = 1, max = 5000) int more) throws IOException {
        Files.write(file, Arrays.copyOf(VALID, VALID.length + more));
        assertThrows(SafetensorsException.class, () -> Bytes.readAll(file));
    }

    @Property(tries = 200)
    void filesWithFlippedBytesAreReadOrRefused(@ForAll Random random, @ForAll @IntRange(min = 1, max = 3) int flips)
            throws IOException {
        byte[] bytes = VALID.clone();
        for (int i = 0; i < flips; i++) {
            bytes[random.nextInt(VALID.length)] = (byte) random.nextInt(256);
        }
        openOrRefuse(bytes);
    }

    @Property(tries = 100)
    void filesOfAnyBytesAreReadOrRefused(@ForAll byte[] bytes) throws IOException {
        openOrRefuse(bytes);
    }

    @Property(tries = 5000)
    void headersWithFlippedBytesAreReadOrRefused(@ForAll Random random, @ForAll @IntRange(min = 1, max = 6) int flips) {
        byte[] header = HEADER.clone();
        for (int i = 0; i < flips; i++) {
            header[random.nextInt(header.length)] = (byte) random.nextInt(256);
        }
        parseOrRefuse(header, DATA_BYTES);
    }

    @Property(tries = 5000)
    void headersOfTheRightWordsInAnyOrderAreReadOrRefused(
            @ForAll("words") List<String> words, @ForAll @IntRange(max = 32) int dataBytes) {
        parseOrRefuse(("{" + String.join("", words)).getBytes(StandardCharsets.UTF_8), dataBytes);
    }

    @Property(tries = 5000)
    void headersWithAnySpanCutOrRepeatedAreReadOrRefused(@ForAll Random random) {
        String header = new String(HEADER, StandardCharsets.UTF_8);
        int from = random.nextInt(header.length());
        int to = from + random.nextInt(header.length() - from);
        int at = random.nextInt(header.length());
        String changed = random.nextBoolean()
                ? header.substring(0, from) + header.substring(to)
                : header.substring(0, at) + header.substring(from, to) + header.substring(at);
        parseOrRefuse(changed.getBytes(StandardCharsets.UTF_8), DATA_BYTES);
    }

    @Provide
    Arbitrary<List<String>> words() {
        return Arbitraries.of(
                        "{",
                        "}",
                        "[",
                        "]",
                        ",",
                        ":",
                        "\"",
                        "\"a\"",
                        "\"b\"",
                        "\"__metadata__\"",
                        "\"dtype\"",
                        "\"F32\"",
                        "\"U8\"",
                        "\"shape\"",
                        "\"data_offsets\"",
                        "0",
                        "4",
                        "8",
                        "9223372036854775807",
                        "-1",
                        "1e3",
                        "null",
                        "\\u0000",
                        "\\",
                        " ",
                        "\"a\":{\"dtype\":\"F32\",\"shape\":[",
                        "],\"data_offsets\":[0,",
                        "]}",
                        "\u00e9")
                .list()
                .ofMaxSize(24);
    }
}
