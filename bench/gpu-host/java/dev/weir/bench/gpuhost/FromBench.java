package dev.weir.bench.gpuhost;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;

/** Turns what {@code weir bench --json} prints, on standard input, into lines of results. */
final class FromBench {

    private FromBench() {}

    /** Arguments: the file to add to, the model's name, the engine's, the round, and the command that printed it. */
    public static void main(String[] arguments) throws IOException {
        var lines = new Lines(Path.of(arguments[0]));
        JsonNode report = Lines.MAPPER.readTree(System.in.readAllBytes());
        for (JsonNode figure : report.get("results")) {
            ObjectNode line = Lines.line();
            line.put("command", arguments[4]);
            line.put("case", name(arguments[1], report, figure));
            line.put("engine", arguments[2] + traced(figure));
            line.put("median", figure.get("tokens_per_second").doubleValue());
            line.put("min", figure.get("min").doubleValue());
            line.put("max", figure.get("max").doubleValue());
            line.put("unit", "tokens/s");
            line.put("round", Integer.parseInt(arguments[3]));
            for (String cost : List.of("bytes_per_token", "operations_per_token")) {
                if (figure.has(cost)) {
                    line.put(cost, figure.get(cost).doubleValue());
                }
            }
            lines.add(line);
        }
    }

    private static String traced(JsonNode figure) {
        String trace = figure.get("trace").textValue();
        return trace.equals("off") ? "" : ", " + trace + " traced";
    }

    /** The same name that the PyTorch peer gives its case, so that they meet in one row of the table. */
    private static String name(String model, JsonNode report, JsonNode figure) {
        String test = figure.get("test").textValue();
        String shape = test.equals("prefill")
                ? "p=" + report.get("prompt_tokens").intValue()
                : "n=" + report.get("new_tokens").intValue() + " d="
                        + report.get("depth").intValue();
        return model + " " + report.get("dtype").textValue() + " " + test + " " + shape + " b="
                + report.get("batch").intValue();
    }
}
