package dev.weir.gguf;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Steering vectors as llama.cpp and repeng exchange them: {@code direction.{l}} is added to the stream as it leaves block l, counted
 * from 0. That of block 0 cannot be given, for the loader of llama.cpp refuses it: the least layer is 1. Source: {@code
 * common_control_vector_load} and {@code llama_adapter_cvec::apply} in llama.cpp, {@code ControlVector.export_gguf} in repeng.
 *
 * @param modelHint the kind of model that it was made for, such as {@code gpt2}; nobody checks it
 * @param directions by layer, all of one length
 */
public record ControlVector(String modelHint, SortedMap<Integer, float[]> directions) {

    /** What {@code general.architecture} says of such a file. */
    public static final String ARCHITECTURE = "controlvector";

    private static final String MODEL_HINT = ARCHITECTURE + ".model_hint";
    private static final String LAYER_COUNT = ARCHITECTURE + ".layer_count";
    private static final String GENERAL_ARCHITECTURE = "general.architecture";
    private static final Pattern DIRECTION = Pattern.compile("direction\\.(\\d{1,6})");

    /** @throws IllegalArgumentException for no direction, one of block 0, or directions of several lengths */
    public ControlVector {
        directions = Collections.unmodifiableSortedMap(new TreeMap<>(directions));
        if (directions.isEmpty() || directions.firstKey() < 1) {
            throw new IllegalArgumentException("control vector: expected directions of layers from 1 on, got "
                    + (directions.isEmpty() ? "none" : "one of layer " + directions.firstKey()));
        }
        long lengths = directions.values().stream()
                .mapToInt(direction -> direction.length)
                .distinct()
                .count();
        if (lengths > 1) {
            throw new IllegalArgumentException(
                    "control vector: expected directions of one length, got " + lengths + " lengths");
        }
    }

    /**
     * Reads a file.
     *
     * @throws GgufException if it is not one of a control vector
     */
    public static ControlVector read(Path path) throws IOException {
        try (GgufFile file = GgufFile.open(path)) {
            String architecture = file.text(GENERAL_ARCHITECTURE).orElse("none");
            if (!architecture.equals(ARCHITECTURE)) {
                throw new GgufException(
                        path, GENERAL_ARCHITECTURE, "'" + ARCHITECTURE + "'", GgufException.quoted(architecture));
            }
            var directions = new TreeMap<Integer, float[]>();
            for (GgufTensor tensor : file.tensors()) {
                directions.put(layer(path, tensor), tensor.floats());
            }
            return checked(path, file.text(MODEL_HINT).orElse(""), directions);
        }
    }

    private static int layer(Path path, GgufTensor tensor) {
        String place = "tensor " + GgufException.quoted(tensor.name());
        Matcher matcher = DIRECTION.matcher(tensor.name());
        if (!matcher.matches()) {
            throw new GgufException(path, place, "a name such as direction.1", "this one");
        }
        if (tensor.shape().size() != 1) {
            throw new GgufException(path, place, "a vector", tensor.shape().toString());
        }
        return Integer.parseInt(matcher.group(1));
    }

    private static ControlVector checked(Path path, String modelHint, SortedMap<Integer, float[]> directions) {
        try {
            return new ControlVector(modelHint, directions);
        } catch (IllegalArgumentException e) {
            throw new IllegalArgumentException(path + ": " + e.getMessage(), e);
        }
    }

    /** Writes a file that llama.cpp loads with {@code --control-vector}. */
    public void write(Path target) throws IOException {
        var metadata = new LinkedHashMap<String, GgufValue>();
        metadata.put(GENERAL_ARCHITECTURE, GgufValue.of(ARCHITECTURE));
        metadata.put(MODEL_HINT, GgufValue.of(modelHint));
        metadata.put(LAYER_COUNT, GgufValue.count(directions.size()));
        List<GgufTensor> tensors = new ArrayList<>();
        directions.forEach((layer, direction) -> tensors.add(GgufTensor.of("direction." + layer, direction)));
        GgufWriter.write(target, metadata, tensors);
    }
}
