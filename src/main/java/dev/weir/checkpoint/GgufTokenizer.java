package dev.weir.checkpoint;

import com.fasterxml.jackson.databind.JsonNode;
import dev.weir.gguf.GgufValue;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SequencedMap;
import java.util.TreeMap;

/**
 * A byte-level BPE tokenizer as the metadata of a GGUF file have it.
 *
 * @param pieces by id, bytes as GPT-2 spells them
 * @param special the ids of {@code pieces} that are no text
 * @param merges two pieces and a space between them, the first one first
 */
public record GgufTokenizer(Map<Integer, String> pieces, List<Integer> special, List<String> merges) {

    private static final String FILE = "tokenizer.json";
    private static final String END_OF_TEXT = "<|endoftext|>";
    private static final String PREFIX = "tokenizer.ggml.";

    /** llama.cpp's enum {@code llama_token_type}. */
    private static final int NORMAL = 1;

    private static final int CONTROL = 3;
    private static final int UNUSED = 5;

    public GgufTokenizer {
        pieces = Map.copyOf(pieces);
        special = List.copyOf(special);
        merges = List.copyOf(merges);
    }

    /**
     * Reads the {@code tokenizer.json} of a model's folder.
     *
     * @return empty if the folder has none
     * @throws CheckpointException if it is not a byte-level BPE
     */
    public static Optional<GgufTokenizer> of(Path folder) throws IOException {
        Path file = folder.resolve(FILE);
        return Files.isRegularFile(file) ? Optional.of(of(JsonFile.read(file))) : Optional.empty();
    }

    private static GgufTokenizer of(JsonFile file) {
        JsonNode model = file.field("model");
        JsonNode splitting = file.field("pre_tokenizer");
        if (!model.path("type").asText().equals("BPE")
                || !splitting.path("type").asText().equals("ByteLevel")) {
            throw CheckpointException.in(file.path(), "tokenizer", "a byte-level BPE", "another kind");
        }
        var pieces = new TreeMap<Integer, String>();
        model.path("vocab")
                .properties()
                .forEach(piece -> pieces.put(piece.getValue().asInt(), piece.getKey()));
        var special = new ArrayList<Integer>();
        for (JsonNode added : file.field("added_tokens")) {
            special.add(added.path("id").asInt());
            pieces.put(added.path("id").asInt(), added.path("content").asText());
        }
        var merges = new ArrayList<String>();
        model.path("merges").forEach(merge -> merges.add(merge(merge)));
        return new GgufTokenizer(pieces, special, merges);
    }

    /** Newer files have a list of two pieces, older ones a text. */
    private static String merge(JsonNode merge) {
        return merge.isTextual()
                ? merge.textValue()
                : merge.path(0).asText() + " " + merge.path(1).asText();
    }

    /**
     * What a file says of its tokenizer.
     *
     * @param vocabulary rows of the model's embedding; those that no token has get a name that no text has
     * @throws IllegalArgumentException if there are tokens beyond them
     */
    SequencedMap<String, GgufValue> metadata(int vocabulary) {
        var texts = new ArrayList<String>();
        var types = new ArrayList<Integer>();
        for (int id = 0; id < vocabulary; id++) {
            String piece = pieces.get(id);
            texts.add(piece == null ? "[PAD" + id + "]" : piece);
            types.add(piece == null ? UNUSED : special.contains(id) ? CONTROL : NORMAL);
        }
        if (!pieces.keySet().stream().allMatch(id -> id >= 0 && id < vocabulary)) {
            throw new IllegalArgumentException("tokenizer: expected ids below " + vocabulary
                    + ", the vocabulary of the model, got " + pieces.size() + " tokens with others among them");
        }
        var metadata = new LinkedHashMap<String, GgufValue>();
        metadata.put(PREFIX + "model", GgufValue.of("gpt2"));
        metadata.put(PREFIX + "pre", GgufValue.of("gpt-2"));
        metadata.put(PREFIX + "tokens", GgufValue.texts(texts));
        metadata.put(PREFIX + "token_type", GgufValue.wholes(types));
        metadata.put(PREFIX + "merges", GgufValue.texts(merges));
        int end = texts.indexOf(END_OF_TEXT);
        if (end >= 0) {
            metadata.put(PREFIX + "bos_token_id", GgufValue.count(end));
            metadata.put(PREFIX + "eos_token_id", GgufValue.count(end));
        }
        metadata.put(PREFIX + "add_bos_token", GgufValue.of(false));
        return metadata;
    }

    /** What a file says that takes and gives token ids only. */
    static SequencedMap<String, GgufValue> none() {
        var metadata = new LinkedHashMap<String, GgufValue>();
        metadata.put(PREFIX + "model", GgufValue.of("none"));
        return metadata;
    }
}
