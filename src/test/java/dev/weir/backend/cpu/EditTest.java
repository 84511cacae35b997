package dev.weir.backend.cpu;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.weir.backend.EditCase;
import dev.weir.backend.RandomModel;
import dev.weir.backend.cpu.vector.VectorKernels;
import dev.weir.hook.Edit;
import dev.weir.hook.HookPoint;
import dev.weir.hook.Hooks;
import dev.weir.hook.Rows;
import dev.weir.hook.Site;
import dev.weir.model.Gpt2Forward;
import dev.weir.model.ModelConfig;
import dev.weir.program.Activation;
import dev.weir.program.EditState;
import dev.weir.program.Planner;
import dev.weir.tensor.DType;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import org.junit.jupiter.api.Test;

/** Edits on the CPU: the bits of their definition from every kernel and thread, and close to float64. */
class EditTest {

    private static final double HALF_ULP = 0x1p-24;

    @Property(tries = 200)
    void anEditHasTheBitsOfItsDefinition(
            @ForAll long seed,
            @ForAll Edit.Arithmetic arithmetic,
            @ForAll @IntRange(min = 1, max = 20) int rows,
            @ForAll @IntRange(min = 1, max = 12) int headWidth,
            @ForAll @IntRange(min = 1, max = 64) int heads) {
        var c = new EditCase(new Random(seed), arithmetic, rows, headWidth * heads, heads);
        float[] expected = c.expected();
        for (int threads = 1; threads <= 3; threads += 2) {
            for (boolean vectors : new boolean[] {false, true}) {
                try (var backend = new CpuBackend(threads, vectors ? VectorKernels::new : ScalarKernels::new)) {
                    for (float[] seen : c.run(backend)) {
                        assertArrayEquals(Values.bits(expected), Values.bits(seen));
                    }
                }
            }
        }
    }

    @Property(tries = 200)
    void anEditIsCloseToFloat64(
            @ForAll long seed,
            @ForAll Edit.Arithmetic arithmetic,
            @ForAll @IntRange(min = 1, max = 8) int rows,
            @ForAll @IntRange(min = 1, max = 300) int columns) {
        var c = new EditCase(new Random(seed), arithmetic, rows, columns);
        float[] got = c.expected();
        for (int r = 0; r < rows; r++) {
            for (int i = 0; i < columns; i++) {
                float x = c.x[r * columns + i];
                if (!c.changes(r, i)) {
                    assertEquals(x, got[r * columns + i]);
                    continue;
                }
                double s = c.edit.strength();
                double v = arithmetic == Edit.Arithmetic.SCALE ? 0 : c.operand(r, i);
                double along = 0;
                double size = 0;
                for (int k = 0; arithmetic == Edit.Arithmetic.PROJECT_OUT && k < columns; k++) {
                    double term = (double) c.x[r * columns + k] * c.operand(r, k);
                    along += term;
                    size += Math.abs(term);
                }
                double exact =
                        switch (arithmetic) {
                            case ADD -> x + s * v;
                            case SCALE -> s * x;
                            case REPLACE -> v;
                            case PROJECT_OUT -> x - s * along * v;
                        };
                double bound = HALF_ULP * (Math.abs(exact) + (columns + 3) * size * Math.abs(s * v)) + Float.MIN_VALUE;
                double error = Math.abs(exact - got[r * columns + i]);
                assertTrue(error <= bound, () -> "expected %s, error %s, bound %s".formatted(exact, error, bound));
            }
        }
    }

    @Test
    void aSlotIsEditedAndTheSlotBesideItIsNot() {
        var config = new ModelConfig(50, 16, 12, 2, 3, 20, Activation.GELU_NEW, 1e-5f, true, false);
        var model = new RandomModel(config, DType.FLOAT32, 3);
        var point = HookPoint.of(0, Site.RESID_MID);
        Edit.OnMachine edit = Edit.scale(0.5f);
        var rows = new Rows(new int[] {0, 1}, new int[2], new int[] {7, 7}, new int[] {0, 1});
        var step = model.state(2).step(2, 2, 16);
        var program = Gpt2Forward.write(config, model.weights, step);
        var edited = Planner.plan(program, Hooks.edit(point, edit));
        var plain = Planner.plan(program, Hooks.NONE);
        try (var backend = new CpuBackend(1);
                var loaded = backend.load(model.views);
                var workspace = loaded.allocate(model.state(2).all())) {
            RandomModel.givePages(workspace, model.state(2));
            float[] unedited = workspace
                    .compile(plain)
                    .run(rows)
                    .read(plain.results().getFirst())
                    .toArray(ValueLayout.JAVA_FLOAT);
            var executable = workspace.compile(edited);
            float[] before =
                    executable.run(rows).read(edited.results().getFirst()).toArray(ValueLayout.JAVA_FLOAT);
            assertArrayEquals(unedited, before, "controls that nobody wrote change nothing");
            EditCase.write(workspace, point, edit, config.width(), 2, 1);
            float[] after =
                    executable.run(rows).read(edited.results().getFirst()).toArray(ValueLayout.JAVA_FLOAT);
            assertArrayEquals(Arrays.copyOf(unedited, 50), Arrays.copyOf(after, 50));
            assertTrue(Arrays.mismatch(unedited, 50, 100, after, 50, 100) >= 0);
        }
    }

    @Test
    void whatNoEditReadsCannotBeWritten() {
        var state = EditState.of(HookPoint.of(0, Site.RESID_MID), 0, Edit.zero(), 4, 1, 1);
        try (var backend = new CpuBackend(1);
                var loaded = backend.load(new RandomModel(
                                new ModelConfig(9, 8, 4, 1, 1, 4, Activation.RELU, 1e-5f, true, false),
                                DType.FLOAT32,
                                1)
                        .views);
                var workspace = loaded.allocate(List.of())) {
            MemorySegment words = MemorySegment.ofArray(new int[EditState.WORDS]);
            assertThrows(IllegalArgumentException.class, () -> workspace.write(state.controls(), 0, words));
        }
    }
}
