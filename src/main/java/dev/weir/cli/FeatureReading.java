package dev.weir.cli;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.weir.sae.Activation;
import dev.weir.sae.Encoding;
import dev.weir.sae.Fidelity;
import dev.weir.sae.SaeConfig;
import java.io.PrintWriter;
import java.util.ArrayList;
import java.util.List;

/**
 * The strongest features of each token of a prompt.
 *
 * @param top how many of a token
 */
record FeatureReading(List<Integer> tokens, List<Encoding> encodings, Fidelity fidelity, SaeConfig config, int top) {

    private static final int LONGEST_TOKEN = 14;

    void print(PrintWriter out, Style style, Vocabulary vocabulary) {
        out.println(style.bold(config.point().name())
                + style.dim("   %s, %s of %s"
                        .formatted(
                                config.architecture().label(),
                                Figures.counted(config.features(), "feature"),
                                Figures.counted(config.inputs(), "value"))));
        out.println();
        Table table = new Table(style).number("").text("token", style::bold).number("active");
        for (int i = 0; i < top; i++) {
            table.number(i == 0 ? "strongest" : "").beside(true, 0, style::accent);
        }
        for (int position = 0; position < tokens.size(); position++) {
            Encoding encoding = encodings.get(position);
            var cells = new ArrayList<String>();
            cells.add(String.valueOf(position));
            cells.add(Lines.clip(vocabulary.token(tokens.get(position)), LONGEST_TOKEN));
            cells.add(String.valueOf(encoding.active().size()));
            for (Activation active : encoding.top(top)) {
                cells.add("#" + active.feature());
                cells.add(Figures.six(active.value()));
            }
            table.row(cells);
        }
        table.print(out);
        out.println();
        out.println("explained %s of the variance with %.1f features a token"
                .formatted(Figures.percent(fidelity.explained()), fidelity.active()));
        out.println("loss of the next token: %s nats, %s with the reconstruction in place, %s with zeros"
                .formatted(
                        Figures.six(fidelity.loss()),
                        Figures.six(fidelity.reconstructedLoss()),
                        Figures.six(fidelity.zeroedLoss())));
        out.println();
    }

    /** The same for a program. */
    ObjectNode json(Vocabulary vocabulary) {
        ObjectNode reading = Json.object();
        reading.set("tokens", Json.numbers(tokens));
        reading.put("text", vocabulary.text(tokens));
        ArrayNode rows = reading.putArray("features");
        for (Encoding encoding : encodings) {
            ArrayNode row = rows.addArray();
            for (Activation active : encoding.top(top)) {
                ObjectNode cell = row.addObject().put("feature", active.feature());
                Json.putFinite(cell, "value", active.value());
            }
        }
        Json.putFinite(reading, "explained", fidelity.explained());
        Json.putFinite(reading, "active", fidelity.active());
        Json.putFinite(reading, "loss", fidelity.loss());
        Json.putFinite(reading, "reconstructed_loss", fidelity.reconstructedLoss());
        Json.putFinite(reading, "zeroed_loss", fidelity.zeroedLoss());
        return reading;
    }
}
