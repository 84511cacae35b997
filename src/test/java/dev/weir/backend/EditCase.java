package dev.weir.backend;

import dev.weir.hook.Edit;
import dev.weir.hook.Heads;
import dev.weir.hook.HookPoint;
import dev.weir.hook.Hooks;
import dev.weir.hook.Rows;
import dev.weir.hook.Site;
import dev.weir.hook.Span;
import dev.weir.program.EditState;
import dev.weir.program.Inputs;
import dev.weir.program.Plan;
import dev.weir.program.Planner;
import dev.weir.program.ProgramWriter;
import dev.weir.tensor.DType;
import dev.weir.tensor.Tensor;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.stream.IntStream;

/** An edit of random rows, and what must come of it: the definition in {@code docs/numerics.md}, line by line. */
public final class EditCase {

    private static final HookPoint POINT = HookPoint.of(0, Site.Z);
    private static final int LANES = 16;

    public final Edit.OnMachine edit;
    public final float[] x;
    public final int columns;
    public final int heads;
    public final int[] positions;

    /** Some rows of one slot, from any position on, without heads. */
    public EditCase(Random random, Edit.Arithmetic arithmetic, int rows, int columns) {
        this(random, arithmetic, rows, columns, 1);
    }

    /** Some rows of one slot, from any position on; the columns are so many heads, of which some are edited. */
    public EditCase(Random random, Edit.Arithmetic arithmetic, int rows, int columns, int heads) {
        this.columns = columns;
        this.heads = heads;
        x = values(random, rows * columns);
        int first = random.nextInt(9);
        positions = IntStream.range(0, rows).map(r -> first + r).toArray();
        int operandRows = 1 + random.nextInt(rows + 8);
        Optional<Edit.Operand> operand = arithmetic == Edit.Arithmetic.SCALE
                ? Optional.empty()
                : Optional.of(new Edit.Operand(values(random, operandRows * columns), operandRows));
        int from = random.nextInt(first + rows + 1);
        int to = random.nextBoolean() ? Integer.MAX_VALUE : from + random.nextInt(rows + 2);
        edit = new Edit.OnMachine(
                arithmetic, operand, (float) random.nextGaussian(), Span.between(from, to), heads(random));
    }

    private Heads heads(Random random) {
        int[] some = IntStream.range(0, heads).filter(h -> random.nextBoolean()).toArray();
        return heads == 1 || some.length == 0 ? Heads.ALL : Heads.of(some);
    }

    private static float[] values(Random random, int count) {
        var values = new float[count];
        for (int i = 0; i < count; i++) {
            values[i] = (float) (random.nextGaussian() * Math.pow(10, random.nextInt(4) - 2));
        }
        return values;
    }

    /** Whether a value is one that the edit changes. */
    public boolean changes(int row, int column) {
        return edit.span().contains(positions[row]) && edit.heads().contains(column / (columns / heads));
    }

    /** A value of the operand's row of a row. */
    public float operand(int row, int column) {
        Edit.Operand operand = edit.operand().orElseThrow();
        return operand.values()[Math.min(positions[row], operand.rows() - 1) * columns + column];
    }

    /** The rows as they must be. */
    public float[] expected() {
        float[] expected = x.clone();
        for (int r = 0; r < positions.length; r++) {
            float factor =
                    edit.arithmetic() == Edit.Arithmetic.PROJECT_OUT ? -(edit.strength() * along(r)) : edit.strength();
            for (int c = 0; c < columns; c++) {
                int i = r * columns + c;
                expected[i] = !changes(r, c)
                        ? x[i]
                        : switch (edit.arithmetic()) {
                            case ADD, PROJECT_OUT -> Math.fma(factor, operand(r, c), x[i]);
                            case SCALE -> factor * x[i];
                            case REPLACE -> operand(r, c);
                        };
            }
        }
        return expected;
    }

    private float along(int row) {
        var lanes = new float[LANES];
        for (int c = 0; c < columns; c++) {
            lanes[c % LANES] = Math.fma(x[row * columns + c], operand(row, c), lanes[c % LANES]);
        }
        for (int distance = LANES / 2; distance > 0; distance /= 2) {
            for (int i = 0; i < distance; i++) {
                lanes[i] += lanes[i + distance];
            }
        }
        return lanes[0];
    }

    /** What a machine makes of the rows: as a result, and as a tap at the point sees it. */
    public List<float[]> run(Backend backend) {
        int rows = positions.length;
        var inputs = new Inputs(input(1, rows), input(2, rows), input(3, rows), input(4, 1));
        var table = new Tensor(0, "table", DType.FLOAT32, rows, columns, Tensor.Role.WEIGHT);
        var writer = new ProgramWriter(inputs);
        Tensor stream = writer.hook(0, Site.Z, writer.embed(table, inputs.tokens()), heads);
        Plan plan =
                Planner.plan(writer.results(stream), Hooks.tap(List.of(POINT)).withEdit(POINT, edit));
        MemorySegment data = Arena.ofAuto().allocateFrom(ValueLayout.JAVA_FLOAT, x);
        try (var loaded = backend.load(Map.of(table, WeightView.rowMajor(data, DType.FLOAT32, columns)));
                var workspace = loaded.allocate(List.of())) {
            Backend.Executable executable = workspace.compile(plan);
            write(workspace, POINT, edit, columns, 1);
            int[] tokens = IntStream.range(0, rows).toArray();
            Backend.Run run = executable.run(new Rows(new int[rows], positions, tokens, new int[1]));
            return List.of(
                    floats(run.read(plan.results().getFirst())),
                    floats(run.read(plan.taps().get(POINT))));
        }
    }

    private static Tensor input(int id, int rows) {
        return new Tensor(id, "input" + id, DType.INT32, rows, 1, Tensor.Role.STATE);
    }

    private static float[] floats(MemorySegment memory) {
        return memory.toArray(ValueLayout.JAVA_FLOAT);
    }

    /** Brings the values of an edit to a workspace, for the first slots of all that it has. */
    public static void write(
            Backend.Workspace workspace, HookPoint point, Edit.OnMachine edit, int columns, int slots, int... only) {
        EditState state = EditState.of(point, 0, edit, columns, 1, slots);
        state.operand()
                .ifPresent(tensor -> workspace.write(
                        tensor,
                        0,
                        MemorySegment.ofArray(state.lay(edit.operand().orElseThrow()))));
        int[] named = only.length == 0 ? IntStream.range(0, slots).toArray() : only;
        for (int slot : named) {
            long element = (long) slot * EditState.WORDS;
            workspace.write(state.controls(), element, MemorySegment.ofArray(EditState.words(edit)));
        }
    }
}
