package dev.weir.corpus;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;

import dev.weir.engine.Weir;
import dev.weir.hook.HookPoint;
import dev.weir.tensor.DType;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Arrays, read back as numpy's format is described. */
class NpyExportTest {

    private static final String NAME = "blocks.1.hook_resid_post";

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

    private record Array(String header, ByteBuffer data) {}

    private Array read(String name) throws IOException {
        ByteBuffer file = ByteBuffer.wrap(
                        Files.readAllBytes(folder.resolve("npy").resolve(name + ".npy")))
                .order(ByteOrder.LITTLE_ENDIAN);
        byte[] magic = new byte[6];
        file.get(magic);
        assertEquals("\u0093NUMPY", new String(magic, StandardCharsets.ISO_8859_1));
        assertEquals(1, file.get());
        assertEquals(0, file.get());
        byte[] header = new byte[file.getShort()];
        file.get(header);
        assertEquals(0, file.position() % 64);
        assertEquals('\n', header[header.length - 1]);
        return new Array(
                new String(header, StandardCharsets.US_ASCII).strip(),
                file.slice().order(ByteOrder.LITTLE_ENDIAN));
    }

    private CorpusDump exported(DType type) throws IOException {
        CorpusPlan plan = Corpora.plan(weir, Corpora.prompts(40), "attn_out.0,resid_post.1", type, 16 << 10);
        CorpusDump dump = Corpora.dump(weir, plan, folder.resolve("dump"));
        NpyExport.write(dump, folder.resolve("npy"));
        return dump;
    }

    private static List<CorpusDump.Row> rows(CorpusDump dump) throws IOException {
        var rows = new ArrayList<CorpusDump.Row>();
        dump.forEachRow(HookPoint.named(NAME), rows::add);
        return rows;
    }

    @Test
    void everyPointIsAnArray() throws IOException {
        CorpusDump dump = exported(DType.FLOAT32);
        Array values = read(NAME);
        Array tokens = read("token_ids");
        Array positions = read("positions");
        Array offsets = read("sequence_offsets");
        assertEquals("{'descr': '<f4', 'fortran_order': False, 'shape': (" + dump.rows() + ", 12,), }", values.header);
        assertEquals("{'descr': '<i4', 'fortran_order': False, 'shape': (" + dump.rows() + ",), }", tokens.header);
        assertEquals("{'descr': '<i8', 'fortran_order': False, 'shape': (41,), }", offsets.header);
        assertEquals(dump.rows() * 12 * 4, values.data.remaining());
        int r = 0;
        for (CorpusDump.Row row : rows(dump)) {
            assertEquals(row.token(), tokens.data.getInt(r * 4));
            assertEquals(row.position(), positions.data.getInt(r * 4));
            assertEquals(r - row.position(), offsets.data.getLong(row.sequence() * 8));
            for (int c = 0; c < 12; c++) {
                assertEquals(row.values()[c], values.data.getFloat((r * 12 + c) * 4));
            }
            r++;
        }
        assertEquals(r, offsets.data.getLong(40 * 8));
        assertEquals(
                List.of(
                        "blocks.0.hook_attn_out.npy",
                        NAME + ".npy",
                        "manifest.json",
                        "positions.npy",
                        "sequence_offsets.npy",
                        "token_ids.npy"),
                List.copyOf(Corpora.files(folder.resolve("npy")).keySet()));
        assertFalse(Files.exists(folder.resolve(".npy.part")));
    }

    @Test
    void float16Stays() throws IOException {
        List<CorpusDump.Row> rows = rows(exported(DType.FLOAT16));
        Array half = read(NAME);
        assertEquals("{'descr': '<f2', 'fortran_order': False, 'shape': (" + rows.size() + ", 12,), }", half.header);
        assertEquals(rows.get(1).values()[3], Float.float16ToFloat(half.data.getShort((12 + 3) * 2)));
    }

    @Test
    void bfloat16IsWidened() throws IOException {
        List<CorpusDump.Row> rows = rows(exported(DType.BFLOAT16));
        Array wide = read(NAME);
        assertEquals("{'descr': '<f4', 'fortran_order': False, 'shape': (" + rows.size() + ", 12,), }", wide.header);
        for (int r = 0; r < rows.size(); r++) {
            assertEquals(rows.get(r).values()[5], wide.data.getFloat((r * 12 + 5) * 4));
        }
    }
}
