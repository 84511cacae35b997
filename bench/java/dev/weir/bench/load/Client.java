package dev.weir.bench.load;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.stream.Stream;

/** Asks a server and listens to the stream of its answer. */
final class Client implements AutoCloseable {

    private static final ObjectMapper JSON = new ObjectMapper();
    private static final String DATA = "data: ";

    private final URI address;
    private final HttpClient http = HttpClient.newHttpClient();

    Client(URI address) {
        this.address = address;
    }

    /** The body of an answer that is not streamed, whatever its status. */
    HttpResponse<String> get(String path) throws IOException, InterruptedException {
        return http.send(HttpRequest.newBuilder(address.resolve(path)).build(), BodyHandlers.ofString());
    }

    HttpResponse<byte[]> post(String path, byte[] body) throws IOException, InterruptedException {
        return http.send(request(path, body), BodyHandlers.ofByteArray());
    }

    private HttpRequest request(String path, byte[] body) {
        return HttpRequest.newBuilder(address.resolve(path))
                .header("Content-Type", "application/json")
                .POST(BodyPublishers.ofByteArray(body))
                .build();
    }

    /** Asks, and reads the stream to its end. */
    Answer ask(Question question) throws IOException, InterruptedException {
        long begin = System.nanoTime();
        byte[] body = question.body(true).getBytes(StandardCharsets.UTF_8);
        HttpResponse<Stream<String>> response = http.send(request("/v1/completions", body), BodyHandlers.ofLines());
        try (Stream<String> lines = response.body()) {
            if (response.statusCode() != 200) {
                throw new IOException("status " + response.statusCode() + ": " + lines.toList());
            }
            return listen(lines.iterator(), begin);
        }
    }

    private static Answer listen(Iterator<String> lines, long begin) throws IOException {
        var text = new StringBuilder();
        var gaps = new ArrayList<Long>();
        String finish = "";
        int tokens = -1;
        int promptTokens = -1;
        long first = 0;
        long newest = 0;
        while (lines.hasNext()) {
            String line = lines.next();
            if (line.equals("data: [DONE]")) {
                return new Answer(text.toString(), finish, tokens, promptTokens, first, gaps);
            }
            if (line.startsWith(DATA)) {
                JsonNode chunk = JSON.readTree(line.substring(DATA.length()));
                if (chunk.has("error")) {
                    throw new IOException(chunk.get("error").toString());
                }
                JsonNode choice = chunk.path("choices").path(0);
                String piece = choice.path("text").asText("");
                if (!piece.isEmpty()) {
                    long now = System.nanoTime();
                    text.append(piece);
                    if (newest == 0) {
                        first = now - begin;
                    } else {
                        gaps.add(now - newest);
                    }
                    newest = now;
                }
                finish = choice.path("finish_reason").asText(finish);
                JsonNode usage = chunk.path("usage");
                if (usage.isObject()) {
                    tokens = usage.path("completion_tokens").asInt();
                    promptTokens = usage.path("prompt_tokens").asInt()
                            - usage.path("prompt_tokens_details")
                                    .path("cached_tokens")
                                    .asInt();
                }
            }
        }
        throw new IOException("the stream ended before [DONE], after: " + text);
    }

    @Override
    public void close() {
        http.close();
    }
}
