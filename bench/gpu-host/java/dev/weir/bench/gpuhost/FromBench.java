package dev.weir.bench.gpuhost;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.nio.file.Path;

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
            line.put("case", name(arguments[1], figure));
            line.put("engine", arguments[2] + traced(figure));
            line.put("median", figure.get("median").doubleValue());
            line.put("min", figure.get("min").doubleValue());
            line.put("max", figure.get("max").doubleValue());
            line.put("unit", "tokens/s");
            line.put("round", Integer.parseInt(arguments[3]));
            line.put(
                    figure.get("cost_unit").textValue() + "_per_token",
                    figure.get("cost_per_token").doubleValue());
            lines.add(line);
        }
    }

    private static String traced(JsonNode figure) {
        String trace = figure.get("trace").textValue();
        return trace.equals("off") ? "" : ", " + trace + " traced";
    }

    /** The same name that the PyTorch peer gives its case, so that they meet in one row of the table. */
    private static String name(String model, JsonNode figure) {
        String test = figure.get("test").textValue();
        int tokens = figure.get("tokens").intValue();
        String shape = test.equals("prefill")
                ? "p=" + tokens
                : "n=" + tokens + " d=" + figure.get("depth").intValue();
        return model + " " + figure.get("dtype").textValue() + " " + test + " " + shape + " b="
                + figure.get("batch").intValue();
    }
}
