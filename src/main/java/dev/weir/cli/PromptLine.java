package dev.weir.cli;

import com.fasterxml.jackson.databind.JsonNode;
import dev.weir.edit.EditLanguage;
import dev.weir.engine.Prompt;
import dev.weir.hook.Dimensions;
import dev.weir.hook.Edits;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Optional;

/**
 * A prompt as somebody asked for it, before a model is there to say what its edits mean.
 *
 * @param place where it stands, for errors
 * @param edits of this prompt alone, in JSON
 * @param folder in which files that the edits name are looked for
 */
record PromptLine(Prompt prompt, String place, Optional<JsonNode> edits, Path folder) {

    /** One that has no edits of its own. */
    static PromptLine of(Prompt prompt) {
        return new PromptLine(prompt, "", Optional.empty(), Path.of(""));
    }

    /** The prompt, for a command that makes no edits. */
    Prompt unedited() {
        if (edits.isPresent()) {
            throw new IllegalArgumentException(place + "expected no edits, for this command makes none, got "
                    + Lines.clip(edits.get().toString(), 60));
        }
        return prompt;
    }

    /** What is changed for it alone. */
    Edits edits(Dimensions dimensions) throws IOException {
        if (edits.isEmpty()) {
            return Edits.NONE;
        }
        try {
            return new EditLanguage(dimensions).parse(edits.get(), folder);
        } catch (IllegalArgumentException e) {
            throw new IllegalArgumentException(place + e.getMessage(), e);
        }
    }
}
