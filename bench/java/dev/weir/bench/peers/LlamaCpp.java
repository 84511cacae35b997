package dev.weir.bench.peers;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** llama.cpp as it comes, which keeps keys and values in float16: {@code llama-bench}, and a small program for its logits. */
final class LlamaCpp implements Engine {

    private static final JsonMapper MAPPER = new JsonMapper();

    private final Path source;
    private final Path logits;
    private final Path log;

    private LlamaCpp(Path source, Path logits, Path log) {
        this.source = source;
        this.logits = logits;
        this.log = log;
    }

    /**
     * Builds the program that prints logits.
     *
     * @param source the folder of llama.cpp, built in its {@code build}
     */
    static LlamaCpp of(Path source, Path program, Path work, Path log) throws IOException {
        Path libraries = source.resolve("build/bin");
        Path logits = work.resolve("llama-logits");
        Command.of(
                        log,
                        "c++",
                        "-O2",
                        "-std=c++17",
                        "-I" + source.resolve("include"),
                        "-I" + source.resolve("ggml/include"),
                        program,
                        "-L" + libraries,
                        "-lllama",
                        "-lggml",
                        "-lggml-base",
                        "-Wl,-rpath," + libraries,
                        "-o",
                        logits)
                .output();
        return new LlamaCpp(source, logits, log);
    }

    @Override
    public String name() {
        return "llama.cpp";
    }

    @Override
    public double apart(Setting setting, Path dump) throws IOException {
        Logits ours = Logits.read(dump);
        var words = new ArrayList<Object>(List.of(logits, setting.gguf(), setting.threads()));
        words.addAll(ours.tokens());
        String printed = Command.of(log, words.toArray()).output();
        double[] theirs = printed.lines().mapToDouble(Double::parseDouble).toArray();
        return ours.apart(theirs);
    }

    @Override
    public Map<Setting.Test, Double> round(Setting setting) throws IOException {
        var rates = new LinkedHashMap<Setting.Test, Double>();
        for (Setting.Test test : setting.tests()) {
            rates.put(test, rate(setting, test));
        }
        return rates;
    }

    private double rate(Setting setting, Setting.Test test) throws IOException {
        String printed = Command.of(
                        log,
                        source.resolve("build/bin/llama-bench"),
                        "-m",
                        setting.gguf(),
                        "-t",
                        setting.threads(),
                        "-p",
                        test.isPrefill() ? test.tokens() : 0,
                        "-n",
                        test.isPrefill() ? 0 : test.tokens(),
                        "-d",
                        Math.max(0, test.depth()),
                        "-r",
                        setting.repeat(),
                        "-o",
                        "json")
                .output();
        JsonNode samples = MAPPER.readTree(printed).get(0).get("samples_ts");
        var rates = new ArrayList<Double>();
        samples.forEach(sample -> rates.add(sample.doubleValue()));
        return Rounds.median(rates);
    }
}
