package dev.weir.cli;

import dev.weir.engine.Prompt;
import dev.weir.engine.Weir;
import dev.weir.patching.PromptPair;
import java.util.ArrayList;
import java.util.List;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** The clean prompt and the corrupted one. */
final class PairArguments {

    @Parameters(
            paramLabel = "CLEAN CORRUPTED",
            arity = "0..*",
            description = "The prompt that is answered well, and the one in which its activations are put in place.")
    private List<String> texts = new ArrayList<>();

    @Option(
            names = "--token-ids",
            paramLabel = "IDS",
            arity = "2",
            description = "Both as token ids joined by commas; needs no tokenizer.")
    private List<String> ids = new ArrayList<>();

    /** @throws IllegalArgumentException if there are not two prompts, said in one way */
    void requireGiven(String command) {
        if (texts.isEmpty() == ids.isEmpty()) {
            throw new IllegalArgumentException("prompts: expected CLEAN and CORRUPTED or --token-ids, got "
                    + (texts.isEmpty() ? "none" : "both") + "; for example: " + command
                    + " \"The girl ran.\" \"The boy ran.\" --answer \" She\" --other \" He\"");
        }
        int given = texts.size() + ids.size();
        if (given != 2) {
            throw new IllegalArgumentException(
                    "prompts: expected two, CLEAN and CORRUPTED in quotes, got " + Figures.counted(given, "text"));
        }
    }

    /** The tokens of both. */
    PromptPair read(Weir weir) {
        List<List<Integer>> tokens = ids.isEmpty()
                ? texts.stream().map(text -> weir.encode(Prompt.of(text))).toList()
                : ids.stream()
                        .map(joined -> weir.encode(PromptArguments.parseIds(joined)))
                        .toList();
        return new PromptPair(tokens.getFirst(), tokens.getLast());
    }
}
