package dev.weir.backend.cuda;

import static dev.weir.backend.cuda.Addresses.NULL;

import dev.weir.backend.Logits;
import dev.weir.backend.cuda.Algorithms.Product;
import dev.weir.program.Op;
import dev.weir.tensor.DType;
import dev.weir.tensor.Tensor;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.function.ToLongFunction;
import java.util.stream.Stream;

/** Products of many rows, and exact ones of any number, with matrices: by a kernel of ours or by cuBLAS. */
final class LinearBinding {

    private static final int NO_FUNCTION = -1;

    /** So many matrices of one shape share a launch. */
    static final int MOST_PARTS = 3;

    private final Device device;
    private final Addresses addresses;
    private final Algorithms algorithms;
    private final Set<Tensor> logits;

    LinearBinding(Device device, Addresses addresses) {
        this.device = device;
        this.addresses = addresses;
        algorithms = device.algorithms();
        logits = Logits.of(addresses.plan());
    }

    /**
     * What a launch makes of its products.
     *
     * @param pre where the results go before the function, or null
     */
    private record Then(long pre, int function) {
        static final Then NOTHING = new Then(NULL, NO_FUNCTION);
    }

    Stream<Work> linear(Op.Linear o) {
        return works(o, List.of(o), Then.NOTHING);
    }

    Stream<Work> linearActivate(Op.LinearActivate o) {
        Op.Linear linear = o.linear();
        var fused = new Op.Linear(o.activate().out(), linear.x(), linear.weight(), linear.bias());
        var then = new Then(
                addresses.aside(linear.out()), Binding.number(o.activate().function()));
        return works(o, List.of(fused), then);
    }

    Stream<Work> linearGroup(Op.LinearGroup o) {
        Tensor first = o.linears().getFirst().weight();
        boolean share = o.linears().size() <= MOST_PARTS
                && o.linears().stream()
                        .map(Op.Linear::weight)
                        .allMatch(w -> w.columns() == first.columns() && w.type() == first.type());
        return share
                ? works(o, o.linears(), Then.NOTHING)
                : o.linears().stream().flatMap(part -> works(o, List.of(part), Then.NOTHING));
    }

    private Stream<Work> works(Op op, List<Op.Linear> parts, Then then) {
        Op.Linear first = parts.getFirst();
        Product product = product(first, logits, algorithms);
        return product == Product.CUBLAS ? byCublas(op, parts, then) : Stream.of(byKernel(op, product, parts, then));
    }

    /** How a product is made. */
    static Product product(Op.Linear o, Set<Tensor> logits, Algorithms algorithms) {
        int rows = o.x().rows();
        return logits.contains(o.out())
                ? algorithms.logits(rows)
                : algorithms.product(rows, o.weight().type());
    }

    private Work byKernel(Op op, Product product, List<Op.Linear> parts, Then then) {
        Op.Linear first = parts.getFirst();
        Tensor weight = first.weight();
        int rows = first.x().rows();
        int columns = weight.columns();
        int stride = WeightLayout.stride(weight.rows(), weight.type());
        ProductGrid grid = ProductGrid.of(product, rows, columns, parts.size(), algorithms.multiprocessors());
        long[] matrices = three(parts, part -> addresses.matrix(part.weight()));
        return new LaunchWriter(device, op, Kernel.of(grid.family(), weight.type()), grid.blocks())
                .weights(columns * WeightLayout.lineBytes(weight.rows(), weight.type()), matrices)
                .pointers(three(parts, part -> addresses.value(part.out())))
                .pointers(then.pre, addresses.value(first.x()))
                .pointers(matrices)
                .pointers(three(parts, addresses::bias))
                .sizes(rows, weight.rows(), stride, columns, then.function)
                .ready();
    }

    /** An address of each part, and nothing for those that are not there. */
    static long[] three(List<Op.Linear> parts, ToLongFunction<Op.Linear> address) {
        var addresses = new long[MOST_PARTS];
        for (int i = 0; i < parts.size(); i++) {
            addresses[i] = address.applyAsLong(parts.get(i));
        }
        return addresses;
    }

    /** The library multiplies 16-bit weights with 16-bit rows, so those are rounded first; it knows no bias and no function. */
    private Stream<Work> byCublas(Op op, List<Op.Linear> parts, Then then) {
        Op.Linear first = parts.getFirst();
        var works = new ArrayList<Work>();
        if (isRounded(first)) {
            works.add(round(op, first));
        }
        for (Op.Linear part : parts) {
            works.add(multiply(part));
            if (part.bias().isPresent() || !then.equals(Then.NOTHING)) {
                works.add(finish(op, part, then));
            }
        }
        return works.stream();
    }

    private static boolean isRounded(Op.Linear o) {
        return o.weight().type() != DType.FLOAT32;
    }

    private Work round(Op op, Op.Linear o) {
        DType type = o.weight().type();
        int rows = o.x().rows();
        int depth = o.weight().rows();
        int stride = WeightLayout.stride(depth, type);
        int blocks = Binding.each(Math.multiplyExact(rows, stride));
        return new LaunchWriter(device, op, Kernel.of("LINEAR_ROUND", type), blocks)
                .pointers(addresses.work(), addresses.value(o.x()))
                .sizes(rows, depth, stride)
                .ready();
    }

    private Work multiply(Op.Linear o) {
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
                isRounded(o) ? addresses.work() : addresses.value(o.x()),
                isRounded(o) ? stride : depth,
                addresses.matrix(weight),
                stride,
                addresses.value(o.out()));
    }

    private Work finish(Op op, Op.Linear o, Then then) {
        int rows = o.x().rows();
        int columns = o.weight().columns();
        long out = addresses.value(o.out());
        int blocks = Binding.each(Math.multiplyExact(rows, columns));
        return new LaunchWriter(device, op, Kernel.LINEAR_FINISH, blocks)
                .pointers(out, then.pre, out, addresses.bias(o))
                .sizes(rows, columns, then.function)
                .ready();
    }

    /** What the products of an op need for rounded rows; that of the logits rounds none. */
    static long workBytes(Op op, Set<Tensor> logits, Algorithms algorithms) {
        return products(op)
                .filter(o -> isRounded(o) && !logits.contains(o.out()))
                .filter(o -> algorithms.product(o.x().rows(), o.weight().type()) == Product.CUBLAS)
                .mapToLong(o -> o.x().rows()
                        * WeightLayout.lineBytes(o.weight().rows(), o.weight().type()))
                .max()
                .orElse(0);
    }

    /** The products in an op. */
    static Stream<Op.Linear> products(Op op) {
        if (op instanceof Op.Linear linear) {
            return Stream.of(linear);
        }
        if (op instanceof Op.LinearActivate fused) {
            return Stream.of(fused.linear());
        }
        return op instanceof Op.LinearGroup group ? group.linears().stream() : Stream.empty();
    }
}
