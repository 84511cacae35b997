package dev.weir.engine;

import dev.weir.backend.Backend;
import dev.weir.backend.Backend.Executable;
import dev.weir.backend.Backend.LoadedWeights;
import dev.weir.backend.Backend.Run;
import dev.weir.backend.Backend.Workspace;
import dev.weir.backend.WeightView;
import dev.weir.hook.Edit;
import dev.weir.hook.HookPoint;
import dev.weir.hook.Hooks;
import dev.weir.hook.Rows;
import dev.weir.hook.Site;
import dev.weir.program.Inputs;
import dev.weir.program.Plan;
import dev.weir.program.Planner;
import dev.weir.program.ProgramWriter;
import dev.weir.program.ProgramWriter.Affine;
import dev.weir.tensor.DType;
import dev.weir.tensor.Tensor;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;

/**
 * x W + b on the machine of a model, for a matrix that is not the model's: the encoder of a sparse autoencoder. An edit in Java may
 * use it in the midst of a step, for it runs in a workspace of its own. For use by one thread at a time; close it before the model.
 */
public final class Projection implements AutoCloseable {

    private static final int MAX_ROWS = 512;
    private static final HookPoint ENTRANCE = HookPoint.of(Site.EMBED);

    private final Tensor nothing;
    private final Affine affine;
    private final LoadedWeights loaded;
    private final Workspace workspace;
    private final Map<Integer, Prepared> prepared = new HashMap<>();
    private float[] entering = {};

    private record Prepared(Plan plan, Executable executable) {}

    /**
     * Takes a matrix to a machine.
     *
     * @param weight [inputs, outputs], readable until this is closed
     * @param bias [1, outputs], likewise
     */
    Projection(Backend backend, int inputs, int outputs, WeightView weight, WeightView bias) {
        nothing = new Tensor(0, "nothing", DType.FLOAT32, 1, inputs, Tensor.Role.WEIGHT);
        affine = new Affine(
                new Tensor(1, "projection.W", kept(weight.type()), inputs, outputs, Tensor.Role.WEIGHT),
                new Tensor(2, "projection.b", DType.FLOAT32, 1, outputs, Tensor.Role.WEIGHT));
        var zeros = WeightView.rowMajor(MemorySegment.ofArray(new float[inputs]), DType.FLOAT32, inputs);
        loaded = backend.load(Map.of(nothing, zeros, affine.weight(), weight, affine.bias(), bias));
        Inputs room = inputs(MAX_ROWS);
        try {
            workspace = loaded.allocate(List.of(room.tokens(), room.positions(), room.slots(), room.outputs()));
        } catch (RuntimeException | Error e) {
            loaded.close();
            throw e;
        }
    }

    private static DType kept(DType stored) {
        return stored.isModelFloat() ? stored : DType.FLOAT32;
    }

    private static Inputs inputs(int rows) {
        var tensors = new ArrayList<Tensor>();
        for (String name : List.of("tokens", "positions", "slots", "outputs")) {
            tensors.add(new Tensor(3 + tensors.size(), name, DType.INT32, rows, 1, Tensor.Role.STATE));
        }
        return new Inputs(tensors.get(0), tensors.get(1), tensors.get(2), tensors.get(3));
    }

    /**
     * Multiplies.
     *
     * @param x [rows, inputs], row-major
     * @return [rows, outputs]
     * @throws IllegalArgumentException if these are not whole rows
     */
    public float[] apply(float[] x) {
        int inputs = affine.weight().rows();
        int outputs = affine.weight().columns();
        if (x.length == 0 || x.length % inputs != 0) {
            throw new IllegalArgumentException(
                    "projection: expected rows of " + inputs + " values each, got " + x.length + " values");
        }
        int rows = x.length / inputs;
        float[] y = new float[Math.multiplyExact(rows, outputs)];
        for (int from = 0; from < rows; from += MAX_ROWS) {
            int count = Math.min(MAX_ROWS, rows - from);
            entering = Arrays.copyOfRange(x, from * inputs, (from + count) * inputs);
            MemorySegment.copy(run(count), ValueLayout.JAVA_FLOAT, 0, y, from * outputs, count * outputs);
        }
        return y;
    }

    /** The rows of a step are a power of two, so that there are few plans; what is too much of them holds zeros. */
    private MemorySegment run(int count) {
        int rows = count == 1 ? 1 : Integer.highestOneBit(count - 1) << 1;
        Prepared plan = prepared.computeIfAbsent(rows, this::prepare);
        int[] each = IntStream.range(0, rows).toArray();
        Run run = plan.executable.run(new Rows(new int[rows], each, new int[rows], each));
        return run.read(plan.plan.results().getFirst());
    }

    private Prepared prepare(int rows) {
        var p = new ProgramWriter(inputs(rows));
        Tensor x = p.hook(ENTRANCE.site(), p.embed(nothing, p.inputs().tokens()));
        Hooks bringing = Hooks.edit(
                ENTRANCE,
                new Edit.OnHost(
                        (point, step, values, columns) -> System.arraycopy(entering, 0, values, 0, entering.length)));
        Plan plan = Planner.plan(p.results(p.linear(x, affine)), bringing);
        return new Prepared(plan, workspace.compile(plan));
    }

    @Override
    public void close() {
        prepared.clear();
        workspace.close();
        loaded.close();
    }
}
