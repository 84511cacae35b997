package dev.weir.backend.cuda;

import static dev.weir.backend.cuda.KernelFixture.requireSame;

import dev.weir.backend.EditCase;
import dev.weir.hook.Edit;
import dev.weir.program.EditState;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** The kernels of edits alone: odd and whole rows, aligned or not, threads forward and backward, watched for races. */
@Tag("cuda")
class EditKernelsTest {

    private static final int BLOCK = 128;
    private static final int ROWS = 5;
    private static final int[] COLUMNS = {1, 4, 7, 12, 513, 2052};

    private final Random random = new Random(1);
    private KernelFixture gpu;

    @BeforeEach
    void open() {
        gpu = new KernelFixture();
    }

    @AfterEach
    void close() {
        gpu.close();
    }

    @ParameterizedTest
    @EnumSource
    void rowsHaveTheBitsOfTheDefinition(Edit.Arithmetic arithmetic) {
        for (int columns : COLUMNS) {
            var c = new EditCase(random, arithmetic, ROWS, columns);
            requireSame(columns + " columns", c.expected(), run(c, gpu.floats(c.x)));
            requireSame(columns + " columns, not aligned", c.expected(), run(c, gpu.misalignedFloats(c.x)));
        }
    }

    private float[] run(EditCase c, long x) {
        long out = gpu.output(c.x.length);
        var arguments = new ArrayList<Object>(List.of(out, x));
        c.edit.operand().ifPresent(operand -> arguments.add(gpu.floats(operand.values())));
        arguments.add(gpu.ints(EditState.words(c.edit)));
        arguments.add(gpu.ints(new int[ROWS]));
        arguments.add(gpu.ints(c.positions));
        arguments.add(c.columns);
        c.edit.operand().ifPresent(operand -> arguments.add(operand.rows()));
        gpu.run(kernel(c.edit.arithmetic()), new int[] {ROWS}, BLOCK, arguments.toArray());
        return gpu.read(out, c.x.length);
    }

    private static Kernel kernel(Edit.Arithmetic arithmetic) {
        return switch (arithmetic) {
            case ADD -> Kernel.ADD_VECTOR;
            case SCALE -> Kernel.SCALE;
            case REPLACE -> Kernel.REPLACE_ROWS;
            case PROJECT_OUT -> Kernel.PROJECT_OUT;
        };
    }
}
