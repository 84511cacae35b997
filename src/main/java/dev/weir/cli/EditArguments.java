package dev.weir.cli;

import dev.weir.edit.EditLanguage;
import dev.weir.engine.Prompt;
import dev.weir.engine.Weir;
import dev.weir.hook.Dimensions;
import dev.weir.hook.Edits;
import dev.weir.hook.Hooks;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import picocli.CommandLine.Option;

/** What is written to the stream, in sentences or in a file of them. */
final class EditArguments {

    @Option(
            names = "--edit",
            paramLabel = "EDIT",
            description = {
                "Writes to the stream: TARGET:WHAT[*STRENGTH][@POSITIONS][#HEADS], such as",
                "resid_post.2:add=joy.safetensors*4@-1.., blocks.*.attn.hook_z:zero#0+3 or blocks.3.mlp:skip.",
                "WHAT is add=FILE[:TENSOR], scale=X, zero, mean=FILE, replace=FILE, project=FILE, skip or plain.",
                "May be given several times."
            })
    private List<String> sentences = new ArrayList<>();

    @Option(
            names = "--edits",
            paramLabel = "FILE",
            description =
                    "The same from a JSON file, before those of --edit: [{\"at\": \"resid_post.2\", \"zero\": true}, ...].")
    private Optional<Path> file = Optional.empty();

    /**
     * The edits, in the order in which they are made.
     *
     * @throws IllegalArgumentException for one that a model of these dimensions, or a file, cannot honour
     */
    Edits read(Dimensions dimensions) throws IOException {
        var language = new EditLanguage(dimensions);
        Edits edits = file.isPresent() ? language.read(file.get()) : Edits.NONE;
        for (String sentence : sentences) {
            edits = edits.and(language.parse(sentence));
        }
        return edits;
    }

    /**
     * Prompts to which these edits are made, and after them those of each.
     *
     * @throws IllegalArgumentException for edits that a first step would refuse, before there is one
     */
    List<Prompt> edited(List<PromptLine> lines, Weir weir) throws IOException {
        Dimensions dimensions = weir.config().dimensions();
        Edits forAll = read(dimensions);
        var honoured = new HashSet<Step>();
        var prompts = new ArrayList<Prompt>();
        for (PromptLine line : lines) {
            Prompt prompt = line.prompt().edited(forAll.and(line.edits(dimensions)));
            int tokens = weir.encode(prompt).size();
            var step = new Step(prompt.edits().within(tokens), tokens > 1);
            if (honoured.add(step)) {
                weir.plan(step.isLong ? 2 : 1, Hooks.edit(step.edits));
            }
            prompts.add(prompt);
        }
        return prompts;
    }

    /** What a plan's edits depend on, as far as any may be refused. */
    private record Step(Edits edits, boolean isLong) {}
}
