package dev.weir.bench.peers;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;

/** Weir itself. The lines that it prints say what machine this is, and what part of the limit a figure is. */
final class Ours implements Engine {

    static final String NAME = "weir";
    private static final JsonMapper MAPPER = new JsonMapper();

    private final Path launcher;
    private final Path log;
    private final String trace;
    private final Map<String, JsonNode> newest = new HashMap<>();

    Ours(Path launcher, Path log, String trace) {
        this.launcher = launcher;
        this.log = log;
        this.trace = trace;
    }

    @Override
    public String name() {
        return NAME;
    }

    @Override
    public double apart(Setting setting, Path dump) {
        return 0;
    }

    /** Writes a model's random weights, once. */
    void save(String shape, Path folder) throws IOException {
        if (!Files.exists(folder.resolve("model.safetensors"))) {
            Command.of(log, launcher, "bench", "--shape", shape, "--save", folder)
                    .output();
        }
    }

    /** Writes the GGUF file of a type, once. */
    void convert(Path folder, String dtype, Path gguf) throws IOException {
        if (!Files.exists(gguf)) {
            Command.of(log, launcher, "convert", "--model", folder, "--dtype", dtype, "--out", gguf)
                    .output();
        }
    }

    /** Writes what hook points of a prompt hold. */
    void dump(Setting setting, List<Integer> tokens, String hooks, Path out) throws IOException {
        String ids = tokens.stream().map(String::valueOf).collect(Collectors.joining(","));
        Command.of(
                        log,
                        launcher,
                        "trace",
                        "--model",
                        setting.folder(),
                        "--dtype",
                        setting.dtype(),
                        "--threads",
                        setting.threads(),
                        "--device",
                        "cpu",
                        "--token-ids",
                        ids,
                        "--hooks",
                        hooks,
                        "--out",
                        out)
                .output();
    }

    @Override
    public Map<Setting.Test, Double> round(Setting setting) throws IOException {
        String depths = setting.depths().stream().map(String::valueOf).collect(Collectors.joining(","));
        String printed = Command.of(
                        log,
                        launcher,
                        "bench",
                        "--model",
                        setting.folder(),
                        "--device",
                        "cpu",
                        "--dtype",
                        setting.dtype(),
                        "--threads",
                        setting.threads(),
                        "-p",
                        setting.prompt(),
                        "-n",
                        setting.depths().isEmpty() ? 0 : setting.tokens(),
                        "-d",
                        depths.isEmpty() ? "0" : depths,
                        "--trace",
                        trace,
                        "--repeat",
                        setting.repeat(),
                        "--output",
                        "jsonl")
                .output();
        var rates = new LinkedHashMap<Setting.Test, Double>();
        for (String text : printed.lines().toList()) {
            JsonNode line = MAPPER.readTree(text);
            boolean isPrefill = line.get("test").textValue().equals("prefill");
            var test = new Setting.Test(
                    line.get("tokens").intValue(),
                    isPrefill ? -1 : line.get("depth").intValue());
            rates.put(test, line.get("median").doubleValue());
            newest.put(setting.name() + test.name(), line);
        }
        return rates;
    }

    /** The last line that it printed for a test. */
    JsonNode newest(Setting setting, Setting.Test test) {
        return newest.get(setting.name() + test.name());
    }
}
