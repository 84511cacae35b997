package dev.weir.cli;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.weir.engine.Completion;
import dev.weir.engine.Generation;
import dev.weir.engine.Generation.FinishReason;
import dev.weir.engine.GenerationOptions;
import dev.weir.engine.Prompt;
import dev.weir.engine.Sampling;
import dev.weir.engine.Timings;
import dev.weir.engine.Weir;
import java.io.IOException;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.TreeSet;

/**
 * What is told of a generation.
 *
 * @param seedIsChosen whether the person gave no seed and must be told which it was
 */
record GenerationReport(Shell shell, Weir weir, List<Prompt> prompts, GenerationOptions options, boolean seedIsChosen) {

    /** Writes a prompt before what continues it. */
    void printPrompt(Prompt prompt) {
        shell.out().print(shell.style().dim(new Vocabulary(weir).text(prompt)));
        shell.out().flush();
    }

    /** Writes what has not been written yet: all texts, or the end of the only one; then speed and reasons. */
    void print(Completion completion, Optional<TraceFile> trace) throws IOException {
        List<Generation> generations = completion.generations();
        if (generations.size() == 1) {
            printIds(generations.getFirst());
        }
        for (int i = 0; generations.size() > 1 && i < generations.size(); i++) {
            printOne(i, generations.get(i));
        }
        shell.out().println();
        shell.out().flush();
        Timings timings = completion.timings();
        shell.note("prefill %s at %s, decode %s at %s, %s through the model"
                .formatted(
                        Figures.counted(timings.prefillRows(), "token"),
                        Figures.rate(timings.prefillTokensPerSecond()),
                        Figures.counted(timings.decodeRows(), "token"),
                        Figures.rate(timings.decodeTokensPerSecond()),
                        Figures.counted(completion.forwardRows(), "row")));
        shell.note("%s in %s on %s".formatted(weir.name(), weir.dtype().label(), weir.machine()));
        if (generations.size() == 1) {
            shell.note(ending(generations.getFirst()));
        }
        if (!options.sampling().greedy() && seedIsChosen) {
            shell.note("seed " + options.sampling().seed() + ", to repeat this with --seed "
                    + options.sampling().seed());
        }
        if (trace.isPresent()) {
            shell.note(trace.get().summary());
        }
    }

    private void printOne(int index, Generation generation) {
        shell.out()
                .println((index == 0 ? "" : "\n\n")
                        + shell.style()
                                .accent("── %d of %d ── %s".formatted(index + 1, prompts.size(), ending(generation))));
        printPrompt(prompts.get(index));
        shell.out().print(generation.text());
        printIds(generation);
    }

    /** A model without a tokenizer has no text to show. */
    private void printIds(Generation generation) {
        if (weir.tokenizer().isEmpty()) {
            generation.tokens().forEach(id -> shell.out().print(" " + id));
        }
    }

    private static String ending(Generation generation) {
        return "ended "
                + switch (generation.finishReason()) {
                    case END_OF_TEXT -> "by the end of the text";
                    case STOP -> "by a stop text";
                    case LENGTH -> "by its length";
                    case CANCELLED -> "by whoever asked";
                    case DEADLINE -> "by its time limit";
                }
                + " after " + Figures.counted(generation.tokens().size(), "token");
    }

    /** The same for a program. */
    ObjectNode json(Completion completion, Optional<TraceFile> trace) throws IOException {
        ObjectNode report = Json.object();
        report.put("model", weir.name()).put("dtype", weir.dtype().label()).put("machine", weir.machine());
        report.set("options", json(options));
        ArrayNode generations = report.putArray("generations");
        for (int i = 0; i < prompts.size(); i++) {
            generations.add(json(prompts.get(i), completion.generations().get(i)));
        }
        report.set("timings", json(completion.timings()));
        report.put("forward_rows", completion.forwardRows());
        return report.set("trace", trace.isPresent() ? trace.get().json() : report.nullNode());
    }

    private ObjectNode json(Prompt prompt, Generation generation) {
        ObjectNode node = Json.object();
        node.put("prompt", new Vocabulary(weir).text(prompt));
        node.set("prompt_tokens", Json.numbers(generation.promptTokens()));
        node.set("tokens", Json.numbers(generation.tokens()));
        node.put("text", generation.text());
        return node.put("finish_reason", label(generation.finishReason()));
    }

    private static String label(FinishReason reason) {
        return reason.name().toLowerCase(Locale.ROOT);
    }

    private static ObjectNode json(GenerationOptions options) {
        Sampling sampling = options.sampling();
        ObjectNode node = Json.object();
        options.maxNewTokens()
                .ifPresentOrElse(most -> node.put("max_new_tokens", most), () -> node.putNull("max_new_tokens"));
        node.put("greedy", sampling.greedy())
                .put("temperature", sampling.temperature())
                .put("top_k", sampling.topK())
                .put("top_p", sampling.topP())
                .put("min_p", sampling.minP())
                .put("repetition_penalty", sampling.repetitionPenalty())
                .put("frequency_penalty", sampling.frequencyPenalty())
                .put("presence_penalty", sampling.presencePenalty());
        if (sampling.greedy()) {
            node.putNull("seed");
        } else {
            node.put("seed", sampling.seed());
        }
        node.set("stop", Json.texts(options.stop()));
        node.set("end_of_text", Json.numbers(new TreeSet<>(options.endOfText())));
        return node;
    }

    static ObjectNode json(Timings timings) {
        return Json.object()
                .put("prefill_rows", timings.prefillRows())
                .put("prefill_seconds", timings.prefillNanos() / 1e9)
                .put("prefill_tokens_per_second", timings.prefillTokensPerSecond())
                .put("decode_rows", timings.decodeRows())
                .put("decode_seconds", timings.decodeNanos() / 1e9)
                .put("decode_tokens_per_second", timings.decodeTokensPerSecond());
    }
}
