package dev.weir.cli;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.weir.engine.Prompt;
import dev.weir.engine.Weir;
import dev.weir.lens.Perplexity;
import dev.weir.lens.Perplexity.Score;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.ExitCode;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** How well a model predicts texts. */
@Command(
        name = "perplexity",
        mixinStandardHelpOptions = true,
        sortOptions = false,
        header = "Measures how well a model predicts texts: perplexity, and bits per byte.",
        description = {
            "Each text stands alone, after the token that ends texts if the model has one. What is longer than a",
            "window is read in windows that move on by a stride, and of each the tokens are counted that no",
            "window before it has. Compare types of weights by it: --dtype int8 beside the default."
        },
        footerHeading = "%nExamples:%n",
        footer = {
            "  weir perplexity --prompts stories.jsonl",
            "  weir perplexity --prompts stories.jsonl --dtype int8",
            "  weir perplexity \"Once upon a time there was a little girl.\" --json"
        })
final class PerplexityCommand implements Callable<Integer> {

    private final Shell shell;

    @Mixin
    private final PromptArguments prompts = new PromptArguments();

    @Mixin
    private final ModelArguments model = new ModelArguments();

    @Option(names = "--window", paramLabel = "N", description = "Tokens of a window. Default: the model's context.")
    private Optional<Integer> window = Optional.empty();

    @Option(
            names = "--stride",
            paramLabel = "N",
            description = "Tokens by which windows move on. Default: half a window.")
    private Optional<Integer> stride = Optional.empty();

    @Mixin
    private final JsonArgument json = new JsonArgument();

    PerplexityCommand(Shell shell) {
        this.shell = shell;
    }

    @Override
    public Integer call() throws IOException {
        List<Prompt> texts = prompts.read(shell.launcher() + " perplexity");
        try (Weir weir = model.open(shell)) {
            int tokens = window.orElse(weir.config().context());
            var perplexity = new Perplexity(weir, tokens, stride.orElse(Math.max(1, tokens / 2)));
            List<List<Integer>> ids =
                    texts.stream().map(text -> afterEnd(weir, text)).toList();
            show(weir, texts.size(), score(perplexity, ids), bytes(texts));
        }
        return ExitCode.OK;
    }

    /** The ids of a text, after the token that ends the text before it. */
    private static List<Integer> afterEnd(Weir weir, Prompt text) {
        var ids = new ArrayList<Integer>();
        weir.defaults().endOfText().stream().sorted().findFirst().ifPresent(ids::add);
        ids.addAll(weir.encode(text));
        return ids;
    }

    private Score score(Perplexity perplexity, List<List<Integer>> texts) {
        long predicted = texts.stream().mapToLong(ids -> ids.size() - 1L).sum();
        if (predicted == 0) {
            throw new IllegalArgumentException("perplexity: expected a text of two tokens or more, got one");
        }
        Score score = Score.NONE;
        try (Progress progress = Progress.of(shell, "perplexity", predicted)) {
            for (List<Integer> ids : texts) {
                score = score.plus(perplexity.of(ids, progress::advance));
            }
        }
        return score;
    }

    /** The bytes of texts in UTF-8; empty where one of them is given as ids. */
    private static OptionalLong bytes(List<Prompt> texts) {
        long bytes = 0;
        for (Prompt text : texts) {
            if (!(text instanceof Prompt.Text written)) {
                return OptionalLong.empty();
            }
            bytes += written.text().getBytes(StandardCharsets.UTF_8).length;
        }
        return OptionalLong.of(bytes);
    }

    private void show(Weir weir, int texts, Score score, OptionalLong bytes) {
        if (json.given()) {
            ObjectNode report = Json.object()
                    .put("model", weir.name())
                    .put("dtype", weir.dtype().label())
                    .put("machine", weir.machine())
                    .put("texts", texts)
                    .put("tokens", score.tokens())
                    .put("perplexity", score.perplexity());
            bytes.ifPresent(count -> report.put("bytes", count).put("bits_per_byte", score.bitsPerByte(count)));
            Json.print(shell, report);
            return;
        }
        shell.note("%s in %s on %s".formatted(weir.name(), weir.dtype().label(), weir.machine()));
        shell.out()
                .println("%s, %s".formatted(Figures.counted(texts, "text"), Figures.counted(score.tokens(), "token")));
        shell.out().println(String.format(Locale.ROOT, "perplexity     %.4f", score.perplexity()));
        bytes.ifPresent(count ->
                shell.out().println(String.format(Locale.ROOT, "bits per byte  %.4f", score.bitsPerByte(count))));
    }
}
