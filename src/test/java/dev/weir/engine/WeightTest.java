package dev.weir.engine;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.weir.safetensors.SafetensorsFile;
import dev.weir.tensor.DType;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Arrays;
import org.junit.jupiter.api.Test;

class WeightTest {

    private static final Path MODEL = Path.of("src/test/resources/models/plain");

    /** Element (row, column) of a matrix of the file, which here has float32 ones. */
    private static float inFile(String tensor, int row, int column) throws IOException {
        try (SafetensorsFile file = SafetensorsFile.open(MODEL.resolve("model.safetensors"))) {
            SafetensorsFile.Entry entry = file.entry(tensor);
            long at = row * entry.shape().getLast() + column;
            return entry.dtype().read(entry.data(), at * entry.dtype().bytes());
        }
    }

    @Test
    void rowsAndColumnsAreThoseOfTheFile() throws IOException {
        try (Weir weir = Weir.open(MODEL)) {
            Weight out = weir.weight("blocks.1.attn.W_O");
            assertEquals("blocks.1.attn.W_O", out.name());
            assertEquals(weir.config().width(), out.rows());
            assertEquals(weir.config().width(), out.columns());
            assertEquals(inFile("transformer.h.1.attn.c_proj.weight", 3, 7), out.row(3)[7]);
            assertEquals(out.row(3)[7], out.column(7)[3]);
            Weight unembedding = weir.weight("unembed.W_U");
            assertEquals(inFile("transformer.wte.weight", 9, 2), unembedding.row(2)[9], "tied, and transposed");
            assertArrayEquals(weir.weight("embed.W_E").row(9), unembedding.column(9));
            assertEquals(1, weir.weight("ln_final.b").rows());
        }
    }

    @Test
    void theyAreRoundedAsTheMachineKeepsThem() throws IOException {
        try (Weir wide = Weir.open(MODEL);
                Weir narrow = Weir.open(MODEL, Options.DEFAULT.withDtype(DType.BFLOAT16))) {
            float kept = wide.weight("blocks.0.mlp.W_in").row(1)[1];
            float rounded = narrow.weight("blocks.0.mlp.W_in").row(1)[1];
            assertEquals(0, Float.floatToRawIntBits(rounded) & 0xffff);
            assertEquals(kept, rounded, Math.abs(kept) / 256);
            assertArrayEquals(
                    wide.weight("blocks.0.mlp.b_in").row(0),
                    narrow.weight("blocks.0.mlp.b_in").row(0),
                    "biases stay wide");
        }
    }

    /** A tied head is the transposed table, whichever way it is read; positions stay wide. */
    @Test
    void ofInt8TableAndHeadAreTheSameNumbers() throws IOException {
        try (Weir wide = Weir.open(MODEL);
                Weir narrow = Weir.open(MODEL, Options.DEFAULT.withDevice("cpu").withDtype(DType.INT8))) {
            Weight table = narrow.weight("embed.W_E");
            Weight head = narrow.weight("unembed.W_U");
            Weight matrix = narrow.weight("blocks.0.mlp.W_in");
            assertArrayEquals(table.row(9), head.column(9));
            assertArrayEquals(table.column(2), head.row(2));
            assertEquals(table.row(9)[2], table.column(2)[9]);
            assertEquals(matrix.row(1)[3], matrix.column(3)[1]);
            assertFalse(Arrays.equals(
                    matrix.row(1), wide.weight("blocks.0.mlp.W_in").row(1)));
            assertArrayEquals(
                    wide.weight("pos_embed.W_pos").row(3),
                    narrow.weight("pos_embed.W_pos").row(3));
        }
    }

    @Test
    void whatIsNotThereIsRefused() throws IOException {
        try (Weir weir = Weir.open(MODEL)) {
            assertThrows(IllegalArgumentException.class, () -> weir.weight("blocks.2.attn.W_O"));
            assertThrows(IndexOutOfBoundsException.class, () -> weir.weight("unembed.W_U")
                    .row(30));
        }
    }
}
