package dev.weir.bench;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.weir.backend.cpu.CpuBackend;
import dev.weir.backend.cpu.ScalarKernels;
import dev.weir.tensor.DType;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class OpCaseTest {

    @ParameterizedTest
    @EnumSource(mode = EnumSource.Mode.EXCLUDE, names = "UNEMBED")
    void whatIsTimedHasTheBitsOfTheReference(OpCase op) {
        for (DType type : new DType[] {DType.FLOAT32, DType.BFLOAT16, DType.FLOAT16}) {
            requireTheBitsOfTheReference(op, type, 1);
            requireTheBitsOfTheReference(op, type, 5);
        }
    }

    @Test
    void theLogitsHaveTheBitsOfTheReference() {
        requireTheBitsOfTheReference(OpCase.UNEMBED, DType.BFLOAT16, 1);
    }

    private static void requireTheBitsOfTheReference(OpCase op, DType type, int rows) {
        try (var fast = new OpRun(op, type, rows, new CpuBackend(2));
                var reference = new OpRun(op, type, rows, new CpuBackend(1, ScalarKernels::new))) {
            float[] expected = reference.values();
            assertTrue(expected.length >= rows * 768, op.name());
            assertArrayEquals(expected, fast.values(), op + " " + type.label() + ", " + rows + " rows");
        }
    }

    @Test
    void theTableOfOpsIsThatOfTheCode() throws IOException {
        String page = Files.readString(Path.of("bench/README.md"));
        String begin = "<!-- ops: begin -->\n";
        int at = page.indexOf(begin) + begin.length();
        assertEquals(OpCase.table(), page.substring(at, page.indexOf("<!-- ops: end -->")));
    }
}
