package dev.weir.report;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;

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
        data.set("lens", lens(report.lens(), layers + 1, positions));
        data.set("norms", norms(report.norms(), layers, positions));
        report.patterns().ifPresent(patterns -> data.set("patterns", patterns(patterns)));
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

    private static ObjectNode lens(LensMap lens, int stations, int positions) {
        ObjectNode node = JsonNodeFactory.instance.objectNode();
        node.set("tokens", Packed.integers(lens.tokens(), stations, positions, lens.guesses()));
        node.set("probabilities", Packed.floats(lens.probabilities(), stations, positions, lens.guesses()));
        node.set("nextProbabilities", Packed.floats(lens.nextProbabilities(), stations, positions));
        node.set("nextRanks", Packed.integers(lens.nextRanks(), stations, positions));
        return node;
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
}
