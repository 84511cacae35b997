package dev.weir.cli;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.weir.engine.Weir;
import dev.weir.lens.HeadScores;
import dev.weir.lens.RepeatedTokens;
import dev.weir.lens.RepeatedTokens.Surprise;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.ExitCode;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** What kind of head each attention head is. */
@Command(
        name = "heads",
        mixinStandardHelpOptions = true,
        sortOptions = false,
        header = "Says what attention heads look for: the token before, the same token, what followed it.",
        description = {
            "Runs the model on random tokens that come twice, and shows how much of its attention each head",
            "gives to the token before (previous), to where the same token stood before (duplicate), to what",
            "followed it there (induction), to the token itself (current) and to the first token (first)."
        },
        footerHeading = "%nExamples:%n",
        footer = {
            "  weir heads",
            "  weir heads --by induction --top 5",
            "  weir heads --length 50 --sequences 20 --seed 7 --json"
        })
final class HeadsCommand implements Callable<Integer> {

    private static final int BAR = 5;

    /** The scores, as columns are named. */
    private enum Score {
        PREVIOUS,
        DUPLICATE,
        INDUCTION,
        CURRENT,
        FIRST;

        static Score named(String label) {
            return Arrays.stream(values())
                    .filter(score -> score.label().equals(label))
                    .findFirst()
                    .orElseThrow(() -> new IllegalArgumentException(
                            "--by: expected previous, duplicate, induction, current or first, got '" + label + "'"));
        }

        String label() {
            return name().toLowerCase(Locale.ROOT);
        }

        double of(HeadScores head) {
            return switch (this) {
                case PREVIOUS -> head.previous();
                case DUPLICATE -> head.duplicate();
                case INDUCTION -> head.induction();
                case CURRENT -> head.current();
                case FIRST -> head.first();
            };
        }
    }

    private final Shell shell;

    @Mixin
    private final ModelArguments model = new ModelArguments();

    @Option(
            names = "--length",
            paramLabel = "N",
            defaultValue = "24",
            description = "Tokens of one copy. Default: ${DEFAULT-VALUE}.")
    private int length;

    @Option(
            names = "--sequences",
            paramLabel = "N",
            defaultValue = "16",
            description = "How many sequences to take the mean of. Default: ${DEFAULT-VALUE}.")
    private int sequences;

    @Option(
            names = "--seed",
            paramLabel = "N",
            defaultValue = "0",
            description = "Other random tokens. Default: ${DEFAULT-VALUE}.")
    private long seed;

    @Option(
            names = "--by",
            paramLabel = "SCORE",
            description = "Highest first: previous, duplicate, induction, current or first. Default: layer by layer.")
    private Optional<String> by = Optional.empty();

    @Option(names = "--top", paramLabel = "N", description = "So many heads. Default: all.")
    private Optional<Integer> top = Optional.empty();

    @Mixin
    private final JsonArgument json = new JsonArgument();

    HeadsCommand(Shell shell) {
        this.shell = shell;
    }

    @Override
    public Integer call() throws IOException {
        if (top.isPresent() && top.get() < 1) {
            throw new IllegalArgumentException("--top: expected above zero, got " + top.get());
        }
        Comparator<HeadScores> order = by.map(Score::named)
                .map(score -> Comparator.comparingDouble(score::of).reversed())
                .orElse(Comparator.comparingInt(HeadScores::layer));
        try (Weir weir = model.open(shell)) {
            requireRoom(weir);
            RepeatedTokens tokens =
                    RepeatedTokens.random(weir.config().vocabulary(), start(weir), length, sequences, seed);
            List<HeadScores> all = tokens.scores(weir);
            List<HeadScores> heads =
                    all.stream().sorted(order).limit(top.orElse(all.size())).toList();
            Surprise surprise = tokens.surprise(weir);
            if (json.given()) {
                Json.print(shell, json(weir, tokens, heads, surprise));
            } else {
                print(tokens, heads, surprise);
                shell.note("%s in %s on %s".formatted(weir.name(), weir.dtype().label(), weir.machine()));
            }
        }
        return ExitCode.OK;
    }

    private void requireRoom(Weir weir) {
        int room = (weir.config().context() - 1) / 2;
        if (length > room) {
            throw new IllegalArgumentException("--length: expected at most " + room
                    + ", half of the model's context of " + weir.config().context() + ", got " + length);
        }
    }

    /** What texts of the model begin with, where there is exactly one such token. */
    private static OptionalInt start(Weir weir) {
        var ends = weir.defaults().endOfText();
        return ends.size() == 1 ? OptionalInt.of(ends.iterator().next()) : OptionalInt.empty();
    }

    private void print(RepeatedTokens tokens, List<HeadScores> heads, Surprise surprise) {
        Style style = shell.style();
        var table = new Table(style).text("head", style::bold);
        for (Score score : Score.values()) {
            table.number(score.label()).beside(false, BAR, style::accent);
        }
        heads.forEach(head -> table.row(row(head.label(), head)));
        table.row(row("even", tokens.even()));
        table.print(shell.out());
        shell.out().println();
        shell.out()
                .println(style.dim("Shares of attention, means over %s of twice %s; even: looks everywhere alike."
                        .formatted(
                                Figures.counted(tokens.sequences().length, "sequence"),
                                Figures.counted(tokens.length(), "token"))));
        shell.out()
                .println(style.dim("Surprise by a token: %s nats in the first copy, %s in the second."
                        .formatted(Figures.six(surprise.first()), Figures.six(surprise.second()))));
        shell.out().flush();
    }

    private static List<String> row(String label, HeadScores head) {
        var cells = new ArrayList<>(List.of(label));
        for (Score score : Score.values()) {
            double share = score.of(head);
            cells.add(Figures.six(share));
            cells.add(Figures.bar(share, 1, BAR));
        }
        return cells;
    }

    private ObjectNode json(Weir weir, RepeatedTokens tokens, List<HeadScores> heads, Surprise surprise) {
        ObjectNode report = Json.object();
        report.put("model", weir.name()).put("dtype", weir.dtype().label()).put("machine", weir.machine());
        report.put("length", length).put("sequences", sequences).put("seed", seed);
        tokens.start().ifPresentOrElse(id -> report.put("start", id), () -> report.putNull("start"));
        report.putObject("surprise").put("first_copy", surprise.first()).put("second_copy", surprise.second());
        report.set("even", json(tokens.even()));
        ArrayNode rows = report.putArray("heads");
        for (HeadScores head : heads) {
            ObjectNode row = Json.object().put("layer", head.layer()).put("head", head.head());
            rows.add(row.setAll(json(head)));
        }
        return report;
    }

    private static ObjectNode json(HeadScores head) {
        ObjectNode scores = Json.object();
        for (Score score : Score.values()) {
            scores.put(score.label(), score.of(head));
        }
        return scores;
    }
}
