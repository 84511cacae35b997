package dev.weir.checkpoint;

import static dev.weir.checkpoint.CheckpointException.shown;

import dev.weir.backend.WeightView;
import dev.weir.model.ModelConfig;
import dev.weir.model.Weights;
import dev.weir.safetensors.SafetensorsFile;
import dev.weir.tensor.DType;
import dev.weir.tensor.Tensor;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/**
 * A model of the GPT-2 family in a folder as Hugging Face publishes it: {@code config.json}, weights in safetensors, whole or in
 * shards, and if there is one a {@code generation_config.json}. Weights are mapped, never copied; everything about them is checked
 * when the folder is opened.
 */
public final class Checkpoint implements ModelSource {

    private static final String PREFIX = "transformer.";
    private static final String HEAD = "lm_head.weight";

    /** The causal mask, which older files hold as if it were learned. */
    private static final Pattern MASK = Pattern.compile("(transformer\\.)?h\\.\\d+\\.attn\\.(masked_)?bias");

    private final Path folder;
    private final Gpt2ConfigFile config;
    private final GenerationConfig generation;
    private final WeightFiles files;
    private final String prefix;
    private Optional<String> sha256 = Optional.empty();

    private Checkpoint(Path folder, Gpt2ConfigFile config, GenerationConfig generation, WeightFiles files) {
        this.folder = folder;
        this.config = config;
        this.generation = generation;
        this.files = files;
        boolean prefixed = files.entries().keySet().stream().anyMatch(name -> name.startsWith(PREFIX));
        this.prefix = prefixed ? PREFIX : "";
    }

    /**
     * Opens a folder.
     *
     * @throws CheckpointException if it is not a model that Weir can run; every tensor at fault is listed
     * @throws dev.weir.safetensors.SafetensorsException if a weight file is damaged
     * @throws IOException if a file cannot be read
     */
    public static Checkpoint open(Path folder) throws IOException {
        Path configFile = folder.resolve(Gpt2ConfigFile.FILE);
        if (!Files.isRegularFile(configFile)) {
            throw CheckpointException.in(folder, "folder", "one with a " + Gpt2ConfigFile.FILE, "none");
        }
        JsonFile json = JsonFile.read(configFile);
        Gpt2ConfigFile config = Gpt2ConfigFile.of(json);
        GenerationConfig generation = GenerationConfigFile.read(folder, json);
        WeightFiles files = WeightFiles.open(folder);
        try {
            var checkpoint = new Checkpoint(folder, config, generation, files);
            checkpoint.requireTensors();
            return checkpoint;
        } catch (RuntimeException e) {
            files.close();
            throw e;
        }
    }

    private void requireTensors() {
        var faults = new ArrayList<String>();
        var unknown = new LinkedHashMap<>(files.entries());
        for (Gpt2Layout.FileTensor expected : layout(Weights.of(config(), DType.FLOAT32))) {
            unknown.remove(expected.name());
            fault(expected).ifPresent(faults::add);
        }
        for (SafetensorsFile.Entry entry : unknown.values()) {
            if (!MASK.matcher(entry.name()).matches() && !isEmbeddingAgain(entry)) {
                faults.add(shown(entry.name()) + ": expected no such tensor, got " + entry.shape());
            }
        }
        if (!faults.isEmpty()) {
            throw CheckpointException.ofTensors(folder, faults);
        }
    }

    private Optional<String> fault(Gpt2Layout.FileTensor expected) {
        SafetensorsFile.Entry entry = files.entries().get(expected.name());
        String place = expected.name() + ": expected " + expected.shape() + ", got ";
        if (entry == null) {
            return Optional.of(place + "no such tensor");
        }
        if (!entry.shape().equals(expected.shape())) {
            return Optional.of(place + entry.shape());
        }
        if (!entry.dtype().isModelFloat()) {
            return Optional.of(expected.name() + ": expected float32, float16 or bfloat16, got "
                    + entry.dtype().label());
        }
        return Optional.empty();
    }

    /** A file may hold the head though it is tied, if only the two are one. */
    private boolean isEmbeddingAgain(SafetensorsFile.Entry entry) {
        SafetensorsFile.Entry embedding = files.entries().get(prefix + "wte.weight");
        return entry.name().equals(HEAD)
                && config.tiedHead()
                && embedding != null
                && entry.dtype() == embedding.dtype()
                && entry.data().mismatch(embedding.data()) < 0;
    }

    private List<Gpt2Layout.FileTensor> layout(Weights names) {
        return Gpt2Layout.of(config(), names, config.tiedHead(), prefix);
    }

    private SafetensorsFile.Entry entry(String name) {
        return Optional.ofNullable(files.entries().get(name)).orElseThrow();
    }

    /** The folder's name. */
    @Override
    public String name() {
        Path name = folder.toAbsolutePath().normalize().getFileName();
        return name == null ? folder.toString() : name.toString();
    }

    @Override
    public ModelConfig config() {
        return config.model();
    }

    /** Whether the unembedding is the transposed token embedding. */
    public boolean tiedHead() {
        return config.tiedHead();
    }

    @Override
    public GenerationConfig generationConfig() {
        return generation;
    }

    @Override
    public DType type() {
        Set<DType> types = layout(Weights.of(config(), DType.FLOAT32)).stream()
                .filter(tensor -> tensor.shape().size() > 1)
                .map(tensor -> entry(tensor.name()).dtype())
                .collect(Collectors.toSet());
        return types.size() == 1 ? types.iterator().next() : DType.FLOAT32;
    }

    @Override
    public Map<Tensor, WeightView> views(Weights names) {
        return Gpt2Layout.bind(layout(names), this::entry);
    }

    /** Every tensor of the weight files, those that are not used included. */
    public List<SafetensorsFile.Entry> tensors() {
        return List.copyOf(files.entries().values());
    }

    /**
     * Of the weight file what {@code sha256sum} prints; of several files the digest of what it prints for them, sorted by name. It is
     * computed when it is first asked for.
     *
     * @throws UncheckedIOException if a file cannot be read
     */
    @Override
    public synchronized String sha256() {
        if (sha256.isEmpty()) {
            try {
                sha256 = Optional.of(Sha256.ofFiles(files.paths()));
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        }
        return sha256.get();
    }

    @Override
    public void close() {
        files.close();
    }
}
