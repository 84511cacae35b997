package dev.weir.bench.peers;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** Jlama, from a folder of its jars. It reads float32 here: what else it makes of weights is not the same computation. */
final class Jlama implements Engine {

    private final Path jars;
    private final Path program;
    private final Path log;

    Jlama(Path jars, Path program, Path log) {
        this.jars = jars;
        this.program = program;
        this.log = log;
    }

    @Override
    public String name() {
        return "Jlama";
    }

    @Override
    public boolean can(Setting setting) {
        return setting.dtype().equals("float32");
    }

    private List<Double> run(Setting setting, Object... arguments) throws IOException {
        var words = new ArrayList<Object>(List.of(
                Path.of(System.getProperty("java.home"), "bin", "java"),
                "--add-modules=jdk.incubator.vector",
                "--enable-native-access=ALL-UNNAMED",
                "-cp",
                jars + "/*",
                program,
                setting.folder(),
                setting.threads()));
        words.addAll(List.of(arguments));
        return Command.of(log, words.toArray())
                .output()
                .lines()
                .filter(line -> line.matches("-?[0-9.]+(E-?[0-9]+)?"))
                .map(Double::valueOf)
                .toList();
    }

    @Override
    public double apart(Setting setting, Path dump) throws IOException {
        Logits ours = Logits.read(dump);
        var arguments = new ArrayList<Object>(List.of("logits"));
        arguments.addAll(ours.tokens());
        List<Double> theirs = run(setting, arguments.toArray());
        return ours.apart(theirs.stream().mapToDouble(logit -> logit).toArray());
    }

    @Override
    public Map<Setting.Test, Double> round(Setting setting) throws IOException {
        var rates = new LinkedHashMap<Setting.Test, Double>();
        for (Setting.Test test : setting.tests()) {
            int prompt = test.isPrefill() ? test.tokens() : 0;
            rates.put(
                    test,
                    Rounds.median(run(
                            setting,
                            "time",
                            prompt,
                            test.isPrefill() ? 0 : test.tokens(),
                            Math.max(0, test.depth()),
                            setting.repeat())));
        }
        return rates;
    }
}
