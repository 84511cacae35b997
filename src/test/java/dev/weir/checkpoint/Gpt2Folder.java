package dev.weir.checkpoint;

import dev.weir.safetensors.Declaration;
import dev.weir.safetensors.SafetensorsFile;
import dev.weir.safetensors.SafetensorsWriter;
import dev.weir.tensor.DType;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import java.util.stream.Collectors;

/** Tiny models on disk, made without the code under test; every element says where it belongs. */
final class Gpt2Folder {

    static final int V = 11;
    static final int P = 6;
    static final int D = 4;
    static final int LAYERS = 2;
    static final int HEADS = 2;

    final Path folder;
    final Map<String, String> config = new LinkedHashMap<>();
    final Map<String, List<Long>> shapes = new LinkedHashMap<>();
    final String prefix;
    Function<String, DType> dtypes = name -> DType.FLOAT32;

    Gpt2Folder(Path folder, String prefix, boolean tied, int hidden) {
        this.folder = folder;
        this.prefix = prefix;
        config.put("model_type", "\"gpt2\"");
        config.put("vocab_size", String.valueOf(V));
        config.put("n_positions", String.valueOf(P));
        config.put("n_embd", String.valueOf(D));
        config.put("n_layer", String.valueOf(LAYERS));
        config.put("n_head", String.valueOf(HEADS));
        config.put("n_inner", hidden == 4 * D ? "null" : String.valueOf(hidden));
        config.put("tie_word_embeddings", String.valueOf(tied));
        shape("wte.weight", V, D);
        shape("wpe.weight", P, D);
        for (int l = 0; l < LAYERS; l++) {
            String h = "h." + l + ".";
            shape(h + "ln_1.weight", D);
            shape(h + "ln_1.bias", D);
            shape(h + "attn.c_attn.weight", D, 3 * D);
            shape(h + "attn.c_attn.bias", 3 * D);
            shape(h + "attn.c_proj.weight", D, D);
            shape(h + "attn.c_proj.bias", D);
            shape(h + "ln_2.weight", D);
            shape(h + "ln_2.bias", D);
            shape(h + "mlp.c_fc.weight", D, hidden);
            shape(h + "mlp.c_fc.bias", hidden);
            shape(h + "mlp.c_proj.weight", hidden, D);
            shape(h + "mlp.c_proj.bias", D);
        }
        shape("ln_f.weight", D);
        shape("ln_f.bias", D);
        if (!tied) {
            shapes.put("lm_head.weight", List.of((long) V, (long) D));
        }
    }

    /** A tied model without a prefix. */
    static Gpt2Folder plain(Path folder) {
        return new Gpt2Folder(folder, "", true, 4 * D);
    }

    private void shape(String name, long... shape) {
        shapes.put(prefix + name, Arrays.stream(shape).boxed().toList());
    }

    /** A whole number below 251, which every float type holds exactly. */
    static float value(String tensor, long element) {
        return Math.floorMod(tensor.hashCode() * 31L + element * 7, 251);
    }

    private SafetensorsFile.Entry tensor(String name) {
        var declared = new Declaration(name, dtypes.apply(name), shapes.getOrDefault(name, List.of()));
        var bytes = MemorySegment.ofArray(new byte[Math.toIntExact(declared.bytes())]);
        for (long i = 0; declared.dtype().isModelFloat() && i < declared.elements(); i++) {
            declared.dtype().write(bytes, i * declared.dtype().bytes(), value(name, i));
        }
        return new SafetensorsFile.Entry(name, declared.dtype(), declared.shape(), bytes);
    }

    Gpt2Folder writeConfig() throws IOException {
        Files.writeString(
                folder.resolve("config.json"),
                config.entrySet().stream()
                        .map(e -> "\"" + e.getKey() + "\": " + e.getValue())
                        .collect(Collectors.joining(",\n ", "{", "}")));
        return this;
    }

    Gpt2Folder write() throws IOException {
        SafetensorsWriter.write(
                folder.resolve("model.safetensors"),
                Map.of("format", "pt"),
                shapes.keySet().stream().map(this::tensor).toList());
        return writeConfig();
    }

    /** Every second tensor in either file. */
    Gpt2Folder writeShards() throws IOException {
        var shards = List.of(new ArrayList<SafetensorsFile.Entry>(), new ArrayList<SafetensorsFile.Entry>());
        var index = new ArrayList<String>();
        for (String name : shapes.keySet()) {
            int shard = index.size() % 2;
            shards.get(shard).add(tensor(name));
            index.add("\"" + name + "\": \"" + shard(shard) + "\"");
        }
        for (int shard = 0; shard < 2; shard++) {
            SafetensorsWriter.write(folder.resolve(shard(shard)), Map.of(), shards.get(shard));
        }
        writeIndex(String.join(",", index));
        return writeConfig();
    }

    void writeIndex(String weightMap) throws IOException {
        Files.writeString(
                folder.resolve("model.safetensors.index.json"),
                "{\"metadata\": {\"total_size\": 1}, \"weight_map\": {" + weightMap + "}}");
    }

    static String shard(int shard) {
        return "model-0000" + (shard + 1) + "-of-00002.safetensors";
    }
}
