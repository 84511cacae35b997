package dev.weir.dump;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.weir.hook.HookPoint;
import dev.weir.hook.Rows;
import dev.weir.hook.Site;
import dev.weir.hook.TraceLayout;
import dev.weir.safetensors.SafetensorsFile;
import dev.weir.tensor.DType;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.foreign.MemorySegment;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class DumpWriterTest {

    private static final HookPoint STREAM = HookPoint.of(0, Site.RESID_POST);
    private static final HookPoint PATTERN = HookPoint.of(1, Site.PATTERN);
    private static final HookPoint SCORES = HookPoint.of(1, Site.ATTN_SCORES);

    @TempDir
    Path folder;

    private Path write(long seed, TraceLayout layout, int... lengths) {
        Path file = folder.resolve("trace.safetensors");
        try (var writer = new DumpWriter(file, Steps.PROVENANCE)) {
            new Steps(seed, layout, lengths).into(writer);
        }
        return file;
    }

    @Test
    void keysAreNamesOfPointsAndShapesThoseOfTheDocumentation() throws IOException {
        Path path = write(1, Steps.layout("*", 2, 7, DType.FLOAT32), 7, 4);
        try (var file = SafetensorsFile.open(path)) {
            assertEquals(2 + 2 * 17 + 4 + 1, file.entries().size());
            assertEquals(List.of(2L, 7L, 6L), file.entry("hook_embed").shape());
            assertEquals(
                    List.of(2L, 7L, 1L), file.entry("blocks.0.ln1.hook_scale").shape());
            assertEquals(
                    List.of(2L, 7L, 3L, 2L), file.entry("blocks.1.attn.hook_z").shape());
            assertEquals(
                    List.of(2L, 3L, 7L, 7L),
                    file.entry("blocks.1.attn.hook_pattern").shape());
            assertEquals(List.of(2L, 7L, 11L), file.entry("unembed.hook_out").shape());
            assertEquals(List.of(2L, 7L), file.entry("tokens").shape());
            assertEquals(DType.INT32, file.entry("tokens").dtype());
        }
    }

    @Test
    void rowsThatAShorterSequenceDoesNotHaveAreNaN() throws IOException {
        try (var dump = Dump.open(write(1, Steps.layout("resid_post,pattern", 2, 9, DType.FLOAT32), 3, 5))) {
            var stream = dump.values(STREAM);
            assertEquals(List.of(2, 5, 6), stream.shape());
            assertTrue(Float.isFinite(stream.at(0, 2, 5)));
            assertTrue(Float.isNaN(stream.at(0, 3, 0)) && Float.isNaN(stream.at(0, 4, 5)));
            assertTrue(Float.isFinite(stream.at(1, 4, 5)));
            assertTrue(Float.isNaN(dump.values(PATTERN).at(0, 2, 3, 0)));
            assertTrue(Float.isNaN(dump.values(PATTERN).at(0, 2, 4, 4)));
            int[][] tokens = dump.tokens().orElseThrow();
            assertArrayEquals(new int[] {-1, -1}, new int[] {tokens[0][3], tokens[0][4]});
            assertTrue(tokens[0][2] >= 0 && tokens[1][4] >= 0);
        }
    }

    @Test
    void keysAfterTheQueryScoreMinusInfinityAndHavePatternZero() throws IOException {
        try (var dump = Dump.open(write(2, Steps.layout("attn_scores,pattern", 1, 30, DType.FLOAT32), 6))) {
            for (int query = 0; query < 6; query++) {
                for (int key = 0; key < 6; key++) {
                    boolean masked = key > query;
                    assertEquals(masked, dump.values(SCORES).at(0, 1, query, key) == Float.NEGATIVE_INFINITY);
                    assertEquals(masked, dump.values(PATTERN).at(0, 1, query, key) == 0);
                }
            }
        }
    }

    @Test
    void aRowThatNeverCameIsNaN() throws IOException {
        Path file = folder.resolve("trace.safetensors");
        try (var writer = new DumpWriter(file, Steps.PROVENANCE)) {
            writer.begin(Steps.layout("resid_post.0", 1, 3, DType.FLOAT32));
            var row = new Rows(new int[] {0}, new int[] {1}, new int[] {5}, new int[] {0});
            writer.rows(STREAM, row, MemorySegment.ofArray(new float[] {1, 2, 3, 4, 5, 6}), 6);
            writer.end(new int[] {3});
        }
        try (var dump = Dump.open(file)) {
            assertTrue(Float.isNaN(dump.values(STREAM).at(0, 0, 5)));
            assertEquals(6, dump.values(STREAM).at(0, 1, 5));
            assertTrue(Float.isNaN(dump.values(STREAM).at(0, 2, 0)));
        }
    }

    @Test
    void theFileSaysWhereItComesFrom() throws IOException {
        try (var dump = Dump.open(write(1, Steps.layout("resid_post@last,z.1@0+2..5", 2, 7, DType.BFLOAT16), 7, 4))) {
            assertEquals(Steps.PROVENANCE, dump.provenance());
            assertEquals("tiny", dump.metadata().get("model_name"));
            assertEquals("ab12", dump.metadata().get("weights_sha256"));
            assertEquals("[3, 2]", dump.metadata().get("prompt_lengths"));
            assertEquals("[7, 4]", dump.metadata().get("sequence_lengths"));
            assertEquals("0.1.0", dump.metadata().get("weir_version"));
            String positions = String.valueOf(dump.metadata().get("positions"));
            assertTrue(positions.contains("\"blocks.0.hook_resid_post\": \"last\""), positions);
            assertTrue(positions.contains("\"blocks.1.attn.hook_z\": \"0+2..5\""), positions);
        }
    }

    @Test
    void valuesGoToDiskWhileTheTraceIsTaken() throws IOException {
        TraceLayout layout = Steps.layout("resid_post.0", 1, 100_000, DType.FLOAT32);
        try (var writer = new DumpWriter(folder.resolve("trace.safetensors"), Steps.PROVENANCE)) {
            writer.begin(layout);
            new Steps(3, layout, 20_000).rowsInto(writer);
            Path part;
            try (var files = Files.list(folder)) {
                part = files.findFirst().orElseThrow();
            }
            assertTrue(part.getFileName().toString().startsWith(".trace.safetensors.part-"), part.toString());
            int before = 100_000 * Integer.BYTES; // the tokens' place
            int held = 64 << 10;
            assertTrue(Files.size(part) > before + 20_000 * 6 * Float.BYTES - held, "only the last piece is in memory");
        }
    }

    @Test
    void withoutAnEndNothingIsLeftBehind() throws IOException {
        TraceLayout layout = Steps.layout("*", 2, 9, DType.FLOAT32);
        try (var writer = new DumpWriter(folder.resolve("trace.safetensors"), Steps.PROVENANCE)) {
            writer.begin(layout);
            new Steps(3, layout, 4, 4).rowsInto(writer);
        }
        try (var files = Files.list(folder)) {
            assertEquals(0, files.count());
        }
    }

    @Test
    void aFolderThatIsNotThereIsAnErrorAtTheBeginning() {
        try (var writer = new DumpWriter(folder.resolve("no").resolve("trace"), Steps.PROVENANCE)) {
            TraceLayout layout = Steps.layout("resid_post", 1, 3, DType.FLOAT32);
            assertThrows(UncheckedIOException.class, () -> writer.begin(layout));
        }
        assertFalse(Files.exists(folder.resolve("no")));
    }

    @Test
    void aPointThatWasNotAnnouncedIsRefused() {
        try (var writer = new DumpWriter(folder.resolve("trace"), Steps.PROVENANCE)) {
            writer.begin(Steps.layout("resid_post", 1, 3, DType.FLOAT32));
            var row = new Rows(new int[] {0}, new int[] {0}, new int[] {5}, new int[] {0});
            var values = MemorySegment.ofArray(new float[6]);
            assertThrows(IllegalArgumentException.class, () -> writer.rows(PATTERN, row, values, 6));
        }
    }
}
