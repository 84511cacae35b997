package dev.weir.cli;

import dev.weir.engine.Prompt;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** What to continue or to trace: exactly one of four ways to say it. */
final class PromptArguments {

    @Parameters(paramLabel = "PROMPT", arity = "0..*", description = "The text to begin with, in quotes.")
    private List<String> positional = new ArrayList<>();

    @Option(names = "--prompt", paramLabel = "TEXT", description = "The same as PROMPT.")
    private Optional<String> text = Optional.empty();

    @Option(
            names = "--token-ids",
            paramLabel = "IDS",
            description = "The prompt as token ids joined by commas, 464,2068,7586; needs no tokenizer.")
    private Optional<String> tokenIds = Optional.empty();

    @Option(
            names = "--prompts",
            paramLabel = "FILE",
            description = "Many prompts: a file with one {\"prompt\": \"...\"} or {\"token_ids\": [...]} a line,"
                    + " with \"edits\" of its own if it has any; or a .txt file with one text a line.")
    private Optional<Path> file = Optional.empty();

    /** Whether there is one, said in whatever way. */
    boolean given() {
        return !ways().isEmpty();
    }

    private List<String> ways() {
        var ways = new ArrayList<String>();
        positional.stream().limit(1).forEach(text -> ways.add("PROMPT"));
        text.ifPresent(value -> ways.add("--prompt"));
        tokenIds.ifPresent(value -> ways.add("--token-ids"));
        file.ifPresent(value -> ways.add("--prompts"));
        return ways;
    }

    /**
     * The prompts, for a command that makes no edits.
     *
     * @param command that asks, for an example
     * @throws IllegalArgumentException if they are not said in exactly one way, or not well
     */
    List<Prompt> read(String command) {
        return lines(command).stream().map(PromptLine::unedited).toList();
    }

    /** The prompts, and the edits of each. */
    List<PromptLine> lines(String command) {
        List<String> given = ways();
        if (given.size() != 1) {
            throw new IllegalArgumentException(
                    "prompt: expected one of PROMPT, --prompt, --token-ids and --prompts, got "
                            + (given.isEmpty() ? "none" : String.join(" and ", given)) + "; for example: "
                            + command + " \"Once upon a time\"");
        }
        if (positional.size() > 1) {
            throw new IllegalArgumentException("PROMPT: expected one text, got " + positional.size()
                    + " words; put quotes around it: \"" + String.join(" ", positional) + "\"");
        }
        if (file.isPresent()) {
            return PromptFile.read(file.get());
        }
        return List.of(PromptLine.of(tokenIds.map(PromptArguments::parseIds)
                .orElseGet(() -> Prompt.of(text.orElseGet(positional::getFirst)))));
    }

    /** A prompt of token ids joined by commas. */
    static Prompt parseIds(String joined) {
        return Prompt.of(Arrays.stream(joined.split(",", -1))
                .map(String::strip)
                .mapToInt(id -> {
                    if (!id.matches("\\d{1,9}")) {
                        throw new IllegalArgumentException("--token-ids '" + joined
                                + "': expected ids joined by commas such as 464,2068, got '" + id + "'");
                    }
                    return Integer.parseInt(id);
                })
                .toArray());
    }
}
