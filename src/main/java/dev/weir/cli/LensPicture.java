package dev.weir.cli;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.weir.lens.Guess;
import dev.weir.lens.LensView;
import dev.weir.lens.StreamStatistics.Block;
import dev.weir.report.LensReport;
import dev.weir.report.LogitParts;
import dev.weir.report.Patterns;
import java.io.PrintWriter;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.function.Function;
import java.util.stream.DoubleStream;
import java.util.stream.IntStream;
import java.util.stream.Stream;

/**
 * A report as a terminal shows it, in at most 100 columns: about one token, and those before it as far as there is room.
 *
 * @param position of the token that it is about
 */
record LensPicture(LensReport report, int position, Vocabulary vocabulary) {

    private static final int LENS_COLUMNS = 9;
    private static final int LONGEST_TOKEN = 7;
    private static final int LONGEST_KEY = 12;
    private static final int NORM_COLUMNS = 20;
    private static final int PARTS = 12;
    private static final int BAR = 12;
    private static final int LONGEST_PROMPT = 56;

    /** Something that adds to a logit, and where it looks if it is a head. */
    private record Part(String name, double logit, List<Key> keys) {}

    private record Key(int position, double weight) {}

    void print(PrintWriter out, Style style) {
        int[] tokens = report.tokens();
        String text = vocabulary.text(IntStream.of(tokens).boxed().toList());
        out.println(style.bold(Lines.clip(Lines.oneLine(text), LONGEST_PROMPT))
                + style.dim("   " + Figures.counted(tokens.length, "token") + ", seen at position " + position + ": ")
                + style.accent(vocabulary.token(tokens[position])));
        out.println();
        lens(style).print(out);
        out.println(
                style.dim("What it would say after each token if the stream ended there, and how surely, up to █."));
        out.println();
        norms(style).print(out);
        out.println(style.dim(
                "Norms of the stream and of what is added to it, a column for each token, the last one in figures."));
        report.attribution().ifPresent(parts -> {
            out.println();
            attribution(style, parts.said()).print(out);
            out.println(style.dim("What adds to the logit of "
                    + vocabulary.token(parts.said().tokens()[position])
                    + ", which is " + Figures.six(parts.said().logits()[position]) + ", and where heads look."));
        });
    }

    private Table lens(Style style) {
        Table table = new Table(style).number("layer");
        List<Integer> shown = upToHere(LENS_COLUMNS);
        for (int p : shown) {
            table.text(Lines.clip(vocabulary.token(report.tokens()[p]), LONGEST_TOKEN))
                    .beside(false, 1, style::accent);
        }
        for (int station = 0; station < report.lens().stations().size(); station++) {
            var row = new ArrayList<>(List.of(station == 0 ? "embed" : String.valueOf(station - 1)));
            for (int p : shown) {
                Guess guess = report.lens().at(station, p).top().getFirst();
                row.add(Lines.clip(vocabulary.token(guess.token()), LONGEST_TOKEN));
                row.add(Figures.level(guess.probability()));
            }
            table.row(row);
        }
        return table;
    }

    private List<Integer> upToHere(int most) {
        return IntStream.rangeClosed(Math.max(0, position + 1 - most), position)
                .boxed()
                .toList();
    }

    private Table norms(Style style) {
        Table table = new Table(style).number("layer");
        for (String head : List.of("stream", "+ attn", "+ mlp")) {
            table.text(head, style::accent).beside(true, 0, line -> line);
        }
        List<Block> blocks = report.stream().blocks();
        table.row(concat("embed", List.of(line(blocks, Block::entering, 0))));
        for (int layer = 0; layer < blocks.size(); layer++) {
            table.row(concat(
                    String.valueOf(layer),
                    List.of(
                            line(blocks, Block::leaving, layer),
                            line(blocks, Block::attention, layer),
                            line(blocks, Block::mlp, layer))));
        }
        return table;
    }

    private static List<String> concat(String first, List<List<String>> rest) {
        return Stream.concat(Stream.of(first), rest.stream().flatMap(List::stream))
                .toList();
    }

    /** A layer's norms as blocks, the longest of all layers being full, and that of this token. */
    private List<String> line(List<Block> blocks, Function<Block, double[]> part, int layer) {
        double longest = blocks.stream()
                .flatMapToDouble(block -> DoubleStream.of(part.apply(block)))
                .max()
                .orElse(1);
        double[] norms = part.apply(blocks.get(layer));
        var levels = new StringBuilder();
        upToHere(NORM_COLUMNS).forEach(p -> levels.append(Figures.level(norms[p] / longest)));
        return List.of(levels.toString(), Figures.six(norms[position]));
    }

    private Table attribution(Style style, LogitParts.Target target) {
        Table table = new Table(style)
                .text("part")
                .number("adds")
                .beside(false, BAR, style::accent)
                .text("looks at");
        List<Part> parts = strongest(target);
        double most =
                parts.stream().mapToDouble(part -> Math.abs(part.logit)).max().orElse(1);
        for (Part part : parts) {
            String keys = String.join(
                    "   ",
                    part.keys.stream()
                            .map(key -> Lines.clip(vocabulary.token(report.tokens()[key.position]), LONGEST_KEY) + " "
                                    + Figures.percent(key.weight))
                            .toList());
            table.row(part.name, Figures.six(part.logit), Figures.bar(Math.abs(part.logit), most, BAR), keys);
        }
        return table;
    }

    /** Heads stand for the attention of their layer. */
    private List<Part> strongest(LogitParts.Target target) {
        int length = report.tokens().length;
        int heads = report.model().config().heads();
        List<String> labels = report.attribution().orElseThrow().labels();
        Stream<Part> whole = IntStream.range(0, labels.size())
                .filter(i -> !labels.get(i).endsWith("_attn_out"))
                .mapToObj(i -> new Part(labels.get(i), target.parts()[i * length + position], List.of()));
        Stream<Part> ofHeads = IntStream.range(0, target.heads().length / length)
                .mapToObj(i ->
                        new Part("L" + i / heads + "H" + i % heads, target.heads()[i * length + position], keys(i)));
        return Stream.concat(whole, ofHeads)
                .sorted(Comparator.comparingDouble((Part part) -> Math.abs(part.logit))
                        .reversed())
                .limit(PARTS)
                .toList();
    }

    /** The keys that a head looks at most from here. */
    private List<Key> keys(int head) {
        if (report.patterns().isEmpty()) {
            return List.of();
        }
        Patterns patterns = report.patterns().get();
        int length = report.tokens().length;
        float[] row = patterns.row(head * length + position, length);
        return IntStream.range(0, length)
                .mapToObj(key -> new Key(key, row[key]))
                .filter(key -> key.weight > 0)
                .sorted(Comparator.comparingDouble(Key::weight).reversed())
                .limit(3)
                .toList();
    }

    /** The same for a program. */
    ObjectNode json() {
        ObjectNode node = Json.object();
        node.put("model", report.model().name()).put("position", position);
        ArrayNode tokens = node.putArray("tokens");
        IntStream.of(report.tokens()).forEach(tokens::add);
        ArrayNode layers = node.putArray("layers");
        for (int station = 0; station < report.lens().stations().size(); station++) {
            layers.add(layer(station));
        }
        report.attribution().ifPresent(parts -> node.set("attribution", json(parts.said())));
        report.leftOut().forEach(node.putArray("left_out")::add);
        return node;
    }

    private ObjectNode layer(int station) {
        ObjectNode node = Json.object();
        node.put("layer", station == 0 ? "embed" : String.valueOf(station - 1));
        List<Block> blocks = report.stream().blocks();
        if (station == 0) {
            Json.putFinite(node, "norm", blocks.getFirst().entering()[position]);
        } else {
            Block block = blocks.get(station - 1);
            Json.putFinite(node, "norm", block.leaving()[position]);
            Json.putFinite(node, "attention_norm", block.attention()[position]);
            Json.putFinite(node, "mlp_norm", block.mlp()[position]);
            Json.putFinite(node, "change", block.change()[position]);
            Json.putFinite(node, "cosine", block.cosine()[position]);
        }
        LensView.Cell cell = report.lens().at(station, position);
        ArrayNode next = node.putArray("next");
        cell.top().forEach(guess -> next.add(json(guess)));
        cell.chosen().forEach(guess -> node.set("follows", json(guess)));
        return node;
    }

    private ObjectNode json(Guess guess) {
        ObjectNode node = Json.object().put("token", guess.token());
        node.put("text", vocabulary.piece(guess.token())).put("rank", guess.rank());
        Json.putFinite(node, "probability", guess.probability());
        return node;
    }

    private ObjectNode json(LogitParts.Target target) {
        ObjectNode node = Json.object().put("token", target.tokens()[position]);
        Json.putFinite(node, "logit", target.logits()[position]);
        ArrayNode parts = node.putArray("strongest");
        for (Part part : strongest(target)) {
            ObjectNode one = parts.addObject().put("part", part.name);
            Json.putFinite(one, "adds", part.logit);
            ArrayNode keys = one.putArray("looks_at");
            part.keys.forEach(
                    key -> keys.addObject().put("position", key.position).put("weight", key.weight));
        }
        return node;
    }
}
