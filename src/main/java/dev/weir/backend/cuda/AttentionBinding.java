package dev.weir.backend.cuda;

import static dev.weir.backend.cuda.Addresses.NULL;

import dev.weir.backend.cuda.Algorithms.Attending;
import dev.weir.program.Op;
import dev.weir.program.Pages;
import dev.weir.program.Plan;
import dev.weir.tensor.DType;
import java.util.stream.Stream;

/** The cache and attention to it. */
final class AttentionBinding {

    /** Rows of a tile of the prefill kernel. */
    private static final int TILE_ROWS = 64;

    private final Device device;
    private final Addresses addresses;
    private final Algorithms algorithms;
    private final DType matrixType;

    AttentionBinding(Device device, Addresses addresses) {
        this.device = device;
        this.addresses = addresses;
        algorithms = device.algorithms();
        matrixType = matrixType(addresses.plan());
    }

    /** What the plan's weights are kept in; attention may multiply in no narrower type than the products around it. */
    private static DType matrixType(Plan plan) {
        return plan.ops()
                .flatMap(LinearBinding::products)
                .map(linear -> linear.weight().type())
                .findFirst()
                .orElse(DType.FLOAT32);
    }

    Work append(Op.Append o) {
        return new LaunchWriter(device, o, Kernel.APPEND, o.x().rows())
                .pointers(addresses.state(o.cache()), addresses.value(o.x()))
                .pointers(addresses.input(o.slots()), addresses.input(o.positions()), pages(o.pages()))
                .sizes(o.x().columns(), o.pages().context(), o.pages().shift())
                .ready();
    }

    private long pages(Pages pages) {
        return addresses.state(pages.table());
    }

    /** Scores and patterns are made beside the main path, which is the same whether somebody looks or not. */
    Stream<Work> attention(Op.Attention o) {
        return switch (attending(o, algorithms)) {
            case EXACT -> Stream.of(exact(o, addresses.value(o.z())));
            case DECODE -> Stream.concat(decode(o), shown(o));
            case PREFILL -> Stream.concat(Stream.of(prefill(o)), shown(o));
        };
    }

    static Attending attending(Op.Attention o, Algorithms algorithms) {
        return algorithms.attention(o.q().rows(), o.pages().slots(), o.headWidth());
    }

    private Stream<Work> shown(Op.Attention o) {
        boolean isShown = addresses.isShown(o.scores()) || addresses.isShown(o.pattern());
        return isShown ? Stream.of(exact(o, NULL)) : Stream.empty();
    }

    private Work exact(Op.Attention o, long z) {
        int shownKeys = o.scores().columns() / o.heads();
        return new LaunchWriter(device, o, Kernel.ATTENTION_EXACT, o.q().rows(), o.heads())
                .shared(Math.addExact(o.pages().context(), o.headWidth()))
                .pointers(z, addresses.aside(o.scores()), addresses.aside(o.pattern()))
                .pointers(read(o))
                .sizes(o.heads(), o.headWidth(), o.pages().context(), o.pages().shift(), shownKeys)
                .scalar(o.scale())
                .ready();
    }

    private Stream<Work> decode(Op.Attention o) {
        return splits(o, algorithms) == 1
                ? Stream.of(decode(o, addresses.value(o.z()), NULL))
                : Stream.of(decode(o, NULL, addresses.work()), combine(o));
    }

    /** What each split comes to, left where {@link Addresses#work} is. */
    Stream<Work> splitAttention(Op.Attention o) {
        return Stream.concat(Stream.of(decode(o, NULL, addresses.work())), shown(o));
    }

    private Work decode(Op.Attention o, long z, long partial) {
        int splits = splits(o, algorithms);
        int rows = o.q().rows();
        return new LaunchWriter(device, o, Kernel.ATTENTION_DECODE, splits, o.heads(), rows)
                .pointers(z, partial)
                .pointers(read(o))
                .sizes(o.heads(), o.headWidth(), o.pages().context(), o.pages().shift(), splits)
                .scalar(o.scale())
                .ready();
    }

    private Work combine(Op.Attention o) {
        return new LaunchWriter(device, o, Kernel.ATTENTION_COMBINE, o.heads(), o.q().rows())
                .pointers(addresses.value(o.z()), addresses.work(), addresses.input(o.positions()))
                .sizes(o.heads(), o.headWidth(), o.pages().context(), splits(o, algorithms))
                .ready();
    }

    private Work prefill(Op.Attention o) {
        int rows = o.q().rows();
        int tiles = Math.ceilDiv(rows, TILE_ROWS);
        return new LaunchWriter(device, o, Kernel.of("ATTENTION_PREFILL", matrixType), tiles, o.heads())
                .pointers(addresses.value(o.z()))
                .pointers(read(o))
                .sizes(
                        rows,
                        o.heads(),
                        o.headWidth(),
                        o.pages().context(),
                        o.pages().shift())
                .scalar(o.scale())
                .ready();
    }

    Work scores(Op.AttentionScores o) {
        int keyBlocks = Math.ceilDiv(o.shownKeys(), Kernel.ATTENTION_SCORES.block());
        return new LaunchWriter(device, o, Kernel.ATTENTION_SCORES, o.q().rows(), o.heads(), keyBlocks)
                .shared(o.headWidth())
                .pointers(addresses.value(o.scores()), addresses.value(o.q()), addresses.state(o.keys()))
                .pointers(addresses.input(o.slots()), addresses.input(o.positions()), pages(o.pages()))
                .sizes(o.heads(), o.headWidth(), o.pages().context(), o.pages().shift(), o.shownKeys())
                .scalar(o.scale())
                .ready();
    }

    Work pattern(Op.AttentionPattern o) {
        return new LaunchWriter(device, o, Kernel.ATTENTION_PATTERN, o.scores().rows(), o.heads())
                .pointers(addresses.value(o.pattern()), addresses.value(o.scores()))
                .pointers(addresses.input(o.positions()))
                .sizes(o.heads(), o.shownKeys())
                .ready();
    }

    Work mix(Op.AttentionMix o) {
        int columnBlocks = Math.ceilDiv(o.z().columns(), Kernel.ATTENTION_MIX.block());
        return new LaunchWriter(device, o, Kernel.ATTENTION_MIX, o.z().rows(), columnBlocks)
                .pointers(addresses.value(o.z()), addresses.value(o.pattern()), addresses.state(o.values()))
                .pointers(addresses.input(o.slots()), addresses.input(o.positions()), pages(o.pages()))
                .sizes(o.heads(), o.headWidth(), o.pages().context(), o.pages().shift(), o.shownKeys())
                .ready();
    }

    private long[] read(Op.Attention o) {
        return new long[] {
            addresses.value(o.q()),
            addresses.state(o.keys()),
            addresses.state(o.values()),
            addresses.input(o.slots()),
            addresses.input(o.positions()),
            pages(o.pages())
        };
    }

    static int splits(Op.Attention o, Algorithms algorithms) {
        return algorithms.splits(o.q().rows(), o.heads(), o.pages().context());
    }

    /** What an attention needs for the results of splits: for each a row of z, and two numbers to combine it by. */
    static long workBytes(Op.Attention o, Algorithms algorithms) {
        int splits = splits(o, algorithms);
        boolean isSplit = attending(o, algorithms) == Attending.DECODE && splits > 1;
        return isSplit ? (long) o.q().rows() * o.heads() * splits * (o.headWidth() + 2) * Float.BYTES : 0;
    }
}
