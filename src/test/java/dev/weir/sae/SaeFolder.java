package dev.weir.sae;

import dev.weir.safetensors.SafetensorsFile.Entry;
import dev.weir.safetensors.SafetensorsWriter;
import dev.weir.tensor.DType;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Random;
import java.util.stream.Collectors;

/** An autoencoder with random weights, as SAELens would have saved it. */
public final class SaeFolder {

    public final Map<String, float[]> tensors = new LinkedHashMap<>();
    private final Map<String, List<Long>> shapes = new LinkedHashMap<>();
    private final Map<String, String> fields = new LinkedHashMap<>();
    public final int inputs;
    public final int features;

    public SaeFolder(String architecture, String point, int inputs, int features, long seed) {
        this.inputs = inputs;
        this.features = features;
        var random = new Random(seed);
        tensor("W_enc", random, 0.4f, inputs, features);
        tensor("b_enc", random, 0.3f, features);
        tensor("W_dec", random, 0.4f, features, inputs);
        tensor("b_dec", random, 0.3f, inputs);
        if (architecture.equals("jumprelu")) {
            tensor("threshold", random, 0.5f, features);
        }
        with("architecture", "\"" + architecture + "\"");
        with("d_in", String.valueOf(inputs)).with("d_sae", String.valueOf(features));
        with("metadata", "{\"hook_name\": \"" + point + "\", \"sae_lens_version\": \"6.12.1\"}");
        if (architecture.equals("topk")) {
            with("k", "4");
        }
    }

    private void tensor(String name, Random random, float size, int... shape) {
        int count = 1;
        var extents = new ArrayList<Long>();
        for (int extent : shape) {
            count *= extent;
            extents.add((long) extent);
        }
        float[] values = new float[count];
        for (int i = 0; i < count; i++) {
            values[i] = (float) random.nextGaussian() * size;
        }
        tensors.put(name, values);
        shapes.put(name, extents);
    }

    /** A tensor that is there besides, or in place of one. */
    public SaeFolder tensor(String name, float... values) {
        tensors.put(name, values);
        shapes.put(name, List.of((long) values.length));
        return this;
    }

    /** A field of the config, as JSON. */
    public SaeFolder with(String key, String json) {
        fields.put(key, json);
        return this;
    }

    public SaeFolder without(String key) {
        fields.remove(key);
        tensors.remove(key);
        return this;
    }

    /** Writes it into a folder. */
    public Path write(Path folder) throws IOException {
        Files.createDirectories(folder);
        String json = fields.entrySet().stream()
                .map(e -> "\"" + e.getKey() + "\": " + e.getValue())
                .collect(Collectors.joining(", ", "{", "}"));
        Files.writeString(folder.resolve("cfg.json"), json);
        var entries = new ArrayList<Entry>();
        tensors.forEach((name, values) -> entries.add(new Entry(
                name, DType.FLOAT32, Objects.requireNonNull(shapes.get(name)), MemorySegment.ofArray(values))));
        SafetensorsWriter.write(folder.resolve("sae_weights.safetensors"), Map.of(), entries);
        return folder;
    }
}
