package dev.weir.backend.cuda;

import static dev.weir.backend.cuda.KernelFixture.requireSame;

import dev.weir.backend.EditCase;
import dev.weir.hook.Edit;
import dev.weir.hook.Heads;
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

    private static final int BLOCK = 256;
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

    @ParameterizedTest
    @EnumSource
    void headsThatAreLeftOutStayAsTheyAre(Edit.Arithmetic arithmetic) {
        for (int headColumns : new int[] {1, 6, 8, 1028}) {
            for (long bits : new long[] {0, 0b101, -1}) {
                requireOnlyHeads(new EditCase(random, arithmetic, ROWS, 3 * headColumns), 3, new Heads(bits));
            }
        }
        requireOnlyHeads(new EditCase(random, arithmetic, ROWS, 2 * Heads.MAX), Heads.MAX, Heads.of(0, 31, 32, 63));
    }

    private void requireOnlyHeads(EditCase c, int groups, Heads heads) {
        float[] expected = c.expected();
        int width = c.columns / groups;
        for (int i = 0; i < expected.length; i++) {
            if (!heads.contains(i % c.columns / width)) {
                expected[i] = c.x[i];
            }
        }
        var edit = new Edit.OnMachine(c.edit.arithmetic(), c.edit.operand(), c.edit.strength(), c.edit.span(), heads);
        String what = groups + " heads of " + width + " columns, changed " + heads;
        requireSame(what, expected, run(c, gpu.floats(c.x), groups, edit));
        requireSame(what + ", not aligned", expected, run(c, gpu.misalignedFloats(c.x), groups, edit));
    }

    private float[] run(EditCase c, long x) {
        return run(c, x, 1, c.edit);
    }

    private float[] run(EditCase c, long x, int groups, Edit.OnMachine edit) {
        long out = gpu.output(c.x.length);
        var arguments = new ArrayList<Object>(List.of(out, x));
        edit.operand().ifPresent(operand -> arguments.add(gpu.floats(operand.values())));
        arguments.add(gpu.ints(EditState.words(edit)));
        arguments.add(gpu.ints(new int[ROWS]));
        arguments.add(gpu.ints(c.positions));
        arguments.addAll(List.of(c.columns, groups));
        edit.operand().ifPresent(operand -> arguments.add(operand.rows()));
        int[] grid = {ROWS, Math.ceilDiv(c.columns, 2048)};
        gpu.run(kernel(edit.arithmetic()), grid, BLOCK, arguments.toArray());
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
