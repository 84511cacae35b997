package dev.weir.bench.peers;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.Writer;
import java.lang.ProcessBuilder.Redirect;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/**
 * A program that keeps its model loaded: it is told one JSON object a line, answers each with one line, {@code ok} or {@code
 * failed: why}, and adds lines of results to a file.
 */
final class Conversation implements AutoCloseable {

    private static final JsonMapper MAPPER = new JsonMapper();

    private final Process process;
    private final Writer to;
    private final BufferedReader from;
    private final Path results;
    private int read; // lines of results

    private Conversation(Process process, Path results) {
        this.process = process;
        this.to = process.outputWriter(StandardCharsets.UTF_8);
        this.from = process.inputReader(StandardCharsets.UTF_8);
        this.results = results;
    }

    static Conversation begin(Path log, Path results, String... words) throws IOException {
        Files.deleteIfExists(results);
        Files.createFile(results);
        var builder = new ProcessBuilder(words).redirectError(Redirect.appendTo(log.toFile()));
        var conversation = new Conversation(builder.start(), results);
        conversation.expect("ready", words[0]);
        return conversation;
    }

    static ObjectNode told(String verb) {
        return MAPPER.createObjectNode().put("do", verb);
    }

    /** The lines of results that one command brought. */
    List<JsonNode> tell(ObjectNode command) throws IOException {
        to.write(command + "\n");
        to.flush();
        expect("ok", command.toString());
        List<String> lines = Files.readAllLines(results);
        var added = new ArrayList<JsonNode>();
        for (String line : lines.subList(read, lines.size())) {
            added.add(MAPPER.readTree(line));
        }
        read = lines.size();
        return added;
    }

    private void expect(String expected, String what) throws IOException {
        String answer = from.readLine();
        if (!expected.equals(answer)) {
            throw new IOException(what + ": expected '" + expected + "', got "
                    + (answer == null ? "nothing more" : "'" + answer + "'"));
        }
    }

    @Override
    public void close() {
        process.destroy();
    }
}
