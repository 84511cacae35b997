package dev.weir.engine;

import dev.weir.checkpoint.GenerationConfig;
import dev.weir.hook.Edits;
import dev.weir.model.ModelConfig;
import dev.weir.tokenizer.Tokenizer;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/** Reads prompts as a model takes them, and refuses what it cannot honour before anything runs. */
final class PromptReader {

    private static final int DEFAULT_NEW_TOKENS = 128;

    private final ModelConfig config;
    private final GenerationConfig defaults;
    private final Optional<Tokenizer> tokenizer;

    PromptReader(ModelConfig config, GenerationConfig defaults, Optional<Tokenizer> tokenizer) {
        this.config = config;
        this.defaults = defaults;
        this.tokenizer = tokenizer;
    }

    /** The ids of a prompt: at least one, and each in the vocabulary. */
    List<Integer> encode(Prompt prompt) {
        int[] ids = ids(prompt);
        for (int id : ids) {
            if (id < 0 || id >= config.vocabulary()) {
                throw new IllegalArgumentException(
                        "token id " + id + ": expected one below the vocabulary size " + config.vocabulary());
            }
        }
        if (ids.length == 0) {
            throw new IllegalArgumentException("prompt: expected at least one token, got an empty one");
        }
        return Arrays.stream(ids).boxed().toList();
    }

    private int[] ids(Prompt prompt) {
        return switch (prompt) {
            case Prompt.Tokens tokens -> tokens.ids();
            case Prompt.Text text ->
                tokenizer
                        .orElseThrow(() -> new IllegalArgumentException(
                                "prompt '" + text.text() + "': the model has no tokenizer, expected token ids"))
                        .encode(text.text());
            case Prompt.Edited edited -> ids(edited.prompt());
        };
    }

    /** Prompts for one forward pass and nothing else. */
    List<Sequence> toLookAt(List<Prompt> prompts) {
        requireAny(prompts);
        return prompts.stream().map(p -> toLookAt(encode(p), p.edits())).toList();
    }

    private Sequence toLookAt(List<Integer> prompt, Edits edits) {
        if (prompt.size() > config.context()) {
            throw new IllegalArgumentException("prompt: expected at most the " + config.context()
                    + " positions of the model's context, got " + prompt.size() + " tokens");
        }
        return new Sequence(prompt, 0, Sampling.GREEDY, Set.of(), edits, Optional.empty());
    }

    /** Prompts that tokens are to follow. */
    List<Sequence> toContinue(List<Prompt> prompts, GenerationOptions options) {
        requireAny(prompts);
        if (tokenizer.isEmpty() && !options.stop().isEmpty()) {
            throw new IllegalArgumentException(
                    "stop " + options.stop() + ": the model has no tokenizer, expected no stop texts");
        }
        return prompts.stream()
                .map(p -> toContinue(encode(p), p.edits(), options))
                .toList();
    }

    private Sequence toContinue(List<Integer> prompt, Edits edits, GenerationOptions options) {
        int room = config.context() - prompt.size() + 1;
        if (room <= 0 || options.maxNewTokens().orElse(1) > room) {
            throw new IllegalArgumentException("prompt of " + prompt.size() + " tokens and "
                    + options.maxNewTokens().orElse(1) + " new: expected at most " + config.context()
                    + " positions, the model's context; at most " + Math.max(0, room) + " new tokens fit");
        }
        options.sampling().requireFits(config.vocabulary());
        int wanted = options.maxNewTokens().orElse(defaults.maxNewTokens().orElse(DEFAULT_NEW_TOKENS));
        return new Sequence(
                prompt,
                Math.min(wanted, room),
                options.sampling(),
                options.endOfText(),
                edits,
                tokenizer.map(t -> new TextAssembly(t, options.stop())));
    }

    private static void requireAny(List<Prompt> prompts) {
        if (prompts.isEmpty()) {
            throw new IllegalArgumentException("prompts: expected at least one, got none");
        }
    }
}
