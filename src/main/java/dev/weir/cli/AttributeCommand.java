package dev.weir.cli;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.weir.engine.Prompt;
import dev.weir.engine.Tracing;
import dev.weir.engine.Weir;
import dev.weir.hook.Trace;
import dev.weir.hook.TraceRecorder;
import dev.weir.lens.Attribution;
import dev.weir.lens.Attribution.Part;
import dev.weir.lens.Decomposition;
import dev.weir.lens.LogitDirection;
import dev.weir.lens.LogitLens;
import dev.weir.lens.ResidualStack;
import java.io.IOException;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.ExitCode;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** Who put what into a logit. */
@Command(
        name = "attribute",
        mixinStandardHelpOptions = true,
        sortOptions = false,
        header = "Says what each layer, head or neuron puts into the logit of a token.",
        description = {
            "Runs one forward pass and takes apart the logit of a token, or the difference of two: every part",
            "is what one component wrote to the stream, through the final norm's scale and the unembedding.",
            "The parts add up to the logit; what rounding leaves is shown as the remainder."
        },
        footerHeading = "%nExamples:%n",
        footer = {
            "  weir attribute \"Once upon a time\"",
            "  weir attribute \"Once upon a time\" --by heads --top 10",
            "  weir attribute \"Once upon a time\" --token \" there\" --against \",\"",
            "  weir attribute \"Once upon a time\" --by neurons.4 --top 10 --json"
        })
final class AttributeCommand implements Callable<Integer> {

    private static final int BAR = 12;
    private static final int LONGEST_PROMPT = 56;
    private static final String NEURONS = "neurons.";

    private final Shell shell;

    @Mixin
    private final PromptArguments prompts = new PromptArguments();

    @Mixin
    private final ModelArguments model = new ModelArguments();

    @Option(
            names = "--token",
            paramLabel = "TEXT",
            description = "Whose logit, by its text or as #ID. Default: the likeliest next token.")
    private Optional<String> token = Optional.empty();

    @Option(
            names = "--against",
            paramLabel = "TEXT",
            description = "Rather than this token: the difference of the two logits.")
    private Optional<String> against = Optional.empty();

    @Option(
            names = "--position",
            paramLabel = "N",
            description = "After which token of the prompt, from 0, or from the end: -1. Default: the last.")
    private int position = -1;

    @Option(
            names = "--by",
            paramLabel = "PARTS",
            defaultValue = "layers",
            description = "layers, heads, or the neurons of one layer: neurons.3. Default: ${DEFAULT-VALUE}.")
    private String by = "";

    @Option(
            names = "--top",
            paramLabel = "N",
            description = "The strongest parts only, whatever their sign. Default: all, in their order.")
    private Optional<Integer> top = Optional.empty();

    @Mixin
    private final JsonArgument json = new JsonArgument();

    AttributeCommand(Shell shell) {
        this.shell = shell;
    }

    @Override
    public Integer call() throws IOException {
        List<Prompt> asked = prompts.read(shell.launcher() + " attribute");
        if (asked.size() != 1) {
            throw new IllegalArgumentException("prompts: expected one, got " + asked.size());
        }
        if (top.isPresent() && top.get() < 1) {
            throw new IllegalArgumentException("--top: expected above zero, got " + top.get());
        }
        try (Weir weir = model.open(shell)) {
            List<Integer> tokens = weir.encode(asked.getFirst());
            int at = PromptPosition.of("--position", position, tokens.size());
            Attribution attribution = attribution(weir, asked.getFirst(), at);
            if (json.given()) {
                Json.print(shell, json(weir, tokens, attribution));
            } else {
                print(weir, tokens, attribution);
                shell.note("%s in %s on %s".formatted(weir.name(), weir.dtype().label(), weir.machine()));
            }
        }
        return ExitCode.OK;
    }

    private Attribution attribution(Weir weir, Prompt prompt, int at) {
        int layers = weir.config().layers();
        Optional<Integer> neurons = neurons(layers);
        Optional<Integer> other = against.map(text -> TokenArgument.parse(weir, "--against", text));
        Optional<Integer> wanted = token.map(text -> TokenArgument.parse(weir, "--token", text));
        Trace trace = trace(weir, prompt, at);
        int one = wanted.orElseGet(() -> likeliest(weir, trace));
        LogitDirection direction =
                other.map(two -> LogitDirection.of(weir, one, two)).orElseGet(() -> LogitDirection.of(weir, one));
        var decomposition = new Decomposition(weir, trace, 0, List.of(at));
        ResidualStack parts = neurons.map(decomposition::decomposeNeurons)
                .orElseGet(() -> by.equals("heads")
                        ? decomposition.fullResidDecomposition(layers, false)
                        : decomposition.decomposeResid(layers, false));
        return decomposition.attribution(parts, at, direction);
    }

    /** The layer whose neurons are asked for, if any. */
    private Optional<Integer> neurons(int layers) {
        if (by.equals("layers") || by.equals("heads")) {
            return Optional.empty();
        }
        if (by.matches("neurons\\.\\d{1,6}") && Integer.parseInt(by.substring(NEURONS.length())) < layers) {
            return Optional.of(Integer.valueOf(by.substring(NEURONS.length())));
        }
        throw new IllegalArgumentException(
                "--by: expected layers, heads, or neurons.0 to neurons." + (layers - 1) + ", got '" + by + "'");
    }

    private static Trace trace(Weir weir, Prompt prompt, int at) {
        String selectors = Decomposition.SELECTORS.replace(",", "@" + at + ",") + "@" + at;
        try (var recorder = new TraceRecorder()) {
            weir.forward(List.of(prompt), Tracing.of(weir.select(selectors), recorder));
            return recorder.trace();
        }
    }

    private static int likeliest(Weir weir, Trace trace) {
        String end = "blocks." + (weir.config().layers() - 1) + ".hook_resid_post";
        return new LogitLens(weir)
                .top(trace.get(end).data(), 1)
                .getFirst()
                .getFirst()
                .token();
    }

    private void print(Weir weir, List<Integer> tokens, Attribution attribution) {
        Style style = shell.style();
        var vocabulary = new Vocabulary(weir);
        shell.out()
                .println(style.bold(Lines.clip(Lines.oneLine(vocabulary.text(tokens)), LONGEST_PROMPT))
                        + style.dim("   after position " + attribution.position() + ", ")
                        + style.accent(vocabulary.token(tokens.get(attribution.position())))
                        + style.dim(", the logit of ")
                        + style.accent(vocabulary.token(attribution.token()))
                        + (attribution.against().isPresent()
                                ? style.dim(" less that of ")
                                        + style.accent(vocabulary.token(
                                                attribution.against().getAsInt()))
                                : ""));
        shell.out().println();
        table(style, attribution).print(shell.out());
        shell.out().flush();
    }

    private Table table(Style style, Attribution attribution) {
        Table table = new Table(style).text("part", style::bold).number("logit").beside(false, BAR, style::accent);
        List<Part> shown = shown(attribution);
        double longest = Math.abs(attribution.strongest().getFirst().logit());
        for (Part part : shown) {
            table.row(part.label(), signed(part.logit()), Figures.bar(Math.abs(part.logit()), longest, BAR));
        }
        int rest = attribution.parts().size() - shown.size();
        if (rest > 0) {
            double others = attribution.logit()
                    - attribution.remainder()
                    - shown.stream().mapToDouble(Part::logit).sum();
            table.row(Figures.counted(rest, "other part"), signed(others));
        }
        table.row("remainder", String.format(Locale.ROOT, "%+.1e", attribution.remainder()));
        table.row("the logit", signed(attribution.logit()));
        return table;
    }

    private List<Part> shown(Attribution attribution) {
        return top.map(count -> attribution.strongest().stream().limit(count).toList())
                .orElse(attribution.parts());
    }

    private static String signed(double logit) {
        return String.format(Locale.ROOT, "%+.3f", logit);
    }

    private ObjectNode json(Weir weir, List<Integer> tokens, Attribution attribution) {
        var vocabulary = new Vocabulary(weir);
        ObjectNode report = Json.object();
        report.put("model", weir.name()).put("dtype", weir.dtype().label()).put("machine", weir.machine());
        report.set("tokens", Json.numbers(tokens));
        report.put("text", vocabulary.text(tokens)).put("position", attribution.position());
        report.set("token", token(vocabulary, attribution.token()));
        report.set(
                "against",
                attribution.against().isPresent()
                        ? token(vocabulary, attribution.against().getAsInt())
                        : report.nullNode());
        report.put("by", by);
        Json.putFinite(report, "logit", attribution.logit());
        Json.putFinite(report, "remainder", attribution.remainder());
        ArrayNode parts = report.putArray("parts");
        for (Part part : shown(attribution)) {
            Json.putFinite(parts.addObject().put("part", part.label()), "logit", part.logit());
        }
        return report;
    }

    private static ObjectNode token(Vocabulary vocabulary, int id) {
        return Json.object().put("token", id).put("text", vocabulary.piece(id));
    }
}
