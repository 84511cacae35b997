package dev.weir.cli;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.weir.lens.Guess;
import dev.weir.lens.StreamPath;
import java.io.PrintWriter;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Function;

/**
 * One token's stream for a person or a program to read: how long it is at each depth, what was added to it, how far it turned, and
 * what the model would say there.
 *
 * @param tokens of the prompt
 * @param position of the token in it
 * @param guesses the likeliest next tokens: before the first block, then after each
 */
record StreamReading(List<Integer> tokens, int position, StreamPath path, List<List<Guess>> guesses) {

    private static final int BAR = 4;
    private static final int LONGEST_TOKEN = 9;
    private static final int LONGEST_PROMPT = 56;

    /** Writes a table of at most 100 columns. */
    void print(PrintWriter out, Style style, Vocabulary vocabulary) {
        out.println(style.bold(Lines.clip(Lines.oneLine(vocabulary.text(tokens)), LONGEST_PROMPT))
                + style.dim("   " + Figures.counted(tokens.size(), "token") + ", seen at position " + position + ": ")
                + style.accent(vocabulary.token(tokens.get(position))));
        out.println();
        table(style, vocabulary).print(out);
    }

    /** Explains the columns of {@link #print}. */
    static void printLegend(PrintWriter out, Style style) {
        out.println(style.dim(
                "stream: its norm as it leaves the layer; + attn, + mlp: norms of what the layer added to it;"));
        out.println(style.dim("cosine: to the row above; next, 2nd, 3rd: what the model would say if it ended there."));
    }

    private Table table(Style style, Vocabulary vocabulary) {
        Table table = new Table(style).number("layer");
        for (String head : List.of("stream", "+ attn", "+ mlp")) {
            table.number(head).beside(false, BAR, style::accent);
        }
        table.number("cosine")
                .text("next", style::bold)
                .beside(true, BAR, style::bold)
                .text("2nd")
                .beside(true, BAR, style::dim)
                .text("3rd")
                .beside(true, BAR, style::dim);
        var row = new ArrayList<>(List.of("embed"));
        row.addAll(gauge(path.embedding(), StreamPath.Block::stream));
        row.addAll(List.of("", "", "", "", ""));
        row.addAll(shown(guesses.getFirst(), vocabulary));
        table.row(row);
        for (int layer = 0; layer < path.blocks().size(); layer++) {
            StreamPath.Block block = path.blocks().get(layer);
            row = new ArrayList<>(List.of(String.valueOf(layer)));
            row.addAll(gauge(block.stream(), StreamPath.Block::stream));
            row.addAll(gauge(block.attention(), StreamPath.Block::attention));
            row.addAll(gauge(block.mlp(), StreamPath.Block::mlp));
            row.add(Figures.six(path.cosine(layer)));
            row.addAll(shown(guesses.get(layer + 1), vocabulary));
            table.row(row);
        }
        return table;
    }

    /** A norm, and a bar beside it that is longest at the layer where this part is. */
    private List<String> gauge(float[] vector, Function<StreamPath.Block, float[]> part) {
        double norm = StreamPath.norm(vector);
        double longest = path.blocks().stream()
                .mapToDouble(block -> StreamPath.norm(part.apply(block)))
                .max()
                .orElse(norm);
        return List.of(Figures.six(norm), Figures.bar(norm, longest, BAR));
    }

    private static List<String> shown(List<Guess> guesses, Vocabulary vocabulary) {
        var cells = new ArrayList<String>();
        for (Guess guess : guesses) {
            cells.add(Lines.clip(vocabulary.token(guess.token()), LONGEST_TOKEN));
            cells.add(Figures.percent(guess.probability()));
        }
        return cells;
    }

    /** The same for a program. */
    ObjectNode json(Vocabulary vocabulary) {
        ObjectNode reading = Json.object();
        reading.set("tokens", Json.numbers(tokens));
        reading.put("text", vocabulary.text(tokens)).put("position", position);
        ArrayNode layers = reading.putArray("layers");
        ObjectNode embedding = layers.addObject().put("layer", "embed");
        Json.putFinite(embedding, "norm", StreamPath.norm(path.embedding()));
        putGuesses(embedding, guesses.getFirst(), vocabulary);
        for (int layer = 0; layer < path.blocks().size(); layer++) {
            StreamPath.Block block = path.blocks().get(layer);
            ObjectNode row = layers.addObject().put("layer", layer);
            Json.putFinite(row, "norm", StreamPath.norm(block.stream()));
            Json.putFinite(row, "attention_norm", StreamPath.norm(block.attention()));
            Json.putFinite(row, "mlp_norm", StreamPath.norm(block.mlp()));
            Json.putFinite(row, "cosine", path.cosine(layer));
            putGuesses(row, guesses.get(layer + 1), vocabulary);
        }
        return reading;
    }

    private static void putGuesses(ObjectNode row, List<Guess> guesses, Vocabulary vocabulary) {
        ArrayNode next = row.putArray("next");
        for (Guess guess : guesses) {
            ObjectNode token = next.addObject().put("token", guess.token());
            token.put("text", vocabulary.piece(guess.token()));
            Json.putFinite(token, "logit", guess.logit());
            Json.putFinite(token, "probability", guess.probability());
        }
    }
}
