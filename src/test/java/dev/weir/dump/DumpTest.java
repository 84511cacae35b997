package dev.weir.dump;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.weir.hook.HookPoint;
import dev.weir.hook.Site;
import dev.weir.safetensors.SafetensorsFile.Entry;
import dev.weir.safetensors.SafetensorsWriter;
import dev.weir.tensor.DType;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.SortedSet;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class DumpTest {

    private static final HookPoint EMBED = HookPoint.of(Site.EMBED);

    @TempDir
    Path folder;

    private Path write(Map<String, String> metadata, Entry... tensors) throws IOException {
        Path file = folder.resolve("dump");
        SafetensorsWriter.write(file, metadata, List.of(tensors));
        return file;
    }

    private static Entry embed(float... values) {
        return new Entry(
                "hook_embed", DType.FLOAT32, List.of(1L, 1L, (long) values.length), MemorySegment.ofArray(values));
    }

    private static Entry tokens(int... values) {
        return new Entry("tokens", DType.INT32, List.of(1L, (long) values.length), MemorySegment.ofArray(values));
    }

    private static Map<String, String> metadata() {
        return DumpMetadata.of(Steps.PROVENANCE, Steps.layout("embed", 1, 1, DType.FLOAT32), List.of(1));
    }

    @Test
    void aFileOfAnotherProgramIsReadByItsNames() throws IOException {
        var ids = new Entry("tokens", DType.INT64, List.of(1L, 2L), MemorySegment.ofArray(new long[] {5, 50256}));
        var other = new Entry("logits", DType.FLOAT32, List.of(), MemorySegment.ofArray(new float[1]));
        var wide = new Entry("hook_embed", DType.FLOAT64, List.of(2L), MemorySegment.ofArray(new double[] {0.5, 2}));
        try (var dump = Dump.open(write(Map.of(), ids, other, wide))) {
            assertEquals(List.of(EMBED), List.copyOf(dump.points()));
            assertArrayEquals(new float[] {0.5f, 2}, dump.values(EMBED).data());
            assertArrayEquals(new int[][] {{5, 50256}}, dump.tokens().orElseThrow());
            assertThrows(IllegalArgumentException.class, () -> dump.values(HookPoint.of(0, Site.Q)));
            var refused = assertThrows(DumpException.class, dump::trace);
            assertTrue(refused.getMessage().contains("sequence_lengths"), refused.getMessage());
            assertThrows(DumpException.class, dump::provenance);
        }
    }

    @Test
    void pointsAreInForwardOrder() throws IOException {
        Path file = folder.resolve("dump");
        try (var writer = new DumpWriter(file, Steps.PROVENANCE)) {
            new Steps(1, Steps.layout("*", 1, 2, DType.FLOAT32), 2).into(writer);
        }
        try (var dump = Dump.open(file)) {
            SortedSet<HookPoint> points = dump.points();
            assertEquals("hook_embed", points.first().name());
            assertEquals("unembed.hook_out", points.last().name());
        }
    }

    @Test
    void aFileWithoutAPointIsNoDump() throws IOException {
        Path file = write(Map.of(), tokens(1));
        var refused = assertThrows(DumpException.class, () -> Dump.open(file).close());
        assertEquals(file, refused.file());
    }

    @Test
    void aNameThatIsOnlyReadAsAPointIsNone() throws IOException {
        var twice =
                new Entry("blocks.00.hook_resid_post", DType.FLOAT32, List.of(), MemorySegment.ofArray(new float[1]));
        assertThrows(
                DumpException.class, () -> Dump.open(write(Map.of(), twice)).close());
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "sequence_lengths | [1, 2]",
                "sequence_lengths | [2]",
                "sequence_lengths | [-1]",
                "sequence_lengths | [9999999999]",
                "sequence_lengths | one",
                "dimensions | {}",
                "dimensions | nothing",
                "dimensions | {\"width\": 99999999999}",
                "positions | {\"hook_embed\": \"5..2\"}",
                "positions | {\"hook_embed\": \"first\"}",
                "positions | {\"hook_embed\": \"7\"}"
            })
    void metadataThatDoNotFitAreRefused(String key, String value) throws IOException {
        var metadata = new HashMap<>(metadata());
        metadata.put(key, value);
        Path file = write(metadata, tokens(3), embed(1, 2, 3, 4, 5, 6));
        try (var dump = Dump.open(file)) {
            var refused = assertThrows(DumpException.class, dump::trace);
            assertEquals(1, refused.getMessage().lines().count(), refused.getMessage());
        }
    }

    @Test
    void tensorsThatDoNotFitTheMetadataAreRefused() throws IOException {
        try (var dump = Dump.open(write(metadata(), tokens(3), embed(1, 2, 3, 4, 5)))) {
            assertTrue(
                    assertThrows(DumpException.class, dump::trace).getMessage().contains("hook_embed"));
        }
        try (var dump = Dump.open(write(metadata(), embed(1, 2, 3, 4, 5, 6)))) {
            assertTrue(
                    assertThrows(DumpException.class, dump::trace).getMessage().contains("tokens"));
        }
        var flat = new Entry("tokens", DType.INT32, List.of(1L), MemorySegment.ofArray(new int[1]));
        try (var dump = Dump.open(write(metadata(), flat, embed(1, 2, 3, 4, 5, 6)))) {
            assertThrows(DumpException.class, dump::tokens);
        }
    }
}
