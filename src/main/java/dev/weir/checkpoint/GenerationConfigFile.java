package dev.weir.checkpoint;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.OptionalInt;

/** Reads a {@code generation_config.json}. Fields of strategies that Weir has not, such as beams, are not read. */
final class GenerationConfigFile {

    private static final String FILE = "generation_config.json";
    private static final String END = "eos_token_id";
    private static final int MOST = Integer.MAX_VALUE;

    private GenerationConfigFile() {}

    /**
     * As the folder's {@code generation_config.json} says; without one, the defaults with the tokens that {@code config.json} names.
     *
     * @param config the folder's {@code config.json}
     * @throws CheckpointException for a value out of range
     */
    static GenerationConfig read(Path folder, JsonFile config) throws IOException {
        Path file = folder.resolve(FILE);
        if (Files.exists(file)) {
            return of(JsonFile.read(file));
        }
        GenerationConfig d = GenerationConfig.DEFAULT;
        return new GenerationConfig(
                d.doSample(),
                d.temperature(),
                d.topK(),
                d.topP(),
                d.minP(),
                d.repetitionPenalty(),
                d.maxNewTokens(),
                config.wholeNumbers(END, 0, MOST));
    }

    private static GenerationConfig of(JsonFile json) {
        GenerationConfig d = GenerationConfig.DEFAULT;
        return new GenerationConfig(
                json.flag("do_sample", d.doSample()),
                json.number("temperature", d.temperature(), 0, Float.MAX_VALUE),
                json.wholeNumber("top_k", 0, MOST).orElse(d.topK()),
                json.number("top_p", d.topP(), 0, 1),
                json.number("min_p", d.minP(), 0, 1),
                json.number("repetition_penalty", d.repetitionPenalty(), Float.MIN_VALUE, Float.MAX_VALUE),
                json.wholeNumber("max_new_tokens", 1, MOST).map(OptionalInt::of).orElse(OptionalInt.empty()),
                json.wholeNumbers(END, 0, MOST));
    }
}
