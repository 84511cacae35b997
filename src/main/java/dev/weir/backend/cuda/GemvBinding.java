package dev.weir.backend.cuda;

import static dev.weir.backend.cuda.Addresses.NULL;

import dev.weir.backend.cuda.Algorithms.Product;
import dev.weir.program.Op;
import dev.weir.program.Pages;
import dev.weir.tensor.Tensor;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;

/** Products of few rows, with what is joined to them: the launches of {@code linear_gemv.cu}. */
final class GemvBinding {

    private static final int NO_FUNCTION = -1;

    /** Columns of a place. */
    private static final int COLUMNS = 8;

    private final Device device;
    private final Addresses addresses;
    private final Algorithms algorithms;
    private final Readers readers;

    GemvBinding(Device device, Addresses addresses) {
        this.device = device;
        this.addresses = addresses;
        algorithms = device.algorithms();
        readers = new Readers(addresses.plan());
    }

    /** The floats of shared memory that rows take which are made there. */
    static int madeFloats(Tensor rows) {
        return Math.min(rows.rows(), Algorithms.FEW_ROWS) * Math.ceilDiv(rows.columns(), 4) * 4;
    }

    Work product(Piece.Product piece) {
        List<Op.Linear> parts = piece.linears();
        Tensor x = piece.first().x();
        Tensor weight = piece.first().weight();
        var grid = ProductGrid.of(Product.GEMV, x.rows(), weight.columns(), parts.size(), algorithms.multiprocessors());
        var launch = new LaunchWriter(device, piece.named(), Kernel.of(grid.family(), weight.type()), grid.blocks());
        launch.shared(piece.makesRows() ? madeFloats(x) : 0);
        launch.places(ProductGrid.tiles(grid.family(), COLUMNS, x.rows(), weight.columns(), parts.size())
                .blocks());
        launch.weights(
                weight.columns() * WeightLayout.lineBytes(weight.rows(), weight.type()),
                LinearBinding.three(parts, part -> addresses.matrix(part.weight())));
        launch.pointers(LinearBinding.three(parts, part -> out(piece, part)));
        launch.pointers(LinearBinding.three(parts, part -> cache(piece, part)));
        launch.pointers(pre(piece));
        launch.pointers(aside(piece.norm().map(Op.LayerNorm::scale)));
        launch.pointers(aside(piece.norm().map(Op.LayerNorm::normalized)));
        launch.pointers(made(piece), x(piece));
        launch.pointers(LinearBinding.three(parts, part -> addresses.matrix(part.weight())));
        launch.pointers(LinearBinding.three(parts, addresses::bias));
        launch.pointers(residual(piece));
        launch.pointers(vector(piece.norm().map(Op.LayerNorm::weight)));
        launch.pointers(vector(piece.norm().map(Op.LayerNorm::bias)));
        launch.pointers(piece.attention().isPresent() ? addresses.work() : NULL);
        launch.pointers(addresses.input(addresses.plan().inputs().slots()));
        launch.pointers(addresses.input(addresses.plan().inputs().positions()));
        Optional<Pages> pages = pages(piece);
        launch.pointers(pages.map(o -> addresses.state(o.table())).orElse(NULL));
        launch.sizes(x.rows(), weight.rows(), WeightLayout.stride(weight.rows(), weight.type()), weight.columns());
        launch.sizes(piece.activate().map(o -> Binding.number(o.function())).orElse(NO_FUNCTION));
        launch.sizes(pages.map(Pages::context).orElse(0));
        launch.sizes(pages.map(Pages::shift).orElse(0));
        launch.sizes(piece.attention().map(Op.Attention::heads).orElse(0));
        launch.sizes(piece.attention()
                .map(o -> AttentionBinding.splits(o, algorithms))
                .orElse(0));
        launch.scalar(piece.norm().map(Op.LayerNorm::epsilon).orElse(0f));
        return launch.ready();
    }

    private long out(Piece.Product piece, Op.Linear part) {
        if (piece.add().isPresent()) {
            return addresses.value(piece.add().get().out());
        }
        if (piece.activate().isPresent()) {
            return addresses.value(piece.activate().get().out());
        }
        int appends = (int) appendsOf(piece, part);
        return appends == 0 ? addresses.value(part.out()) : ifWanted(part.out(), appends);
    }

    private static long appendsOf(Piece.Product piece, Op.Linear part) {
        return piece.appends().stream().filter(o -> o.x().equals(part.out())).count();
    }

    private long cache(Piece.Product piece, Op.Linear part) {
        return piece.appends().stream()
                .filter(o -> o.x().equals(part.out()))
                .map(o -> addresses.state(o.cache()))
                .findFirst()
                .orElse(NULL);
    }

    /** Where the product goes before the function or the addition, if somebody looks. */
    private long pre(Piece.Product piece) {
        boolean goesOn = piece.activate().isPresent() || piece.add().isPresent();
        return goesOn ? ifWanted(piece.first().out(), 1) : NULL;
    }

    private long made(Piece.Product piece) {
        return piece.makesRows() ? ifWanted(piece.first().x(), piece.linears().size()) : NULL;
    }

    private long x(Piece.Product piece) {
        if (piece.attention().isPresent()) {
            return NULL;
        }
        return addresses.value(
                piece.norm().map(Op.LayerNorm::x).orElse(piece.first().x()));
    }

    /** What the product is added to. */
    private long residual(Piece.Product piece) {
        Tensor product = piece.first().out();
        return piece.add()
                .map(o -> o.a().equals(product) ? o.b() : o.a())
                .map(addresses::value)
                .orElse(NULL);
    }

    private static Optional<Pages> pages(Piece.Product piece) {
        return Stream.concat(
                        piece.attention().map(Op.Attention::pages).stream(),
                        piece.appends().stream().map(Op.Append::pages))
                .findFirst();
    }

    private long vector(Optional<Tensor> weight) {
        return weight.map(addresses::vector).orElse(NULL);
    }

    private long aside(Optional<Tensor> value) {
        return value.map(addresses::aside).orElse(NULL);
    }

    private long ifWanted(Tensor value, int readersHere) {
        return readers.isWanted(value, readersHere) ? addresses.value(value) : NULL;
    }
}
