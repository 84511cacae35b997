package dev.weir.checkpoint;

import static dev.weir.checkpoint.CheckpointException.shown;

import dev.weir.safetensors.SafetensorsFile;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.SequencedMap;
import java.util.TreeSet;

/** The weights of a folder: {@code model.safetensors}, or the files that {@code model.safetensors.index.json} names. */
final class WeightFiles implements AutoCloseable {

    private static final String SINGLE = "model.safetensors";
    private static final String INDEX = "model.safetensors.index.json";

    private final List<SafetensorsFile> files = new ArrayList<>();
    private final SequencedMap<String, SafetensorsFile.Entry> entries = new LinkedHashMap<>();

    private WeightFiles() {}

    static WeightFiles open(Path folder) throws IOException {
        var opened = new WeightFiles();
        try {
            if (Files.exists(folder.resolve(SINGLE))) {
                opened.add(folder.resolve(SINGLE));
            } else if (Files.exists(folder.resolve(INDEX))) {
                opened.addAll(folder, JsonFile.read(folder.resolve(INDEX)));
            } else {
                throw CheckpointException.in(folder, "weights", SINGLE + " or " + INDEX, "neither");
            }
            return opened;
        } catch (IOException | RuntimeException e) {
            opened.close();
            throw e;
        }
    }

    private void addAll(Path folder, JsonFile index) throws IOException {
        Map<String, String> fileOf = index.texts("weight_map");
        for (String name : new TreeSet<>(fileOf.values())) {
            if (!name.matches("[^/\\\\\0]+") || !Files.isRegularFile(folder.resolve(name))) {
                throw CheckpointException.in(index.path(), "weight_map", "files of this folder", shown(name));
            }
            add(folder.resolve(name));
        }
        for (var tensor : fileOf.entrySet()) {
            requireIn(index, tensor.getKey(), folder.resolve(tensor.getValue()));
        }
    }

    private void requireIn(JsonFile index, String tensor, Path file) {
        boolean there = files.stream().anyMatch(f -> f.path().equals(file) && f.contains(tensor));
        if (!there) {
            throw CheckpointException.in(
                    index.path(),
                    "weight_map " + shown(tensor),
                    "a tensor of " + file.getFileName(),
                    "none of that name");
        }
    }

    private void add(Path path) throws IOException {
        SafetensorsFile file = SafetensorsFile.open(path);
        files.add(file);
        for (SafetensorsFile.Entry entry : file.entries()) {
            if (entries.put(entry.name(), entry) != null) {
                throw CheckpointException.in(path, shown(entry.name()), "a tensor that no other file has", "it twice");
            }
        }
    }

    /** Every tensor, by name. */
    SequencedMap<String, SafetensorsFile.Entry> entries() {
        return entries;
    }

    /** The files, sorted by name. */
    List<Path> paths() {
        return files.stream().map(SafetensorsFile::path).toList();
    }

    @Override
    public void close() {
        files.forEach(SafetensorsFile::close);
    }
}
