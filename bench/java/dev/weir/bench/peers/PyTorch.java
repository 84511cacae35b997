package dev.weir.bench.peers;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * A program in Python on PyTorch that answers in the words of {@code bench/gpu-host/pytorch}: Hugging Face transformers, or
 * TransformerLens.
 */
final class PyTorch implements Engine {

    private final String name;
    private final Conversation conversation;
    private String loaded = "";

    private PyTorch(String name, Conversation conversation) {
        this.name = name;
        this.conversation = conversation;
    }

    /**
     * Starts the program.
     *
     * @param python that has torch
     * @param arguments of the program
     */
    static PyTorch begin(String name, String python, Path program, Path work, Path log, String... arguments)
            throws IOException {
        Path results = work.resolve(name.replace(' ', '-') + ".jsonl");
        var words = new ArrayList<String>(List.of(python, program.toString(), "--out", results.toString()));
        words.addAll(List.of(arguments));
        return new PyTorch(name, Conversation.begin(log, results, words.toArray(String[]::new)));
    }

    @Override
    public String name() {
        return name;
    }

    private void load(Setting setting) throws IOException {
        String wanted = setting.folder() + " " + setting.dtype();
        if (!loaded.equals(wanted)) {
            conversation.tell(Conversation.told("load")
                    .put("folder", setting.folder().toString())
                    .put("name", setting.model())
                    .put("dtype", setting.dtype()));
            loaded = wanted;
        }
        conversation.tell(Conversation.told("threads").put("count", setting.threads()));
    }

    @Override
    public double apart(Setting setting, Path dump) throws IOException {
        load(setting);
        ObjectNode command =
                Conversation.told("logits").put("dump", dump.toString()).put("weir", Ours.NAME);
        return conversation.tell(command).getFirst().get("apart").doubleValue();
    }

    @Override
    public Map<Setting.Test, Double> round(Setting setting) throws IOException {
        load(setting);
        var rates = new LinkedHashMap<Setting.Test, Double>();
        for (Setting.Test test : setting.tests()) {
            ObjectNode command = Conversation.told("time")
                    .put("engine", "eager")
                    .put("prompt", test.isPrefill() ? test.tokens() : 0)
                    .put("new", test.isPrefill() ? 0 : test.tokens())
                    .put("depth", Math.max(0, test.depth()))
                    .put("batch", 1)
                    .put("repeat", setting.repeat());
            JsonNode line = conversation.tell(command).getFirst();
            rates.put(test, line.get("median").doubleValue());
        }
        return rates;
    }

    @Override
    public void close() {
        conversation.close();
    }
}
