package dev.weir.backend.cuda;

import dev.weir.backend.cuda.Algorithms.Attending;
import dev.weir.backend.cuda.Algorithms.Product;
import dev.weir.backend.cuda.driver.KernelFunction;
import dev.weir.backend.cuda.driver.Launch;
import dev.weir.program.Activation;
import dev.weir.program.Op;
import dev.weir.program.Plan;
import dev.weir.program.Step;
import dev.weir.tensor.DType;
import dev.weir.tensor.Tensor;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;

/**
 * Turns the ops of a plan into launches: every address is looked up and every kernel chosen here, once. Grids and blocks are those that
 * the head of each kernel's file states.
 */
final class Binding {

    private static final long NULL = 0;
    private static final int NO_FUNCTION = -1;

    /** Dynamic shared memory that every kernel may have without asking. */
    private static final int PLAIN_SHARED_BYTES = 48 << 10;

    private final Plan plan;
    private final Device device;
    private final Algorithms algorithms;
    private final CudaWeights weights;
    private final CudaWorkspace workspace;
    private final DType matrixType;

    Binding(Plan plan, Device device, CudaWeights weights, CudaWorkspace workspace) {
        this.plan = plan;
        this.device = device;
        this.weights = weights;
        this.workspace = workspace;
        algorithms = device.algorithms();
        matrixType = plan.ops()
                .flatMap(Binding::products)
                .map(linear -> linear.weight().type())
                .findFirst()
                .orElse(DType.FLOAT32);
    }

    /** Memory besides that of values which the ops of a plan need, one after another. */
    static long workBytes(Plan plan, Algorithms algorithms) {
        return plan.ops()
                .mapToLong(op -> op instanceof Op.Attention attention
                        ? partialBytes(attention, algorithms)
                        : products(op)
                                .mapToLong(linear -> roundedBytes(linear, algorithms))
                                .max()
                                .orElse(0))
                .max()
                .orElse(0);
    }

    private static Stream<Op.Linear> products(Op op) {
        if (op instanceof Op.Linear linear) {
            return Stream.of(linear);
        }
        if (op instanceof Op.LinearActivate fused) {
            return Stream.of(fused.linear());
        }
        return op instanceof Op.LinearGroup group ? group.linears().stream() : Stream.empty();
    }

    Stretch stretch(Step step) {
        return switch (step) {
            case Step.Device device ->
                new Stretch.OnDevice(device.ops().stream().flatMap(this::works).toList());
            case Step.Host host -> new Stretch.OnHost(host, value(host.x()), value(host.out()));
        };
    }

    private Stream<Work> works(Op op) {
        return switch (op) {
            case Op.Embed o -> Stream.of(embed(o));
            case Op.Add o -> Stream.of(add(o));
            case Op.LayerNorm o -> Stream.of(layerNorm(o));
            case Op.AddLayerNorm o -> Stream.of(addLayerNorm(o));
            case Op.Linear o -> linear(o, List.of(o), NULL, NO_FUNCTION);
            case Op.LinearActivate o -> linearActivate(o);
            case Op.LinearGroup o -> linearGroup(o);
            case Op.Activate o -> Stream.of(activate(o));
            case Op.Append o -> Stream.of(append(o));
            case Op.Attention o -> attention(o);
            case Op.HeadResults o -> Stream.of(headResults(o));
            case Op.SelectRows o -> Stream.of(selectRows(o));
            case Op.Sample o -> Stream.of(sample(o));
            case Op.Edited o -> Stream.of(edit(o));
            case Op.Hook o -> throw new IllegalArgumentException("plan: expected no hook to run, got " + o);
        };
    }

    private Work embed(Op.Embed o) {
        Tensor table = o.table();
        int stride = WeightLayout.stride(table.columns(), table.type());
        return kernel(
                o,
                Kernel.of("EMBED", table.type()),
                rows(o.out()),
                128,
                0,
                value(o.out()),
                weights.table(table),
                integers(o.ids()),
                table.columns(),
                stride);
    }

    private Work add(Op.Add o) {
        int count = count(o.out());
        return kernel(o, Kernel.ADD, each(count), 256, 0, value(o.out()), value(o.a()), value(o.b()), count);
    }

    private Work layerNorm(Op.LayerNorm o) {
        int columns = o.x().columns();
        return kernel(
                o,
                Kernel.LAYER_NORM,
                rows(o.x()),
                128,
                columns * Float.BYTES,
                value(o.out()),
                aside(o.scale()),
                aside(o.normalized()),
                value(o.x()),
                weights.vector(o.weight()),
                weights.vector(o.bias()),
                columns,
                o.epsilon());
    }

    private Work addLayerNorm(Op.AddLayerNorm o) {
        Op.Add add = o.add();
        Op.LayerNorm norm = o.norm();
        int columns = norm.x().columns();
        return kernel(
                o,
                Kernel.ADD_LAYER_NORM,
                rows(add.out()),
                128,
                columns * Float.BYTES,
                value(add.out()),
                value(norm.out()),
                aside(norm.scale()),
                aside(norm.normalized()),
                value(add.a()),
                value(add.b()),
                weights.vector(norm.weight()),
                weights.vector(norm.bias()),
                columns,
                norm.epsilon());
    }

    private Stream<Work> linearActivate(Op.LinearActivate o) {
        var linear = new Op.Linear(
                o.activate().out(),
                o.linear().x(),
                o.linear().weight(),
                o.linear().bias());
        int function = number(o.activate().function());
        return linear(o, List.of(linear), aside(o.linear().out()), function);
    }

    /** Up to three matrices of one shape share a launch; what does not goes one by one. */
    private Stream<Work> linearGroup(Op.LinearGroup o) {
        Tensor first = o.linears().getFirst().weight();
        boolean alike = o.linears().size() <= 3
                && o.linears().stream()
                        .map(Op.Linear::weight)
                        .allMatch(w -> w.columns() == first.columns() && w.type() == first.type());
        return alike
                ? linear(o, o.linears(), NULL, NO_FUNCTION)
                : o.linears().stream().flatMap(part -> linear(o, List.of(part), NULL, NO_FUNCTION));
    }

    private Stream<Work> linear(Op op, List<Op.Linear> parts, long pre, int function) {
        Op.Linear first = parts.getFirst();
        Product product = algorithms.product(first.x().rows(), first.weight().type());
        return product == Product.CUBLAS
                ? byCublas(op, parts, pre, function)
                : Stream.of(byKernel(op, product, parts, pre, function));
    }

    private Work byKernel(Op op, Product product, List<Op.Linear> parts, long pre, int function) {
        Op.Linear first = parts.getFirst();
        Tensor weight = first.weight();
        int rows = first.x().rows();
        int columns = weight.columns();
        ProductShape shape = ProductShape.of(product, rows, columns, parts.size(), algorithms.multiprocessors());
        return kernel(
                op,
                Kernel.of(shape.family(), weight.type()),
                shape.grid(),
                shape.block(),
                0,
                part(parts, 0, this::out),
                part(parts, 1, this::out),
                part(parts, 2, this::out),
                pre,
                value(first.x()),
                part(parts, 0, this::matrix),
                part(parts, 1, this::matrix),
                part(parts, 2, this::matrix),
                part(parts, 0, this::bias),
                part(parts, 1, this::bias),
                part(parts, 2, this::bias),
                rows,
                weight.rows(),
                WeightLayout.stride(weight.rows(), weight.type()),
                columns,
                function);
    }

    private interface AddressOf {
        long address(Op.Linear part);
    }

    private static long part(List<Op.Linear> parts, int index, AddressOf what) {
        return index < parts.size() ? what.address(parts.get(index)) : NULL;
    }

    private long out(Op.Linear part) {
        return value(part.out());
    }

    private long matrix(Op.Linear part) {
        return weights.matrix(part.weight());
    }

    private long bias(Op.Linear part) {
        return part.bias().map(weights::vector).orElse(NULL);
    }

    /** The library multiplies 16-bit weights with 16-bit rows, so those are rounded first; it knows no bias and no function. */
    private Stream<Work> byCublas(Op op, List<Op.Linear> parts, long pre, int function) {
        Op.Linear first = parts.getFirst();
        boolean rounded = first.weight().type() != DType.FLOAT32;
        var works = new ArrayList<Work>();
        if (rounded) {
            works.add(round(op, first));
        }
        long x = rounded ? workspace.address(CudaWorkspace.Area.WORK) : value(first.x());
        for (Op.Linear part : parts) {
            works.add(multiply(part, x, rounded));
            if (part.bias().isPresent() || pre != NULL || function != NO_FUNCTION) {
                works.add(finish(op, part, pre, function));
            }
        }
        return works.stream();
    }

    private Work round(Op op, Op.Linear o) {
        int rows = o.x().rows();
        int depth = o.weight().rows();
        int stride = WeightLayout.stride(depth, o.weight().type());
        return kernel(
                op,
                Kernel.of("LINEAR_ROUND", o.weight().type()),
                each(Math.multiplyExact(rows, stride)),
                256,
                0,
                workspace.address(CudaWorkspace.Area.WORK),
                value(o.x()),
                rows,
                depth,
                stride);
    }

    private static long roundedBytes(Op.Linear o, Algorithms algorithms) {
        DType type = o.weight().type();
        boolean rounded = type != DType.FLOAT32 && algorithms.product(o.x().rows(), type) == Product.CUBLAS;
        return rounded ? (long) o.x().rows() * WeightLayout.stride(o.weight().rows(), type) * type.bytes() : 0;
    }

    private Work multiply(Op.Linear o, long x, boolean rounded) {
        Tensor weight = o.weight();
        int depth = weight.rows();
        int stride = WeightLayout.stride(depth, weight.type());
        return new Work.OfCublas(
                device.cublas().orElseThrow(),
                weight.type(),
                device.options().tf32(),
                o.x().rows(),
                depth,
                weight.columns(),
                x,
                rounded ? stride : depth,
                weights.matrix(weight),
                stride,
                value(o.out()));
    }

    private Work finish(Op op, Op.Linear o, long pre, int function) {
        int rows = o.x().rows();
        int columns = o.weight().columns();
        return kernel(
                op,
                Kernel.LINEAR_FINISH,
                each(Math.multiplyExact(rows, columns)),
                256,
                0,
                value(o.out()),
                pre,
                value(o.out()),
                bias(o),
                rows,
                columns,
                function);
    }

    private Work activate(Op.Activate o) {
        int count = count(o.out());
        return kernel(
                o, Kernel.ACTIVATE, each(count), 256, 0, value(o.out()), value(o.x()), count, number(o.function()));
    }

    /** The number that kernels know a function by. */
    private static int number(Activation function) {
        return switch (function) {
            case GELU_NEW -> 0;
            case GELU -> 1;
            case RELU -> 2;
        };
    }

    private Work append(Op.Append o) {
        int columns = o.x().columns();
        int context = workspace.context(o.cache(), plan);
        return kernel(
                o,
                Kernel.APPEND,
                rows(o.x()),
                128,
                0,
                workspace.state(o.cache()),
                value(o.x()),
                integers(o.slots()),
                integers(o.positions()),
                columns,
                context);
    }

    /** Scores and patterns are made beside the main path, which is the same whether somebody looks or not. */
    private Stream<Work> attention(Op.Attention o) {
        int slots = o.keys().rows() / o.context();
        Attending attending = algorithms.attention(o.q().rows(), slots, o.headWidth());
        if (attending == Attending.EXACT) {
            return Stream.of(attentionExact(o, value(o.z())));
        }
        Stream<Work> shown =
                plan.place(o.scores()).or(() -> plan.place(o.pattern())).isPresent()
                        ? Stream.of(attentionExact(o, NULL))
                        : Stream.empty();
        Stream<Work> main = attending == Attending.DECODE ? attentionDecode(o) : Stream.of(attentionPrefill(o));
        return Stream.concat(main, shown);
    }

    private Work attentionExact(Op.Attention o, long z) {
        int shownKeys = o.scores().columns() / o.heads();
        int shared = Math.multiplyExact(o.context() + o.headWidth(), Float.BYTES);
        return kernel(
                o,
                Kernel.ATTENTION_EXACT,
                new int[] {o.q().rows(), o.heads()},
                128,
                shared,
                z,
                aside(o.scores()),
                aside(o.pattern()),
                value(o.q()),
                workspace.state(o.keys()),
                workspace.state(o.values()),
                integers(o.slots()),
                integers(o.positions()),
                o.heads(),
                o.headWidth(),
                o.context(),
                shownKeys,
                o.scale());
    }

    private static int splits(Op.Attention o, Algorithms algorithms) {
        return algorithms.splits(o.q().rows(), o.heads(), o.context());
    }

    private static long partialBytes(Op.Attention o, Algorithms algorithms) {
        int slots = o.keys().rows() / o.context();
        int rows = o.q().rows();
        int splits = splits(o, algorithms);
        boolean split = algorithms.attention(rows, slots, o.headWidth()) == Attending.DECODE && splits > 1;
        return split ? (long) rows * o.heads() * splits * (o.headWidth() + 2) * Float.BYTES : 0;
    }

    private Stream<Work> attentionDecode(Op.Attention o) {
        int rows = o.q().rows();
        int splits = splits(o, algorithms);
        long partial = splits == 1 ? NULL : workspace.address(CudaWorkspace.Area.WORK);
        Work attend = kernel(
                o,
                Kernel.ATTENTION_DECODE,
                new int[] {splits, o.heads(), rows},
                128,
                0,
                value(o.z()),
                partial,
                value(o.q()),
                workspace.state(o.keys()),
                workspace.state(o.values()),
                integers(o.slots()),
                integers(o.positions()),
                o.heads(),
                o.headWidth(),
                o.context(),
                splits,
                o.scale());
        if (splits == 1) {
            return Stream.of(attend);
        }
        Work combine = kernel(
                o,
                Kernel.ATTENTION_COMBINE,
                new int[] {o.heads(), rows},
                128,
                0,
                value(o.z()),
                partial,
                integers(o.positions()),
                o.heads(),
                o.headWidth(),
                o.context(),
                splits);
        return Stream.of(attend, combine);
    }

    private Work attentionPrefill(Op.Attention o) {
        int rows = o.q().rows();
        return kernel(
                o,
                Kernel.of("ATTENTION_PREFILL", matrixType),
                new int[] {Math.ceilDiv(rows, 64), o.heads()},
                128,
                0,
                value(o.z()),
                value(o.q()),
                workspace.state(o.keys()),
                workspace.state(o.values()),
                integers(o.slots()),
                integers(o.positions()),
                rows,
                o.heads(),
                o.headWidth(),
                o.context(),
                o.scale());
    }

    private Work headResults(Op.HeadResults o) {
        Tensor weight = o.weight();
        int rows = o.z().rows();
        int columns = weight.columns();
        int headWidth = weight.rows() / o.heads();
        int[] grid = {Math.ceilDiv(columns, 64), Math.ceilDiv(rows, 64), o.heads()};
        return kernel(
                o,
                Kernel.of("HEAD_RESULTS", weight.type()),
                grid,
                128,
                0,
                value(o.out()),
                value(o.z()),
                weights.matrix(weight),
                o.heads(),
                headWidth,
                WeightLayout.stride(weight.rows(), weight.type()),
                columns,
                rows);
    }

    private Work selectRows(Op.SelectRows o) {
        return kernel(
                o,
                Kernel.SELECT_ROWS,
                rows(o.out()),
                128,
                0,
                value(o.out()),
                value(o.x()),
                integers(o.rows()),
                o.x().columns());
    }

    private Work sample(Op.Sample o) {
        return kernel(
                o,
                Kernel.SAMPLE,
                rows(o.chosen()),
                512,
                0,
                value(o.chosen()),
                workspace.state(o.seen()),
                value(o.logits()),
                workspace.state(o.samplers()),
                integers(o.slots()),
                integers(o.positions()),
                integers(o.outputs()),
                o.logits().columns());
    }

    private Work edit(Op.Edited op) {
        return switch (op) {
            case Op.AddVector o -> edit(o, Kernel.ADD_VECTOR, o.vector());
            case Op.Scale o -> scale(o);
            case Op.ReplaceRows o -> edit(o, Kernel.REPLACE_ROWS, o.rows());
            case Op.ProjectOut o -> edit(o, Kernel.PROJECT_OUT, o.direction());
        };
    }

    private Work edit(Op.Edited o, Kernel kernel, Tensor operand) {
        return kernel(
                o,
                kernel,
                rows(o.x()),
                128,
                0,
                value(o.out()),
                value(o.x()),
                workspace.state(operand),
                workspace.state(o.controls()),
                integers(o.slots()),
                integers(o.positions()),
                o.x().columns(),
                operand.rows());
    }

    private Work scale(Op.Scale o) {
        return kernel(
                o,
                Kernel.SCALE,
                rows(o.x()),
                128,
                0,
                value(o.out()),
                value(o.x()),
                workspace.state(o.controls()),
                integers(o.slots()),
                integers(o.positions()),
                o.x().columns());
    }

    private Work kernel(Op op, Kernel kernel, int[] grid, int block, int sharedBytes, Object... arguments) {
        kernel.requireArguments(arguments);
        KernelFunction function = device.kernels().function(kernel);
        if (sharedBytes > PLAIN_SHARED_BYTES) {
            requireShared(op, sharedBytes);
            function.allowShared(sharedBytes);
        }
        String name = op.name() + " " + op.outs().getFirst();
        return new Work.OfKernel(Launch.of(name, function, grid, new int[] {block}, sharedBytes, arguments));
    }

    private void requireShared(Op op, int bytes) {
        int most = device.gpu().info().maxSharedBytes();
        if (bytes > most) {
            throw new IllegalArgumentException(
                    op.name() + " of " + op.outs().getFirst() + ": expected to need at most the " + most
                            + " bytes of shared memory that a block can have on this GPU, got " + bytes);
        }
    }

    private static int[] rows(Tensor t) {
        return new int[] {t.rows()};
    }

    private static int count(Tensor t) {
        return Math.toIntExact(t.size());
    }

    /** Four elements a thread, as the elementwise kernels like it. */
    private static int[] each(int count) {
        return new int[] {Math.ceilDiv(count, 1024)};
    }

    /** The address of a value that the plan must have placed. */
    private long value(Tensor value) {
        return place(value).orElseThrow(() -> new IllegalArgumentException("plan: expected a place for " + value));
    }

    /** The address of a value that is written only where somebody looks. */
    private long aside(Tensor value) {
        return place(value).orElse(NULL);
    }

    private Optional<Long> place(Tensor value) {
        return plan.place(value).map(place -> workspace.address(place.slab()) + place.offset());
    }

    /** The address of one of the inputs of the step. */
    private long integers(Tensor input) {
        return workspace.input(input, plan.inputs());
    }
}
