package dev.weir.bench.peers;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.Iterator;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Random;

/**
 * Weir and its peers by turns on the same weights. Logits are compared first; an engine whose logits are others is not timed.
 * Called by {@code bench/peers/run}, which explains the arguments.
 */
final class Peers {

    /** Tokens of the prompt whose logits are compared. */
    private static final int COMPARED = 32;

    /** Relative. Peers that round factors to the type of the weights, or keep their cache in float16, stay below it. */
    private static final Map<String, Double> BOUNDS =
            Map.of("float32", 5e-3, "float16", 1e-2, "bfloat16", 5e-2, "int8", 5e-2);

    private final Path home;
    private final Path work;
    private final Path log;
    private final Map<String, String> options;
    private final boolean traced;
    private final Ours ours;

    private Peers(Path home, Map<String, String> options) throws IOException {
        this.home = home;
        this.options = options;
        this.work = Files.createDirectories(home.resolve("target/peers"));
        this.log = work.resolve("log");
        this.traced = options.containsKey("--traces");
        this.ours = new Ours(home.resolve("weir"), log, traced ? "resid" : "off");
    }

    /** Arguments: the folder of Weir, then names and values by turns. */
    public static void main(String[] arguments) throws IOException {
        Locale.setDefault(Locale.ROOT);
        var options = new HashMap<String, String>();
        for (Iterator<String> i =
                        Arrays.asList(arguments).subList(1, arguments.length).iterator();
                i.hasNext(); ) {
            options.put(i.next(), i.next());
        }
        new Peers(Path.of(arguments[0]), options).run();
    }

    private String option(String name, String otherwise) {
        return options.getOrDefault(name, otherwise);
    }

    private List<String> list(String name, String otherwise) {
        return List.of(option(name, otherwise).split(","));
    }

    private void run() throws IOException {
        List<Engine> engines = engines();
        try {
            for (Setting setting : settings()) {
                System.err.println(setting.name());
                measure(setting, comparable(setting, engines));
            }
        } finally {
            engines.forEach(Engine::close);
        }
    }

    /** Those that are installed, as the environment says. */
    private List<Engine> engines() throws IOException {
        var engines = new ArrayList<Engine>();
        engines.add(ours);
        Optional<String> python = installed("PyTorch", "WEIR_PYTHON");
        Path peers = home.resolve("bench/peers");
        if (traced) {
            if (python.isPresent()) {
                engines.add(
                        PyTorch.begin("TransformerLens", python.get(), peers.resolve("transformerlens"), work, log));
            }
            return engines;
        }
        Optional<String> llama = installed("llama.cpp", "WEIR_LLAMA_CPP");
        if (llama.isPresent()) {
            engines.add(LlamaCpp.of(Path.of(llama.get()), peers.resolve("logits.cpp"), work, log));
        }
        if (python.isPresent()) {
            Path program = home.resolve("bench/gpu-host/pytorch");
            engines.add(PyTorch.begin("PyTorch", python.get(), program, work, log, "--device", "cpu"));
        }
        Optional<String> jlama = installed("Jlama", "WEIR_JLAMA");
        if (jlama.isPresent()) {
            engines.add(new Jlama(Path.of(jlama.get()), peers.resolve("JlamaPeer.java"), log));
        }
        return engines;
    }

    /** Where an engine is, if it is somewhere and not left out by {@code --engines}. */
    private Optional<String> installed(String engine, String variable) {
        return Optional.ofNullable(System.getenv(variable))
                .filter(where -> traced
                        || !options.containsKey("--engines")
                        || list("--engines", "").contains(engine));
    }

    private List<Setting> settings() throws IOException {
        var settings = new ArrayList<Setting>();
        for (String shape : list("--shape", "gpt2")) {
            Path folder = work.resolve(shape);
            ours.save(shape, folder);
            for (String dtype : list("--dtype", "float32,bfloat16,float16")) {
                Path gguf = work.resolve(shape + "-" + dtype + ".gguf");
                if (System.getenv("WEIR_LLAMA_CPP") != null) {
                    ours.convert(folder, dtype, gguf);
                }
                for (String threads : list("--threads", "1,2")) {
                    settings.add(new Setting(
                            shape,
                            folder,
                            gguf,
                            dtype,
                            Integer.parseInt(threads),
                            Integer.parseInt(option("-p", "512")),
                            Integer.parseInt(option("-n", "48")),
                            traced
                                    ? List.of()
                                    : list("-d", "0,890").stream()
                                            .map(Integer::valueOf)
                                            .toList(),
                            Integer.parseInt(option("--repeat", "2"))));
                }
            }
        }
        return settings;
    }

    /** The engines whose logits agree. */
    private List<Engine> comparable(Setting setting, List<Engine> engines) throws IOException {
        Path dump = work.resolve("dump.safetensors");
        List<Integer> tokens = new Random(2).ints(COMPARED, 0, 50257).boxed().toList();
        ours.dump(setting, tokens, "unembed.hook_out" + (traced ? ",resid_pre,resid_mid,resid_post" : ""), dump);
        var comparable = new ArrayList<Engine>();
        for (Engine engine : engines) {
            if (engine.can(setting) && agrees(engine, setting, dump)) {
                comparable.add(engine);
            }
        }
        return comparable;
    }

    private boolean agrees(Engine engine, Setting setting, Path dump) {
        double bound = traced ? 1 : BOUNDS.get(setting.dtype());
        try {
            double apart = engine.apart(setting, dump);
            System.err.printf("  %s: %.2g apart, expected at most %.2g%n", engine.name(), apart, bound);
            return apart <= bound;
        } catch (IOException e) {
            System.err.println("  " + engine.name() + " is left out: " + e.getMessage());
            return false;
        }
    }

    private void measure(Setting setting, List<Engine> engines) throws IOException {
        var rounds = new Rounds();
        int count = Integer.parseInt(option("--rounds", "3"));
        for (int round = 0; round < count; round++) {
            for (Engine engine : engines) {
                long begin = System.nanoTime();
                rounds.add(engine.name(), engine.round(setting));
                System.err.printf(
                        "  round %d: %s, %.0f s%n", round + 1, engine.name(), (System.nanoTime() - begin) / 1e9);
            }
        }
        for (Setting.Test test : setting.tests()) {
            for (String engine : rounds.engines()) {
                report(setting, test, engine, rounds);
            }
        }
    }

    private void report(Setting setting, Setting.Test test, String engine, Rounds rounds) throws IOException {
        List<Double> rates = rounds.of(engine, test);
        double median = Rounds.median(rates);
        double ratio = rounds.ratio(Ours.NAME, engine, test);
        ObjectNode line = line(setting, test, engine, rates);
        boolean isOurs = engine.equals(Ours.NAME);
        if (isOurs) {
            line.put(
                    "share_of_limit",
                    line.get("share_of_limit").doubleValue()
                            * median
                            / line.get("last").doubleValue());
        } else {
            line.put("weir_over_this", ratio);
        }
        line.remove("last");
        System.out.printf(
                "%-28s %-18s %-16s %9.2f  %s%n",
                setting.name(),
                test.name(),
                engine,
                median,
                isOurs
                        ? "%.0f %% of the limit"
                                .formatted(100 * line.get("share_of_limit").doubleValue())
                        : "weir %.2f times".formatted(ratio));
        if (options.containsKey("--append")) {
            Files.writeString(
                    Path.of(options.get("--append")),
                    line + "\n",
                    StandardOpenOption.CREATE,
                    StandardOpenOption.APPEND);
        }
    }

    /** What Weir says of the run, with the figures of an engine. */
    private ObjectNode line(Setting setting, Setting.Test test, String engine, List<Double> rates) {
        JsonNode from = ours.newest(setting, test);
        ObjectNode line = from.deepCopy();
        line.put("last", from.get("median").doubleValue());
        line.remove(List.of("ratio_to_first_trace", "device", "graphs"));
        if (!engine.equals(Ours.NAME)) {
            line.remove(List.of("java", "share_of_limit", "cost_per_token", "cost_unit"));
        }
        line.put("command", "bench/peers/run " + String.join(" ", words()));
        line.put("case", setting.model() + " " + setting.dtype() + " " + test.name());
        line.put("table", traced ? "traces" : "peers");
        line.put("model", setting.model());
        line.put("engine", engine);
        line.put("median", Rounds.median(rates));
        line.put("min", rates.stream().min(Double::compare).orElseThrow());
        line.put("max", rates.stream().max(Double::compare).orElseThrow());
        return line;
    }

    private List<String> words() {
        return options.entrySet().stream()
                .filter(entry -> !entry.getKey().equals("--append"))
                .sorted(Map.Entry.comparingByKey())
                .flatMap(entry -> List.of(entry.getKey(), entry.getValue()).stream())
                .toList();
    }
}
