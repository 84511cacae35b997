package dev.weir.cli;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.weir.lens.Activation;
import dev.weir.lens.PrincipalComponents;
import dev.weir.lens.SampledRows;
import dev.weir.lens.SampledRows.Place;
import dev.weir.lens.StreamStatistics;
import dev.weir.lens.StreamStatistics.Block;
import java.io.PrintWriter;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.function.Function;
import java.util.stream.Collectors;
import java.util.stream.IntStream;

/**
 * Statistics of the stream for a person or a program to read.
 *
 * @param sequences how the stream of each sequence moves; none of a file
 * @param points the rows of each point that is measured
 * @param pca the rows whose principal components are wanted
 * @param components how many of them
 * @param names what the token of a row is called
 */
record StreamReport(
        List<StreamStatistics> sequences,
        List<SampledRows> points,
        Optional<SampledRows> pca,
        int components,
        Function<Place, String> names) {

    private static final int BAR = 4;
    private static final int ENDS = 4;
    private static final int LONGEST_TOKEN = 9;

    /** Writes tables of at most 100 columns. */
    void print(PrintWriter out, Style style) {
        if (!sequences.isEmpty()) {
            blocks(style).print(out);
            out.println();
            out.println(
                    style.dim(
                            "stream: its norm as it enters the layer; + attn, + mlp: norms of what the layer adds; change: the"));
            out.println(style.dim(
                    "norm of both together as a share of the stream; cosine: leaving to entering. Means over tokens."));
            out.println();
        }
        rows(style).print(out);
        out.println();
        out.println(
                style.dim(
                        "dims: participation ratio, in how many directions rows vary; largest: the value that stands out most"));
        out.println(style.dim("in its row, as a multiple of the median there, and at which dimension of which token."));
        pca.ifPresent(rows -> {
            out.println();
            components(style, rows).print(out);
        });
        out.flush();
    }

    private Table blocks(Style style) {
        Table table = new Table(style).number("layer");
        for (String head : List.of("stream", "+ attn", "+ mlp")) {
            table.number(head).beside(false, BAR, style::accent);
        }
        table.number("change").number("cosine");
        for (int layer = 0; layer < layers(); layer++) {
            table.row(
                    String.valueOf(layer),
                    Figures.six(mean(layer, Block::entering)),
                    bar(layer, Block::entering),
                    Figures.six(mean(layer, Block::attention)),
                    bar(layer, Block::attention),
                    Figures.six(mean(layer, Block::mlp)),
                    bar(layer, Block::mlp),
                    Figures.six(mean(layer, Block::change)),
                    Figures.six(mean(layer, Block::cosine)));
        }
        return table;
    }

    private int layers() {
        return sequences.getFirst().blocks().size();
    }

    /** Over the tokens of all sequences. */
    private double mean(int layer, Function<Block, double[]> column) {
        return sequences.stream()
                .flatMapToDouble(s -> Arrays.stream(column.apply(s.blocks().get(layer))))
                .average()
                .orElse(Double.NaN);
    }

    private String bar(int layer, Function<Block, double[]> column) {
        double longest = IntStream.range(0, layers())
                .mapToDouble(l -> mean(l, column))
                .max()
                .orElseThrow();
        return Figures.bar(mean(layer, column), longest, BAR);
    }

    private Table rows(Style style) {
        Table table = new Table(style)
                .text("point", style::bold)
                .number("rows")
                .number("norm")
                .number("least")
                .number("most")
                .number("dims")
                .number("largest")
                .number("x median")
                .text("at");
        for (SampledRows rows : points) {
            double[] norms = rows.norms();
            Optional<Activation> extreme = Activation.extreme(rows);
            table.row(
                    rows.point().name(),
                    Figures.count(rows.count()),
                    Figures.six(Arrays.stream(norms).average().orElse(Double.NaN)),
                    Figures.six(Arrays.stream(norms).min().orElse(Double.NaN)),
                    Figures.six(Arrays.stream(norms).max().orElse(Double.NaN)),
                    Figures.six(rows.participationRatio()),
                    extreme.map(a -> Figures.six(a.value())).orElse(""),
                    extreme.map(a -> Figures.six(a.ratio())).orElse(""),
                    extreme.map(a -> a.dimension() + " of " + name(a.place())).orElse(""));
        }
        return table;
    }

    private String name(Place place) {
        return Lines.clip(names.apply(place), LONGEST_TOKEN);
    }

    private Table components(Style style, SampledRows rows) {
        PrincipalComponents found = PrincipalComponents.of(rows);
        Table table = new Table(style)
                .number("of " + rows.point().name())
                .number("variance")
                .beside(false, BAR, style::accent)
                .text("lowest", style::bold)
                .text("highest", style::bold);
        for (int component = 0; component < shown(found); component++) {
            List<Place> places = along(found, component, rows);
            table.row(
                    String.valueOf(component),
                    Figures.percent(found.share(component)),
                    Figures.bar(found.share(component), found.share(0), BAR),
                    ends(places),
                    ends(places.reversed()));
        }
        return table;
    }

    private int shown(PrincipalComponents found) {
        return Math.min(components, found.variances().length);
    }

    /** The places of all rows, in the order in which these lie along a component. */
    private static List<Place> along(PrincipalComponents found, int component, SampledRows rows) {
        return IntStream.range(0, rows.count())
                .boxed()
                .sorted(Comparator.comparingDouble(row -> found.coordinate(component, rows.row(row))))
                .map(row -> rows.places().get(row))
                .toList();
    }

    private String ends(List<Place> places) {
        return places.stream().map(this::name).distinct().limit(ENDS).collect(Collectors.joining(" "));
    }

    /** The same for a program. */
    ObjectNode json() {
        ObjectNode report = Json.object();
        ArrayNode blocks = report.putArray("blocks");
        for (int layer = 0; !sequences.isEmpty() && layer < layers(); layer++) {
            ObjectNode block = blocks.addObject().put("layer", layer);
            Json.putFinite(block, "norm", mean(layer, Block::entering));
            Json.putFinite(block, "attention_norm", mean(layer, Block::attention));
            Json.putFinite(block, "mlp_norm", mean(layer, Block::mlp));
            Json.putFinite(block, "change", mean(layer, Block::change));
            Json.putFinite(block, "cosine", mean(layer, Block::cosine));
        }
        ArrayNode measured = report.putArray("points");
        points.forEach(rows -> measured.add(json(rows)));
        pca.ifPresent(rows -> report.set("pca", componentsJson(rows)));
        return report;
    }

    private static ObjectNode json(SampledRows rows) {
        ObjectNode node = Json.object().put("name", rows.point().name()).put("rows", rows.count());
        double[] norms = rows.norms();
        Json.putFinite(node, "norm", Arrays.stream(norms).average().orElse(Double.NaN));
        Json.putFinite(node, "least_norm", Arrays.stream(norms).min().orElse(Double.NaN));
        Json.putFinite(node, "most_norm", Arrays.stream(norms).max().orElse(Double.NaN));
        Json.putFinite(node, "participation_ratio", rows.participationRatio());
        Activation.extreme(rows).ifPresent(extreme -> node.set("extreme", json(extreme)));
        ArrayNode massive = node.putArray("massive");
        Activation.massive(rows).forEach(activation -> massive.add(json(activation)));
        return node;
    }

    private static ObjectNode json(Activation activation) {
        ObjectNode node = Json.object()
                .put("sequence", activation.place().sequence())
                .put("position", activation.place().position())
                .put("dimension", activation.dimension());
        Json.putFinite(node, "value", activation.value());
        Json.putFinite(node, "median", activation.median());
        return node;
    }

    private ObjectNode componentsJson(SampledRows rows) {
        PrincipalComponents found = PrincipalComponents.of(rows);
        ObjectNode node = Json.object().put("name", rows.point().name());
        ArrayNode list = node.putArray("components");
        for (int component = 0; component < shown(found); component++) {
            ObjectNode one = list.addObject();
            Json.putFinite(one, "variance", found.variances()[component]);
            Json.putFinite(one, "share", found.share(component));
            ArrayNode direction = one.putArray("direction");
            Arrays.stream(found.directions()[component]).forEach(direction::add);
        }
        return node;
    }
}
