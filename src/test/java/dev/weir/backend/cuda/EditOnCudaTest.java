package dev.weir.backend.cuda;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;

import dev.weir.backend.CudaOptions;
import dev.weir.backend.EditCase;
import dev.weir.hook.Edit;
import java.util.Random;
import net.jqwik.api.AfterFailureMode;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.ShrinkingMode;
import net.jqwik.api.Tag;
import net.jqwik.api.constraints.IntRange;
import net.jqwik.api.lifecycle.AfterContainer;
import net.jqwik.api.lifecycle.BeforeContainer;

/** Edits on the GPU have the bits of their definition, which are the CPU's, in fast mode too. */
@Tag("cuda")
class EditOnCudaTest {

    private static CudaBackend gpu;

    @BeforeContainer
    static void open() {
        gpu = new CudaBackend(0, CudaOptions.DEFAULT);
    }

    @AfterContainer
    static void close() {
        gpu.close();
    }

    @Property(tries = 60, shrinking = ShrinkingMode.OFF, afterFailure = AfterFailureMode.PREVIOUS_SEED)
    void anEditHasTheBitsOfItsDefinition(
            @ForAll long seed,
            @ForAll Edit.Arithmetic arithmetic,
            @ForAll @IntRange(min = 1, max = 6) int rows,
            @ForAll @IntRange(min = 1, max = 150) int columns,
            @ForAll boolean byFours) {
        var c = new EditCase(new Random(seed), arithmetic, rows, byFours ? 4 * columns : columns);
        for (float[] seen : c.run(gpu)) {
            assertArrayEquals(c.expected(), seen);
        }
    }
}
