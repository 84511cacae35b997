package dev.weir.backend.cuda;

import dev.weir.backend.Logits;
import dev.weir.program.Activation;
import dev.weir.program.Op;
import dev.weir.program.Plan;
import dev.weir.program.Step;
import dev.weir.tensor.Tensor;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Stream;

/**
 * Turns the ops of a plan into launches: every address is looked up and every kernel chosen here, once. Grids are those that the head of
 * each kernel's file states.
 */
final class Binding {

    /** Columns of a row that a block edits. */
    private static final int EDIT_COLUMNS = 2048;

    private final Device device;
    private final Addresses addresses;
    private final Joining joining;
    private final LinearBinding linears;
    private final GemvBinding gemvs;
    private final AttentionBinding attentions;

    Binding(Plan plan, Device device, CudaWeights weights, CudaWorkspace workspace) {
        this.device = device;
        addresses = new Addresses(plan, weights, workspace, new Extents());
        joining = new Joining(plan, device.algorithms(), device.options().joins());
        linears = new LinearBinding(device, addresses);
        gemvs = new GemvBinding(device, addresses);
        attentions = new AttentionBinding(device, addresses);
    }

    /** Memory besides that of values which the ops of a plan need, one after another. */
    static long workBytes(Plan plan, Algorithms algorithms) {
        Set<Tensor> logits = Logits.of(plan);
        return plan.ops()
                .mapToLong(op -> op instanceof Op.Attention attention
                        ? AttentionBinding.workBytes(attention, algorithms)
                        : LinearBinding.workBytes(op, logits, algorithms))
                .max()
                .orElse(0);
    }

    Stretch stretch(Step step) {
        return switch (step) {
            case Step.Device stretch -> onDevice(stretch);
            case Step.Host host -> new Stretch.OnHost(host, addresses.value(host.x()), addresses.value(host.out()));
        };
    }

    private Stretch onDevice(Step.Device stretch) {
        List<Work> works =
                joining.join(stretch.ops()).stream().flatMap(this::works).toList();
        return new Stretch.OnDevice(
                works,
                device.isPersistent(addresses.plan())
                        ? PersistentStretch.of(device, works, addresses.extents())
                        : Optional.empty());
    }

    private Stream<Work> works(Piece piece) {
        return switch (piece) {
            case Piece.Single single -> works(single.op());
            case Piece.SplitAttention split -> attentions.splitAttention(split.op());
            case Piece.Product product -> Stream.of(gemvs.product(product));
        };
    }

    private Stream<Work> works(Op op) {
        return switch (op) {
            case Op.Embed o -> Stream.of(embed(o));
            case Op.Add o -> Stream.of(add(o));
            case Op.LayerNorm o -> Stream.of(layerNorm(o));
            case Op.AddLayerNorm o -> Stream.of(addLayerNorm(o));
            case Op.Linear o -> linears.linear(o);
            case Op.LinearActivate o -> linears.linearActivate(o);
            case Op.LinearGroup o -> linears.linearGroup(o);
            case Op.Activate o -> Stream.of(activate(o));
            case Op.Append o -> Stream.of(attentions.append(o));
            case Op.Attention o -> attentions.attention(o);
            case Op.HeadResults o -> Stream.of(headResults(o));
            case Op.SelectRows o -> Stream.of(selectRows(o));
            case Op.Sample o -> Stream.of(sample(o));
            case Op.AttentionScores o -> Stream.of(attentions.scores(o));
            case Op.AttentionPattern o -> Stream.of(attentions.pattern(o));
            case Op.AttentionMix o -> Stream.of(attentions.mix(o));
            case Op.Edited o -> Stream.of(edit(o));
            case Op.Hook o -> throw new IllegalArgumentException("plan: expected no hook to run, got " + o);
        };
    }

    private Work embed(Op.Embed o) {
        Tensor table = o.table();
        return new LaunchWriter(
                        device, o, Kernel.of("EMBED", table.type()), o.out().rows())
                .pointers(addresses.value(o.out()), addresses.table(table), addresses.input(o.ids()))
                .sizes(table.columns(), WeightLayout.stride(table.columns(), table.type()))
                .ready();
    }

    private Work add(Op.Add o) {
        int count = count(o.out());
        return new LaunchWriter(device, o, Kernel.ADD, each(count))
                .pointers(addresses.value(o.out()), addresses.value(o.a()), addresses.value(o.b()))
                .sizes(count)
                .ready();
    }

    private Work layerNorm(Op.LayerNorm o) {
        int columns = o.x().columns();
        return new LaunchWriter(device, o, Kernel.LAYER_NORM, o.x().rows())
                .shared(columns)
                .pointers(addresses.value(o.out()), addresses.aside(o.scale()), addresses.aside(o.normalized()))
                .pointers(addresses.value(o.x()), addresses.vector(o.weight()), addresses.vector(o.bias()))
                .sizes(columns)
                .scalar(o.epsilon())
                .ready();
    }

    private Work addLayerNorm(Op.AddLayerNorm o) {
        Op.Add add = o.add();
        Op.LayerNorm norm = o.norm();
        int columns = norm.x().columns();
        return new LaunchWriter(device, o, Kernel.ADD_LAYER_NORM, add.out().rows())
                .shared(columns)
                .pointers(addresses.value(add.out()), addresses.value(norm.out()))
                .pointers(addresses.aside(norm.scale()), addresses.aside(norm.normalized()))
                .pointers(addresses.value(add.a()), addresses.value(add.b()))
                .pointers(addresses.vector(norm.weight()), addresses.vector(norm.bias()))
                .sizes(columns)
                .scalar(norm.epsilon())
                .ready();
    }

    private Work activate(Op.Activate o) {
        int count = count(o.out());
        return new LaunchWriter(device, o, Kernel.ACTIVATE, each(count))
                .pointers(addresses.value(o.out()), addresses.value(o.x()))
                .sizes(count, number(o.function()))
                .ready();
    }

    private Work headResults(Op.HeadResults o) {
        Tensor weight = o.weight();
        int rows = o.z().rows();
        int columns = weight.columns();
        int stride = WeightLayout.stride(weight.rows(), weight.type());
        int[] grid = {Math.ceilDiv(columns, 64), Math.ceilDiv(rows, 64), o.heads()};
        return new LaunchWriter(device, o, Kernel.of("HEAD_RESULTS", weight.type()), grid)
                .pointers(addresses.value(o.out()), addresses.value(o.z()), addresses.matrix(weight))
                .sizes(o.heads(), weight.rows() / o.heads(), stride, columns, rows)
                .ready();
    }

    private Work selectRows(Op.SelectRows o) {
        return new LaunchWriter(device, o, Kernel.SELECT_ROWS, o.out().rows())
                .pointers(addresses.value(o.out()), addresses.value(o.x()), addresses.input(o.rows()))
                .sizes(o.x().columns())
                .ready();
    }

    private Work sample(Op.Sample o) {
        return new LaunchWriter(device, o, Kernel.SAMPLE, o.chosen().rows())
                .pointers(addresses.value(o.chosen()), addresses.state(o.seen()))
                .pointers(addresses.value(o.logits()), addresses.state(o.samplers()), addresses.state(o.biases()))
                .pointers(addresses.input(o.slots()), addresses.input(o.positions()), addresses.input(o.outputs()))
                .sizes(o.logits().columns())
                .ready();
    }

    private Work edit(Op.Edited o) {
        int columns = o.x().columns();
        LaunchWriter launch = new LaunchWriter(device, o, kernel(o), o.x().rows(), Math.ceilDiv(columns, EDIT_COLUMNS))
                .pointers(addresses.value(o.out()), addresses.value(o.x()));
        o.operand().ifPresent(operand -> launch.pointers(addresses.state(operand)));
        launch.pointers(addresses.state(o.controls()), addresses.input(o.slots()), addresses.input(o.positions()))
                .sizes(columns, o.groups());
        o.operand().ifPresent(operand -> launch.sizes(operand.rows()));
        return launch.ready();
    }

    private static Kernel kernel(Op.Edited op) {
        return switch (op) {
            case Op.AddVector o -> Kernel.ADD_VECTOR;
            case Op.Scale o -> Kernel.SCALE;
            case Op.ReplaceRows o -> Kernel.REPLACE_ROWS;
            case Op.ProjectOut o -> Kernel.PROJECT_OUT;
        };
    }

    private static int count(Tensor t) {
        return Math.toIntExact(t.size());
    }

    /** Blocks for an elementwise kernel: four elements a thread. */
    static int each(int count) {
        return Math.ceilDiv(count, 1024);
    }

    /** The number that kernels know a function by. */
    static int number(Activation function) {
        return switch (function) {
            case GELU_NEW -> 0;
            case GELU -> 1;
            case RELU -> 2;
        };
    }
}
