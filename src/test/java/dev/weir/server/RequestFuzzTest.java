package dev.weir.server;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import java.util.Random;
import java.util.concurrent.ThreadLocalRandom;
import org.junit.jupiter.api.Test;

/** Whatever a body is, the answer is an answer or an error as OpenAI has it, and never that we failed. */
class RequestFuzzTest {

    private static final int BODIES = Integer.getInteger("weir.fuzz.bodies", 1000);

    private static final List<String> SEEDS = List.of(
            "{\"prompt\": \"Once\", \"max_tokens\": 2, \"n\": 1, \"best_of\": 1, \"temperature\": 0.5, \"top_p\": 0.9, \"stream\":"
                    + " true, \"stream_options\": {\"include_usage\": true}, \"stop\": [\"a\", \"bc\"], \"logprobs\": 2, \"seed\": 7}",
            "{\"prompt\": [[1, 2, 3], [4]], \"max_tokens\": 1, \"echo\": true, \"logit_bias\": {\"5\": 1.5}, \"top_k\": 3, \"min_p\":"
                    + " 0.1, \"repetition_penalty\": 1.1, \"presence_penalty\": 1, \"frequency_penalty\": -1, \"user\": \"x\"}",
            "{\"messages\": [{\"role\": \"user\", \"content\": [{\"type\": \"text\", \"text\": \"Tom\"}]}], \"max_tokens\": 2,"
                    + " \"logprobs\": true, \"top_logprobs\": 2, \"response_format\": {\"type\": \"text\"}, \"tools\": []}",
            "{\"prompt\": \"Sue\", \"max_tokens\": 2, \"weir\": {\"trace\": [\"resid_post.1@last\"], \"lens\": {\"top_k\": 2}, \"edits\":"
                    + " [{\"at\": \"resid_post.2\", \"scale\": 1.5, \"positions\": \"0..2\"}, \"z.1:zero#0+3\"]}}");

    private static final List<String> ODDITIES = List.of(
            "null",
            "true",
            "-1",
            "0",
            "1e400",
            "99999999999999999999",
            "NaN",
            "\"\"",
            "\"\\ud800\"",
            "[]",
            "{}",
            "[[]]",
            "\"é😀\"",
            "1.5",
            "{\"a\": {\"b\": [1]}}",
            "\u0000",
            "[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[");

    /** What an error says of the program or of the machine that it runs on. */
    private static final List<String> SECRETS = List.of(
            "Exception",
            "java.",
            "dev.weir",
            "jackson",
            Path.of("").toAbsolutePath().toString(),
            System.getProperty("java.io.tmpdir"));

    private static byte[] mutate(Random random) {
        var text = new StringBuilder(SEEDS.get(random.nextInt(SEEDS.size())));
        int changes = 1 + random.nextInt(3);
        for (int i = 0; i < changes; i++) {
            int at = random.nextInt(Math.max(1, text.length()));
            switch (random.nextInt(5)) {
                case 0 -> text.replace(at, at + 1, "");
                case 1 -> text.insert(at, (char) (32 + random.nextInt(95)));
                case 2 -> text.setLength(at);
                case 3 -> text.insert(at, text.substring(at, Math.min(text.length(), at + random.nextInt(40))));
                default -> replaceValue(text, at, ODDITIES.get(random.nextInt(ODDITIES.size())));
            }
        }
        byte[] bytes = text.toString().getBytes(StandardCharsets.UTF_8);
        if (bytes.length > 0 && random.nextInt(10) == 0) {
            bytes[random.nextInt(bytes.length)] = (byte) random.nextInt(256);
        }
        return bytes;
    }

    /** What stands between a colon and a comma becomes something else. */
    private static void replaceValue(StringBuilder text, int near, String value) {
        int colon = text.indexOf(": ", near);
        if (colon >= 0) {
            int comma = text.indexOf(", ", colon);
            text.replace(colon + 2, comma < 0 ? text.length() : comma, value);
        }
    }

    private static void requireAnswer(HttpResponse<String> response, String body) {
        int status = response.statusCode();
        assertTrue(status == 200 || (status >= 400 && status < 500), status + " for " + body + ": " + response.body());
        if (status != 200) {
            JsonNode error = Served.json(response.body()).path("error");
            assertTrue(error.path("message").isTextual() && error.path("type").isTextual(), response.body());
            assertTrue(error.has("param") && error.has("code"), response.body());
            for (String secret : SECRETS) {
                assertTrue(!response.body().contains(secret), response.body());
            }
        }
    }

    @Test
    void everyBodyHasAnAnswer() {
        long seed = ThreadLocalRandom.current().nextLong();
        var random = new Random(seed);
        int honoured = 0;
        try (Served served = Served.with(options -> options.withInsight(ServerOptions.Insight.DEFAULT)
                .withLimits(options.limits().withNewTokens(8)))) {
            for (int i = 0; i < BODIES; i++) {
                byte[] body = mutate(random);
                String path = List.of("/v1/completions", "/v1/chat/completions", "/tokenize", "/detokenize")
                        .get(Math.max(0, random.nextInt(10) - 6));
                HttpResponse<String> response = served.send(
                        served.to(path).POST(BodyPublishers.ofByteArray(body)).build());
                requireAnswer(
                        response, "seed " + seed + ", body " + i + ": " + new String(body, StandardCharsets.UTF_8));
                honoured += response.statusCode() == 200 ? 1 : 0;
            }
            assertTrue(honoured > BODIES / 50 && honoured < BODIES, "honoured " + honoured + ", seed " + seed);
            assertEquals(200, served.get("/health").statusCode());
            assertEquals(
                    200, served.post("/v1/completions", "{\"prompt\": \"a\"}").statusCode());
        }
    }
}
