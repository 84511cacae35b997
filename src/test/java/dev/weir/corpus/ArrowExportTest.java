package dev.weir.corpus;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import dev.weir.engine.Weir;
import dev.weir.hook.HookPoint;
import dev.weir.tensor.DType;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalInt;
import org.apache.arrow.memory.RootAllocator;
import org.apache.arrow.vector.VectorSchemaRoot;
import org.apache.arrow.vector.ipc.ArrowStreamReader;
import org.apache.arrow.vector.types.pojo.ArrowType;
import org.apache.arrow.vector.types.pojo.Field;
import org.apache.arrow.vector.types.pojo.Schema;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Datasets, read back by Arrow's own reader. */
class ArrowExportTest {

    private static final String NAME = "blocks.1.hook_resid_post";
    private static final JsonMapper JSON = new JsonMapper();

    private static Weir weir;

    @TempDir
    Path folder;

    @BeforeAll
    static void open() {
        weir = Corpora.model();
    }

    @AfterAll
    static void close() {
        weir.close();
    }

    /** What one example holds of a column. */
    private record Table(Schema schema, List<List<?>> values, List<List<?>> tokens) {}

    private static Table read(Path file) throws IOException {
        var values = new ArrayList<List<?>>();
        var tokens = new ArrayList<List<?>>();
        try (var allocator = new RootAllocator();
                InputStream in = Files.newInputStream(file);
                var reader = new ArrowStreamReader(in, allocator)) {
            VectorSchemaRoot root = reader.getVectorSchemaRoot();
            while (reader.loadNextBatch()) {
                for (int i = 0; i < root.getRowCount(); i++) {
                    values.add((List<?>) root.getVector(NAME).getObject(i));
                    tokens.add((List<?>) root.getVector("token_ids").getObject(i));
                }
            }
            return new Table(root.getSchema(), values, tokens);
        }
    }

    private CorpusDump dump(TokenizedPrompts prompts, DType type) throws IOException {
        CorpusPlan plan = Corpora.plan(weir, prompts, "attn_out.0,resid_post.1", type, 16 << 10);
        return Corpora.dump(weir, plan, folder.resolve("dump"));
    }

    private static List<CorpusDump.Row> rows(CorpusDump dump) throws IOException {
        var rows = new ArrayList<CorpusDump.Row>();
        dump.forEachRow(HookPoint.named(NAME), rows::add);
        return rows;
    }

    private static void assertHolds(List<CorpusDump.Row> rows, Table table) {
        int r = 0;
        for (int example = 0; example < table.values.size(); example++) {
            List<?> matrix = table.values.get(example);
            assertEquals(matrix.size(), table.tokens.get(example).size());
            for (int i = 0; i < matrix.size(); i++, r++) {
                List<?> values = (List<?>) matrix.get(i);
                assertEquals(rows.get(r).token(), table.tokens.get(example).get(i));
                assertEquals(Corpora.WIDTH, values.size());
                for (int c = 0; c < Corpora.WIDTH; c++) {
                    assertEquals(rows.get(r).values()[c], number(values.get(c)));
                }
            }
        }
        assertEquals(rows.size(), r);
    }

    /** Arrow's reader gives a float16 as its bits. */
    private static float number(Object value) {
        return value instanceof Short bits ? Float.float16ToFloat(bits) : (Float) value;
    }

    @Test
    void anExampleIsAPrompt() throws IOException {
        TokenizedPrompts prompts = Corpora.prompts(40);
        CorpusDump dump = dump(prompts, DType.FLOAT32);
        ArrowExport.Written written = ArrowExport.write(dump, folder.resolve("arrow"), OptionalInt.empty());
        assertEquals(new ArrowExport.Written(40, prompts.tokens(), 0), written);
        Table table = read(folder.resolve("arrow/data-00000-of-00001.arrow"));
        assertHolds(rows(dump), table);
        for (int s = 0; s < prompts.count(); s++) {
            assertEquals(prompts.length(s), table.tokens.get(s).size());
        }
        assertEquals(
                List.of("blocks.0.hook_attn_out", NAME, "token_ids"),
                table.schema.getFields().stream().map(Field::getName).toList());
        Field field = table.schema.findField(NAME);
        assertEquals("[[null,12],\"float32\"]", field.getMetadata().get("ARROW:extension:metadata"));
        assertEquals(
                "datasets.features.features.Array2DExtensionType",
                field.getMetadata().get("ARROW:extension:name"));
    }

    @Test
    void promptsOfOneLengthAreArraysOfOneShape() throws IOException {
        CorpusDump dump = dump(Corpora.prompts(30, 9), DType.FLOAT16);
        ArrowExport.write(dump, folder.resolve("arrow"), OptionalInt.empty());
        Table table = read(folder.resolve("arrow/data-00000-of-00001.arrow"));
        assertHolds(rows(dump), table);
        assertEquals(
                new ArrowType.FixedSizeList(9),
                table.schema.findField("token_ids").getType());
        JsonNode features = JSON.readTree(
                        folder.resolve("arrow/dataset_info.json").toFile())
                .path("features");
        assertEquals(
                "{\"shape\":[9,12],\"dtype\":\"float16\",\"_type\":\"Array2D\"}",
                features.path(NAME).toString());
        assertEquals(
                "{\"feature\":{\"dtype\":\"int32\",\"_type\":\"Value\"},\"length\":9,\"_type\":\"Sequence\"}",
                features.path("token_ids").toString());
        assertEquals(
                features,
                JSON.readTree(table.schema.getCustomMetadata().get("huggingface"))
                        .at("/info/features"));
    }

    @Test
    void blocksGoOnAcrossPromptsAndShards() throws IOException {
        CorpusDump dump = dump(Corpora.prompts(40), DType.BFLOAT16);
        ArrowExport.Written written = ArrowExport.write(dump, folder.resolve("arrow"), OptionalInt.of(16));
        assertEquals(dump.rows() / 16, written.examples());
        assertEquals(dump.rows() % 16, written.droppedRows());
        assertNotEquals(0, written.droppedRows());
        Table table = read(folder.resolve("arrow/data-00000-of-00001.arrow"));
        assertHolds(rows(dump).subList(0, (int) written.rows()), table);
    }

    @Test
    void theStateNamesTheFiles() throws IOException {
        ArrowExport.write(dump(Corpora.prompts(5), DType.FLOAT32), folder.resolve("arrow"), OptionalInt.empty());
        JsonNode state = JSON.readTree(folder.resolve("arrow/state.json").toFile());
        assertEquals(
                "[{\"filename\":\"data-00000-of-00001.arrow\"}]",
                state.path("_data_files").toString());
        assertEquals(16, state.path("_fingerprint").asText().length());
    }

    @Test
    void whatCannotBeExportedIsRefused() throws IOException {
        CorpusDump dump = dump(Corpora.prompts(3), DType.FLOAT32);
        Path out = folder.resolve("arrow");
        String block = assertThrows(
                        IllegalArgumentException.class, () -> ArrowExport.write(dump, out, OptionalInt.of(1000)))
                .getMessage();
        assertEquals("block: expected from 1 to the " + dump.rows() + " rows of the dump, got 1000", block);
        assertFalse(Files.exists(out));
        Files.createDirectory(out);
        String there = assertThrows(
                        IllegalArgumentException.class, () -> ArrowExport.write(dump, out, OptionalInt.empty()))
                .getMessage();
        assertEquals(out + ": expected nothing there, got a file or folder", there);
    }
}
