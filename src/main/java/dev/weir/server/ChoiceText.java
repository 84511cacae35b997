package dev.weir.server;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.weir.batching.Event;
import dev.weir.batching.TokenLogprobs;
import dev.weir.engine.Generation;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** What has come of a choice, and what of that has not been told yet. */
final class ChoiceText {

    /**
     * What can be told.
     *
     * @param lens what the lens shows
     */
    record Delta(String text, List<TokenLogprobs> logprobs, List<ObjectNode> lens) {
        boolean isEmpty() {
            return text.isEmpty() && lens.isEmpty();
        }
    }

    private final Choice choice;
    private final StringBuilder text = new StringBuilder();
    private final List<TokenLogprobs> logprobs = new ArrayList<>();
    private final List<ObjectNode> lens = new ArrayList<>();
    private int length;
    private int sharedTokens;
    private List<TokenLogprobs> promptLogprobs = List.of();
    private Optional<Generation> generation = Optional.empty();
    private Optional<TraceFiles.Published> trace = Optional.empty();

    ChoiceText(Choice choice) {
        this.choice = choice;
    }

    Choice choice() {
        return choice;
    }

    /** Takes in what happened. */
    void add(Piece.Further piece) {
        lens.addAll(piece.lens());
        switch (piece.event()) {
            case Event.Read read -> {
                sharedTokens = read.sharedTokens();
                promptLogprobs = read.logprobs();
            }
            case Event.Token token -> {
                append(token.text());
                token.logprobs().ifPresent(logprobs::add);
            }
            case Event.Ended ended -> {
                generation = Optional.of(ended.generation());
                append(ended.generation().text().substring(length));
                trace = piece.trace();
            }
        }
    }

    private void append(String more) {
        text.append(more);
        length += more.length();
    }

    /** What has not been told; it counts as told then. */
    Delta take() {
        var delta = new Delta(text.toString(), List.copyOf(logprobs), List.copyOf(lens));
        text.setLength(0);
        logprobs.clear();
        lens.clear();
        return delta;
    }

    /** Whether there is something to tell. */
    boolean hasMore() {
        return !text.isEmpty() || !lens.isEmpty();
    }

    /** Of the prompt's tokens from the second on. */
    List<TokenLogprobs> promptLogprobs() {
        return promptLogprobs;
    }

    int sharedTokens() {
        return sharedTokens;
    }

    int newTokens() {
        return generation.map(made -> made.tokens().size()).orElse(0);
    }

    boolean isEnded() {
        return generation.isPresent();
    }

    /** Why it ended, in OpenAI's words; and in {@code stop_reason}, if they have no word for it. */
    void putEnd(ObjectNode json) {
        Generation.FinishReason reason = generation.orElseThrow().finishReason();
        switch (reason) {
            case END_OF_TEXT, STOP -> json.put("finish_reason", "stop");
            case LENGTH -> json.put("finish_reason", "length");
            case DEADLINE -> json.put("finish_reason", "length").put("stop_reason", "time_limit");
            case CANCELLED -> json.put("finish_reason", "length").put("stop_reason", "cancelled");
        }
    }

    /** What was asked of the residual stream, if anything. */
    void putInsight(ObjectNode json, List<ObjectNode> seen) {
        if (!seen.isEmpty()) {
            ArrayNode rows = json.withObject("/weir").putArray("lens");
            seen.forEach(rows::add);
        }
        trace.filter(file -> isEnded()).ifPresent(file -> json.withObject("/weir")
                .putObject("trace")
                .put("url", "/traces/" + file.id() + ".safetensors")
                .put("bytes", file.bytes())
                .put("sha256", file.sha256()));
    }
}
