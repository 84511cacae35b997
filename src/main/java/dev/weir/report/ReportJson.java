package dev.weir.report;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.weir.lens.Guess;
import dev.weir.lens.LensView;
import dev.weir.lens.LensView.Cell;
import dev.weir.lens.StreamStatistics.Block;
import dev.weir.patching.PatchingMap;
import java.util.List;
import java.util.Optional;
import java.util.stream.DoubleStream;
import java.util.stream.IntStream;
import java.util.stream.Stream;

/** A report as the page reads it; {@code report.js} is its other side. */
final class ReportJson {

    private ReportJson() {}

    static ObjectNode of(LensReport report) {
        ObjectNode data = JsonNodeFactory.instance.objectNode();
        data.set("model", model(report.model()));
        int positions = report.tokens().length;
        data.set("tokens", Packed.integers(report.tokens(), positions));
        ObjectNode texts = data.putObject("texts");
        report.texts().forEach((token, text) -> texts.put(String.valueOf(token), text));
        data.set("lens", lens(report.lens()));
        data.set("stream", stream(report.stream().blocks(), positions));
        report.patterns().ifPresent(patterns -> data.set("patterns", patterns(patterns)));
        report.attribution().ifPresent(parts -> data.set("attribution", attribution(parts)));
        ArrayNode sweeps = data.putArray("sweeps");
        report.sweeps().forEach(sweep -> sweeps.add(sweep(sweep)));
        report.leftOut().forEach(data.putArray("leftOut")::add);
        return data;
    }

    private static ObjectNode model(LensReport.Model model) {
        return JsonNodeFactory.instance
                .objectNode()
                .put("name", model.name())
                .put("machine", model.machine())
                .put("dtype", model.dtype())
                .put("sha256", model.sha256())
                .put("layers", model.config().layers())
                .put("heads", model.config().heads())
                .put("width", model.config().width())
                .put("vocabulary", model.config().vocabulary());
    }

    private static ObjectNode lens(LensView lens) {
        List<Cell> cells = lens.cells().stream().flatMap(List::stream).toList();
        int stations = lens.stations().size();
        int positions = lens.positions().size();
        int guesses = cells.getFirst().top().size();
        ObjectNode node = JsonNodeFactory.instance.objectNode();
        node.set("tokens", Packed.integers(top(cells).mapToInt(Guess::token).toArray(), stations, positions, guesses));
        node.set(
                "probabilities",
                Packed.floats(floats(top(cells).mapToDouble(Guess::probability)), stations, positions, guesses));
        node.set(
                "nextProbabilities",
                Packed.floats(
                        floats(cells.stream()
                                .mapToDouble(cell ->
                                        next(cell).map(Guess::probability).orElse(Double.NaN))),
                        stations,
                        positions));
        node.set(
                "nextRanks",
                Packed.integers(
                        cells.stream()
                                .mapToInt(cell -> next(cell).map(Guess::rank).orElse(-1))
                                .toArray(),
                        stations,
                        positions));
        return node;
    }

    private static Stream<Guess> top(List<Cell> cells) {
        return cells.stream().flatMap(cell -> cell.top().stream());
    }

    private static Optional<Guess> next(Cell cell) {
        return cell.chosen().stream().findFirst();
    }

    private static float[] floats(DoubleStream values) {
        double[] all = values.toArray();
        float[] floats = new float[all.length];
        IntStream.range(0, all.length).forEach(i -> floats[i] = (float) all[i]);
        return floats;
    }

    private static ObjectNode stream(List<Block> blocks, int positions) {
        ObjectNode node = JsonNodeFactory.instance.objectNode();
        Stream<double[]> norms = Stream.concat(
                Stream.of(blocks.getFirst().entering()), blocks.stream().map(Block::leaving));
        node.set("norm", matrix(norms, positions));
        node.set("attention", matrix(blocks.stream().map(Block::attention), positions));
        node.set("mlp", matrix(blocks.stream().map(Block::mlp), positions));
        node.set("change", matrix(blocks.stream().map(Block::change), positions));
        node.set("cosine", matrix(blocks.stream().map(Block::cosine), positions));
        return node;
    }

    private static ObjectNode matrix(Stream<double[]> rows, int columns) {
        float[] values = floats(rows.flatMapToDouble(DoubleStream::of));
        return Packed.floats(values, values.length / columns, columns);
    }

    private static ObjectNode patterns(Patterns patterns) {
        ObjectNode node = JsonNodeFactory.instance.objectNode();
        node.set("starts", Packed.integers(patterns.starts(), patterns.starts().length));
        node.set("keys", Packed.shorts(patterns.keys(), patterns.keys().length));
        node.set("weights", Packed.bytes(patterns.weights(), patterns.weights().length));
        return node;
    }

    private static ObjectNode attribution(LogitParts attribution) {
        ObjectNode node = JsonNodeFactory.instance.objectNode();
        attribution.labels().forEach(node.putArray("labels")::add);
        node.set("said", target(attribution.said()));
        node.set("next", target(attribution.next()));
        return node;
    }

    private static ObjectNode target(LogitParts.Target target) {
        int positions = target.tokens().length;
        ObjectNode node = JsonNodeFactory.instance.objectNode();
        node.set("tokens", Packed.integers(target.tokens(), positions));
        node.set("logits", Packed.floats(target.logits(), positions));
        node.set("bias", Packed.floats(target.bias(), positions));
        node.set("parts", Packed.floats(target.parts(), target.parts().length / positions, positions));
        node.set("heads", Packed.floats(target.heads(), target.heads().length / positions, positions));
        return node;
    }

    private static ObjectNode sweep(PatchingMap map) {
        ObjectNode node = JsonNodeFactory.instance.objectNode();
        node.put("title", map.title()).put("clean", map.clean()).put("corrupted", map.corrupted());
        node.set("rows", axis(map.rows()));
        node.set("columns", axis(map.columns()));
        ArrayNode values = node.putArray("values");
        ArrayNode restored = node.putArray("restored");
        for (int row = 0; row < map.rows().labels().size(); row++) {
            ArrayNode valuesOfRow = values.addArray();
            ArrayNode restoredOfRow = restored.addArray();
            for (int column = 0; column < map.columns().labels().size(); column++) {
                addFinite(valuesOfRow, map.value(row, column));
                addFinite(restoredOfRow, map.restored(row, column));
            }
        }
        return node;
    }

    private static ObjectNode axis(PatchingMap.Axis axis) {
        ObjectNode node = JsonNodeFactory.instance.objectNode().put("name", axis.name());
        axis.labels().forEach(node.putArray("labels")::add);
        return node;
    }

    private static void addFinite(ArrayNode row, double value) {
        if (Double.isFinite(value)) {
            row.add(value);
        } else {
            row.addNull();
        }
    }
}
