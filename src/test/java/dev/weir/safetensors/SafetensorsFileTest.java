package dev.weir.safetensors;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.weir.tensor.DType;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class SafetensorsFileTest {

    @TempDir
    Path folder;

    private Path file(String header, int dataBytes) {
        return Bytes.write(folder.resolve("a.safetensors"), Bytes.file(header, dataBytes));
    }

    private SafetensorsException refuse(String header, int dataBytes) {
        return refuse(Bytes.file(header, dataBytes));
    }

    private SafetensorsException refuse(byte[] bytes) {
        Path file = Bytes.write(folder.resolve("a.safetensors"), bytes);
        var refused = assertThrows(
                SafetensorsException.class, () -> SafetensorsFile.open(file).close());
        assertEquals(file, refused.file());
        assertTrue(refused.getMessage().startsWith(file + ": "), refused.getMessage());
        assertEquals(1, refused.getMessage().lines().count(), refused.getMessage());
        return refused;
    }

    private static String tensor(String name, String dtype, String shape, String offsets) {
        return "\"" + name + "\":{\"dtype\":\"" + dtype + "\",\"shape\":" + shape + ",\"data_offsets\":" + offsets
                + "}";
    }

    @Test
    void tensorsAreFoundByNameWithTheirTypeShapeAndBytes() throws IOException {
        byte[] bytes = Bytes.file(
                "{" + tensor("b", "U8", "[3]", "[4,7]") + "," + tensor("a", "F32", "[1,1]", "[0,4]")
                        + ",\"__metadata__\":{\"format\":\"pt\"}}  ",
                7);
        bytes[bytes.length - 7 + 3] = 0x40;
        bytes[bytes.length - 1] = 9;
        try (var file = SafetensorsFile.open(Bytes.write(folder.resolve("a"), bytes))) {
            assertEquals(Map.of("format", "pt"), file.metadata());
            assertEquals(
                    List.of("a", "b"),
                    file.entries().stream().map(SafetensorsFile.Entry::name).toList());
            assertEquals(List.of(1L, 1L), file.entry("a").shape());
            assertEquals(2.0f, file.entry("a").dtype().read(file.entry("a").data(), 0));
            assertEquals(DType.UINT8, file.entry("b").dtype());
            assertEquals(9, file.entry("b").dtype().read(file.entry("b").data(), 2));
            assertTrue(file.contains("a"));
            assertFalse(file.contains("c"));
        }
    }

    @Test
    void anAbsentTensorIsNamed() throws IOException {
        try (var file = SafetensorsFile.open(file("{}", 0))) {
            var refused = assertThrows(SafetensorsException.class, () -> file.entry("wte.weight"));
            assertEquals("wte.weight", refused.tensor().orElseThrow());
            assertTrue(refused.getMessage().contains("'wte.weight'"), refused.getMessage());
        }
    }

    @Test
    void dataCannotBeWrittenThroughTheMapping() throws IOException {
        try (var file = SafetensorsFile.open(file("{" + tensor("a", "F32", "[]", "[0,4]") + "}", 4))) {
            var data = file.entry("a").data();
            assertTrue(data.isReadOnly());
            assertThrows(IllegalArgumentException.class, () -> DType.FLOAT32.write(data, 0, 1));
        }
    }

    @Test
    void dataCannotBeReadAfterClose() throws IOException {
        var file = SafetensorsFile.open(file("{" + tensor("a", "F32", "[]", "[0,4]") + "}", 4));
        file.close();
        assertThrows(
                IllegalStateException.class,
                () -> DType.FLOAT32.read(file.entry("a").data(), 0));
    }

    @Test
    void elementsAreReadAtAnyAlignment() throws IOException {
        String header = "{" + tensor("a", "U8", "[1]", "[0,1]") + "," + tensor("b", "F32", "[2]", "[1,9]") + "}";
        byte[] bytes = Bytes.file(header, 9);
        bytes[bytes.length - 1] = 0x40;
        try (var file = SafetensorsFile.open(Bytes.write(folder.resolve("a"), bytes))) {
            assertEquals(2.0f, DType.FLOAT32.read(file.entry("b").data(), 4));
        }
    }

    @Test
    void emptyTensorsAndScalarsAreTensors() throws IOException {
        String header = "{" + tensor("none", "F32", "[0,5]", "[0,0]") + "," + tensor("one", "I64", "[]", "[0,8]") + "}";
        try (var file = SafetensorsFile.open(file(header, 8))) {
            assertEquals(0, file.entry("none").elements());
            assertEquals(1, file.entry("one").elements());
        }
    }

    @Test
    void namesKeepTheirEscapesAndTheirLanguage() throws IOException {
        String header = "{" + tensor("\\u00e9\\n\\\"\\\\\\/\\ud83d\\ude00 \u4e2d", "U8", "[0]", "[0,0]") + "}";
        try (var file = SafetensorsFile.open(file(header, 0))) {
            assertTrue(file.contains("\u00e9\n\"\\/\ud83d\ude00 \u4e2d"));
        }
    }

    @Test
    void aMappingIsNoLargerThanTheFileAndSpansAllOfIt() throws IOException {
        Path large = folder.resolve("large");
        long dataBytes = 500L << 20;
        byte[] head = Bytes.file("{" + tensor("a", "F32", "[131072000]", "[0," + dataBytes + "]") + "}", 0);
        try (var sparse = new RandomAccessFile(large.toFile(), "rw")) {
            sparse.write(head);
            sparse.setLength(head.length + dataBytes);
        }
        try (var file = SafetensorsFile.open(large)) {
            var data = file.entry("a").data();
            assertEquals(dataBytes, file.data().byteSize());
            assertEquals(file.data().address(), data.address());
            assertEquals(0f, DType.FLOAT32.read(data, dataBytes - 4));
        }
    }

    @Test
    void aMissingFileIsAnIoException() {
        assertThrows(NoSuchFileException.class, () -> SafetensorsFile.open(folder.resolve("none")));
        assertThrows(IOException.class, () -> SafetensorsFile.open(folder));
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 1, 7})
    void aFileTooShortForALengthIsRefused(int size) {
        assertTrue(refuse(new byte[size]).getMessage().contains("at least 8 bytes, got " + size));
    }

    @ParameterizedTest
    @ValueSource(longs = {3, 100_000_001, Integer.MAX_VALUE, 1L << 32, Long.MAX_VALUE, Long.MIN_VALUE, -1, -8})
    void aHeaderLongerThanTheFileIsRefused(long length) {
        var refused = refuse(Bytes.file(length, "{}".getBytes(StandardCharsets.UTF_8), 0));
        assertTrue(refused.getMessage().contains("header length: expected at most 2"), refused.getMessage());
    }

    @Test
    void aHeaderAboveTheFormatsLimitIsRefusedThoughTheFileHoldsIt() throws IOException {
        Path large = folder.resolve("large");
        try (var sparse = new RandomAccessFile(large.toFile(), "rw")) {
            sparse.write(Bytes.file(Header.LONGEST + 1, new byte[0], 0));
            sparse.setLength(Header.LONGEST + 100L);
        }
        var refused = assertThrows(SafetensorsException.class, () -> SafetensorsFile.open(large));
        assertTrue(refused.getMessage().contains("at most 100000000, got 100000001"), refused.getMessage());
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                " {}",
                "[]",
                "null",
                "{",
                "}",
                "{}}",
                "{} x",
                "{}\0",
                "{\"a\"}",
                "{\"a\":}",
                "{\"a\":1}",
                "{\"a\":null}",
                "{a:1}",
                "{'a':1}",
                "{\"a\":{}}",
                "{\"a\":[]}",
                "{,}",
                "{\"__metadata__\":1}",
                "{\"__metadata__\":null}",
                "{\"__metadata__\":{\"a\":1}}",
                "{\"__metadata__\":{\"a\":{}}}",
                "{\"__metadata__\":{\"a\":\"b\",}}",
                "{\"__metadata__\":{\"a\":\"b\n\"}}",
                "{\"__metadata__\":{\"a\":\"\\x\"}}",
                "{\"__metadata__\":{\"a\":\"\\",
                "{\"__metadata__\":{\"a\":\"\\u12\"}}",
                "{\"__metadata__\":{\"a\":\"\\ud800\"}}",
                "{\"__metadata__\":{\"a\":\"\\u00\u0660\u0660\"}}",
                "{\"__metadata__\":{\"a\":\"\\\u4e2d\"}}",
                "{\"__metadata__\":{\"a"
            })
    void whatIsNotTheJsonOfAHeaderIsRefused(String header) {
        refuse(header, 0);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "-1",
                "+1",
                "1.0",
                "1e0",
                "01",
                "00",
                "-0",
                "",
                "\"1\"",
                "null",
                "true",
                "[1]",
                "9223372036854775808",
                "18446744073709551616",
                "100000000000000000000000000000000000000000",
                "0x1",
                "1 1"
            })
    void whatIsNotAWholeNumberIsRefused(String number) {
        refuse("{" + tensor("a", "U8", "[" + number + ",1]", "[0,1]") + "}", 1);
        refuse("{" + tensor("a", "U8", "[1]", "[0," + number + "]") + "}", 1);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "[9223372036854775807] | [0,8]",
                "[4611686018427387904] | [0,0]",
                "[4294967296,4294967296] | [0,0]",
                "[4294967296,4294967296,0] | [0,0]",
                "[3037000500,3037000500] | [0,8]",
                "[2] | [0,4]",
                "[1] | [0,9223372036854775807]",
                "[1] | [4,0]",
                "[1] | [0,4,8]",
                "[1] | [4]",
                "[1] | []",
                "[1,1,] | [0,4]",
            })
    void aShapeThatDoesNotFitItsBytesIsRefused(String shape, String offsets) {
        refuse("{" + tensor("a", "F32", shape, offsets) + "}", 4);
    }

    @Test
    void aRankThatNobodyCanHoldIsRefused() {
        String shape = "[" + "1,".repeat(Header.HIGHEST_RANK) + "1]";
        assertTrue(refuse("{" + tensor("a", "U8", shape, "[0,1]") + "}", 1)
                .getMessage()
                .contains("at most 64 numbers"));
    }

    @ParameterizedTest
    @ValueSource(strings = {"F8_E4M3", "U64", "f32", "", "float32", "C64"})
    void anUnknownDtypeIsRefusedByName(String dtype) {
        var refused = refuse("{" + tensor("a", dtype, "[0]", "[0,0]") + "}", 0);
        assertEquals("a", refused.tensor().orElseThrow());
        assertTrue(refused.getMessage().endsWith("expected a known dtype, got '" + dtype + "'"), refused.getMessage());
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "[0,4] | [0,4] | 4 | overlap",
                "[0,4] | [3,7] | 7 | overlap",
                "[0,4] | [5,9] | 9 | gap",
                "[1,5] | [5,9] | 9 | gap",
                "[0,4] | [4,8] | 7 | got 7 bytes",
                "[0,4] | [4,8] | 9 | got 9 bytes",
            })
    void dataMustLieOneAfterTheOtherAndFillTheFile(String first, String second, int dataBytes, String said) {
        var refused = refuse(
                "{" + tensor("a", "F32", "[1]", first) + "," + tensor("b", "F32", "[1]", second) + "}", dataBytes);
        assertTrue(refused.getMessage().contains(said), refused.getMessage());
    }

    @Test
    void aKeyGivenTwiceIsRefused() {
        String empty = tensor("a", "F32", "[0]", "[0,0]");
        assertTrue(refuse("{" + empty + "," + empty + "}", 0).getMessage().contains("'a' twice"));
        assertTrue(refuse("{" + empty + "," + empty.replace("\"a\"", "\"\\u0061\"") + "}", 0)
                .getMessage()
                .contains("'a' twice"));
        refuse("{\"__metadata__\":{\"k\":\"1\",\"k\":\"2\"}}", 0);
        refuse("{\"__metadata__\":{},\"__metadata__\":{}}", 0);
        refuse("{\"a\":{\"dtype\":\"F32\",\"dtype\":\"F32\",\"shape\":[0],\"data_offsets\":[0,0]}}", 0);
    }

    @Test
    void aFieldThatIsMissingOrUnknownIsRefused() {
        assertTrue(refuse("{\"a\":{\"dtype\":\"F32\",\"shape\":[0]}}", 0)
                .getMessage()
                .contains("not all of them"));
        assertTrue(refuse("{\"a\":{\"dtype\":\"F32\",\"stride\":[0]}}", 0)
                .getMessage()
                .contains("'stride'"));
    }

    @ParameterizedTest
    @ValueSource(strings = {"{\"a\":", "{\"a\":{\"shape\":", "[", "{\"__metadata__\":"})
    void nestingIsRefusedHoweverDeep(String open) {
        refuse(open.repeat(100_000), 0);
        refuse("{\"a\":{\"shape\":" + "[".repeat(1_000_000), 0);
    }

    @Test
    void bytesThatAreNotUtf8AreRefused() {
        for (int[] wrong :
                new int[][] {{0xff}, {0xc3}, {0xc0, 0xaf}, {0xed, 0xa0, 0x80}, {0xf4, 0x90, 0x80, 0x80}, {0x80}}) {
            byte[] header = "{\"....\":{\"dtype\":\"U8\",\"shape\":[0],\"data_offsets\":[0,0]}}"
                    .getBytes(StandardCharsets.UTF_8);
            for (int i = 0; i < wrong.length; i++) {
                header[2 + i] = (byte) wrong[i];
            }
            assertTrue(refuse(Bytes.file(header, 0)).getMessage().contains("UTF-8"));
        }
    }

    @Test
    void aNameCannotBreakTheLineOfItsError() {
        String name = "a\\n\\u2028\\u0085\\u001b[2J" + "x".repeat(10_000);
        var refused = refuse("{" + tensor(name, "F7", "[0]", "[0,0]") + "}", 0);
        assertTrue(refused.getMessage().length() < 400, refused.getMessage());
        assertFalse(refused.getMessage().chars().anyMatch(Character::isISOControl), refused.getMessage());
    }

    @Test
    void manyTensorsOpen() throws IOException {
        var header = new StringBuilder("{");
        for (int i = 0; i < 100_000; i++) {
            header.append(i == 0 ? "" : ",").append(tensor("t" + i, "U8", "[1]", "[" + i + "," + (i + 1) + "]"));
        }
        Path many = file(header.append('}').toString(), 100_000);
        Bytes.readAll(many);
        assertTrue(Files.exists(many));
    }
}
