package dev.weir.cli;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.stream.IntStream;

/** A model of two blocks whose 97 tokens are the printable characters of ASCII, a line break, and the end of the text. */
final class TinyModel {

    static final int LAYERS = 2;
    static final int WIDTH = 30;
    static final int VOCABULARY = 97;
    static final int CONTEXT = 24;

    private static final Path WEIGHTS = Path.of("src/test/resources/models/plain");

    private TinyModel() {}

    /** Writes it into a folder. */
    static Path in(Path folder) throws IOException {
        Path model = Files.createDirectories(folder.resolve("tiny"));
        copyWeights(model);
        var vocabulary = new LinkedHashMap<String, Integer>();
        vocabulary.put("</s>", 0);
        vocabulary.put("\n", 1);
        IntStream.range(2, VOCABULARY).forEach(id -> vocabulary.put(String.valueOf((char) (' ' + id - 2)), id));
        Json.MAPPER.writeValue(model.resolve("vocab.json").toFile(), vocabulary);
        return model;
    }

    /** Writes it into a folder, without its tokenizer. */
    static Path mute(Path folder) throws IOException {
        Path model = Files.createDirectories(folder.resolve("mute"));
        copyWeights(model);
        return model;
    }

    private static void copyWeights(Path model) throws IOException {
        for (String name : new String[] {"config.json", "model.safetensors"}) {
            Files.copy(WEIGHTS.resolve(name), model.resolve(name));
        }
    }
}
