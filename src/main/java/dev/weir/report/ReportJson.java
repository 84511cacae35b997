package dev.weir.report;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.weir.lens.LensView;
import dev.weir.lens.LensView.Cell;
import dev.weir.lens.LogitLens.Guess;
import java.util.List;
import java.util.Optional;
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
        int layers = report.model().config().layers();
        data.set("lens", lens(report.lens()));
        data.set("norms", norms(report.norms(), layers, positions));
        report.patterns().ifPresent(patterns -> data.set("patterns", patterns(patterns)));
        report.attribution().ifPresent(parts -> data.set("attribution", attribution(parts)));
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
                Packed.floats(floats(top(cells).map(Guess::probability)), stations, positions, guesses));
        node.set(
                "nextProbabilities",
                Packed.floats(
                        floats(cells.stream()
                                .map(cell -> next(cell).map(Guess::probability).orElse(Double.NaN))),
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

    private static float[] floats(Stream<Double> values) {
        List<Double> all = values.toList();
        float[] floats = new float[all.size()];
        IntStream.range(0, floats.length).forEach(i -> floats[i] = all.get(i).floatValue());
        return floats;
    }

    private static ObjectNode norms(StreamNorms norms, int layers, int positions) {
        ObjectNode node = JsonNodeFactory.instance.objectNode();
        node.set("stream", Packed.floats(norms.stream(), layers + 1, positions));
        node.set("attention", Packed.floats(norms.attention(), layers, positions));
        node.set("mlp", Packed.floats(norms.mlp(), layers, positions));
        node.set("cosine", Packed.floats(norms.cosine(), layers, positions));
        return node;
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
}
