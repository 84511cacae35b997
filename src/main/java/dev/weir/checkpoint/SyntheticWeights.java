package dev.weir.checkpoint;

import dev.weir.backend.WeightView;
import dev.weir.model.ModelConfig;
import dev.weir.model.Weights;
import dev.weir.program.Activation;
import dev.weir.safetensors.Declaration;
import dev.weir.safetensors.SafetensorsFile;
import dev.weir.safetensors.SafetensorsWriter;
import dev.weir.tensor.DType;
import dev.weir.tensor.Tensor;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * Weights of any size without a file, for benchmarks and tests: GPT-2's initialisation, with small noise where that has zeros and
 * ones, so that no bias can be lost unseen. The head is tied. A value depends on seed, tensor and index alone, so it is the same
 * for any number of threads.
 */
public final class SyntheticWeights implements ModelSource {

    private static final long ALIGNMENT = 64;
    private static final Map<String, ModelConfig> SHAPES = shapes();

    private final String name;
    private final ModelConfig config;
    private final DType type;
    private final Arena arena = Arena.ofShared();
    private final MemorySegment data;
    private final Map<String, SafetensorsFile.Entry> entries = new LinkedHashMap<>();
    private Optional<String> sha256 = Optional.empty();

    /**
     * Makes the weights of a model, with all cores, outside the heap.
     *
     * @param name what {@link #name()} says
     * @param type of every weight: float32, float16 or bfloat16
     */
    public SyntheticWeights(String name, ModelConfig config, DType type, long seed) {
        if (!type.isModelFloat()) {
            throw new IllegalArgumentException(
                    "synthetic weights: expected float32, float16 or bfloat16, got " + type.label());
        }
        this.name = name;
        this.config = config;
        this.type = type;
        List<Declaration> tensors = layout(Weights.of(config, type)).stream()
                .map(tensor -> new Declaration(tensor.name(), type, tensor.shape()))
                .toList();
        data = arena.allocate(tensors.stream().mapToLong(SyntheticWeights::room).sum(), ALIGNMENT);
        long begin = 0;
        for (Declaration tensor : tensors) {
            MemorySegment bytes = data.asSlice(begin, tensor.bytes());
            entries.put(tensor.name(), new SafetensorsFile.Entry(tensor.name(), type, tensor.shape(), bytes));
            begin += room(tensor);
        }
        fill(seed);
    }

    /**
     * A published shape of the family.
     *
     * @param name {@code gpt2}, {@code gpt2-medium}, {@code gpt2-large} or {@code gpt2-xl}
     * @throws IllegalArgumentException for another name
     */
    public static ModelConfig shape(String name) {
        return Optional.ofNullable(SHAPES.get(name))
                .orElseThrow(() -> new IllegalArgumentException(
                        "shape '" + name + "': expected one of " + String.join(", ", SHAPES.keySet())));
    }

    /** Radford et al. 2019, table 2. */
    private static Map<String, ModelConfig> shapes() {
        var shapes = new LinkedHashMap<String, ModelConfig>();
        shapes.put("gpt2", published(12, 768, 12));
        shapes.put("gpt2-medium", published(24, 1024, 16));
        shapes.put("gpt2-large", published(36, 1280, 20));
        shapes.put("gpt2-xl", published(48, 1600, 25));
        return shapes;
    }

    private static ModelConfig published(int layers, int width, int heads) {
        return new ModelConfig(50257, 1024, width, layers, heads, 4 * width, Activation.GELU_NEW, 1e-5f, true, false);
    }

    private static long room(Declaration tensor) {
        return Math.ceilDiv(tensor.bytes(), ALIGNMENT) * ALIGNMENT;
    }

    private void fill(long seed) {
        var runs = new ArrayList<Noise.Run>();
        int stream = 0;
        for (SafetensorsFile.Entry entry : entries.values()) {
            new Noise(entry.data(), type, Noise.key(seed, stream++), centre(entry.name()), deviation(entry.name()))
                    .addRuns(runs);
        }
        runs.parallelStream().forEach(Noise.Run::fill);
    }

    /**
     * Writes the weights as Hugging Face lays a model out, so that {@link Checkpoint} or another engine can open the same ones.
     *
     * @param folder is made if it is not there; files in it that have the same names are replaced
     */
    public void save(Path folder) throws IOException {
        Files.createDirectories(folder);
        Files.writeString(folder.resolve(Gpt2ConfigFile.FILE), new Gpt2ConfigFile(config, true).text());
        SafetensorsWriter.write(
                folder.resolve("model.safetensors"), Map.of("format", "pt"), List.copyOf(entries.values()));
    }

    private static float centre(String tensor) {
        return tensor.matches("(.*\\.)?ln_\\w+\\.weight") ? 1 : 0;
    }

    /** 0.02, and for what adds to the stream 0.02 / sqrt(number of additions): Radford et al. 2019, section 2.3. */
    private float deviation(String tensor) {
        return (float) (tensor.endsWith("c_proj.weight") ? 0.02 / Math.sqrt(2.0 * config.layers()) : 0.02);
    }

    private List<Gpt2Layout.FileTensor> layout(Weights names) {
        return Gpt2Layout.of(config, names, true, "");
    }

    @Override
    public String name() {
        return name;
    }

    @Override
    public ModelConfig config() {
        return config;
    }

    @Override
    public GenerationConfig generationConfig() {
        return GenerationConfig.DEFAULT;
    }

    @Override
    public DType type() {
        return type;
    }

    @Override
    public Map<Tensor, WeightView> views(Weights names) {
        return Gpt2Layout.bind(layout(names), tensor -> Optional.ofNullable(entries.get(tensor))
                .orElseThrow());
    }

    /** Of the bytes in memory; it is computed when it is first asked for. */
    @Override
    public synchronized String sha256() {
        if (sha256.isEmpty()) {
            sha256 = Optional.of(Sha256.of(data));
        }
        return sha256.get();
    }

    @Override
    public void close() {
        arena.close();
    }
}
