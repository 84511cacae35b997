package dev.weir.bench.peers;

import java.io.IOException;
import java.lang.ProcessBuilder.Redirect;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/** A program that runs once. */
record Command(List<String> words, Map<String, String> environment, Path log) {

    static Command of(Path log, Object... words) {
        var texts = new ArrayList<String>();
        for (Object word : words) {
            texts.add(word.toString());
        }
        return new Command(texts, Map.of(), log);
    }

    Command with(String variable, String value) {
        return new Command(words, Map.of(variable, value), log);
    }

    /** What it printed; what it complained goes to the log. */
    String output() throws IOException {
        var builder = new ProcessBuilder(words).redirectError(Redirect.appendTo(log.toFile()));
        builder.environment().putAll(environment);
        Process process = builder.start();
        String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        try {
            if (process.waitFor() != 0) {
                throw new IOException(String.join(" ", words) + ": expected exit code 0, got " + process.exitValue()
                        + "; see " + log);
            }
        } catch (InterruptedException e) {
            process.destroy();
            throw new IOException(e);
        }
        return output;
    }
}
