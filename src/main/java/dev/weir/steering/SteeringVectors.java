package dev.weir.steering;

import dev.weir.gguf.ControlVector;
import dev.weir.hook.Edit;
import dev.weir.hook.Edits;
import dev.weir.hook.HookPoint;
import dev.weir.hook.Site;
import dev.weir.safetensors.SafetensorsFile;
import dev.weir.safetensors.SafetensorsWriter;
import dev.weir.tensor.DType;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * Vectors to add to the stream, one for a point. In a file they are safetensors, each under its point's name, or a control vector of
 * llama.cpp, see {@link ControlVector}.
 *
 * @param vectors by point, as long as the point has values for a token
 */
public record SteeringVectors(SortedMap<HookPoint, float[]> vectors) {

    public SteeringVectors {
        vectors = Collections.unmodifiableSortedMap(new TreeMap<>(vectors));
        if (vectors.isEmpty()) {
            throw new IllegalArgumentException("steering vectors: expected at least one, got none");
        }
    }

    /**
     * The directions from negative to positive prompts, at each point.
     *
     * @throws IllegalArgumentException if the two were not read at the same points
     */
    public static SteeringVectors of(Contrast contrast, Activations positive, Activations negative) {
        var vectors = new TreeMap<HookPoint, float[]>();
        for (HookPoint point : positive.rows().keySet()) {
            vectors.put(point, contrast.direction(positive.at(point), negative.at(point)));
        }
        return new SteeringVectors(vectors);
    }

    /** The edits that add each vector at its point, so strongly, at every position. */
    public Edits edits(float strength) {
        Edits edits = Edits.NONE;
        for (Map.Entry<HookPoint, float[]> vector : vectors.entrySet()) {
            edits = edits.and(vector.getKey(), Edit.add(vector.getValue(), strength));
        }
        return edits;
    }

    /**
     * Reads a file of safetensors.
     *
     * @throws IllegalArgumentException if a tensor has not the name of a point, or is no vector
     */
    public static SteeringVectors read(Path path) throws IOException {
        try (SafetensorsFile file = SafetensorsFile.open(path)) {
            var vectors = new TreeMap<HookPoint, float[]>();
            for (SafetensorsFile.Entry entry : file.entries()) {
                if (entry.shape().size() != 1 || !entry.dtype().isModelFloat()) {
                    throw new IllegalArgumentException(
                            path + ": tensor '" + entry.name() + "': expected a vector of floats, got "
                                    + entry.dtype().label() + " " + entry.shape());
                }
                vectors.put(point(path, entry.name()), values(entry));
            }
            return new SteeringVectors(vectors);
        }
    }

    private static HookPoint point(Path path, String name) {
        try {
            return HookPoint.named(name);
        } catch (IllegalArgumentException e) {
            throw new IllegalArgumentException(path + ": " + e.getMessage(), e);
        }
    }

    private static float[] values(SafetensorsFile.Entry entry) {
        float[] values = new float[Math.toIntExact(entry.elements())];
        for (int i = 0; i < values.length; i++) {
            values[i] =
                    entry.dtype().read(entry.data(), (long) i * entry.dtype().bytes());
        }
        return values;
    }

    /**
     * Writes a file of safetensors.
     *
     * @param about what it says of itself, free text by key
     */
    public void write(Path target, Map<String, String> about) throws IOException {
        List<SafetensorsFile.Entry> entries = new ArrayList<>();
        vectors.forEach((point, vector) -> entries.add(new SafetensorsFile.Entry(
                point.name(), DType.FLOAT32, List.of((long) vector.length), MemorySegment.ofArray(vector))));
        SafetensorsWriter.write(target, about, entries);
    }

    /** A control vector, whose direction of layer l is added to the stream as it leaves block l. */
    public static SteeringVectors of(ControlVector control) {
        var vectors = new TreeMap<HookPoint, float[]>();
        control.directions().forEach((layer, vector) -> vectors.put(HookPoint.of(layer, Site.RESID_POST), vector));
        return new SteeringVectors(vectors);
    }

    /**
     * As a control vector, without the vector of block 0, for which it has no place.
     *
     * @param modelHint the kind of model, such as {@code gpt2}
     * @throws IllegalArgumentException if there is a vector for another point than {@code hook_resid_post}, or none after block 0
     */
    public ControlVector toControlVector(String modelHint) {
        var directions = new TreeMap<Integer, float[]>();
        vectors.forEach((point, vector) -> {
            if (point.site() != Site.RESID_POST) {
                throw new IllegalArgumentException(
                        "control vector: expected vectors for hook_resid_post, where llama.cpp adds them, got one for "
                                + point);
            }
            if (point.layer() > 0) {
                directions.put(point.layer(), vector);
            }
        });
        return new ControlVector(modelHint, directions);
    }
}
