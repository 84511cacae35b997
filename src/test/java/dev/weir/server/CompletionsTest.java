package dev.weir.server;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import dev.weir.engine.Generation;
import dev.weir.engine.GenerationOptions;
import dev.weir.engine.Options;
import dev.weir.engine.Prompt;
import dev.weir.engine.Sampling;
import dev.weir.engine.Weir;
import java.io.IOException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.ThreadLocalRandom;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** An answer over HTTP is what the engine makes of the same request. */
class CompletionsTest {

    private static final String PATH = "/v1/completions";

    private static Served served;
    private static Weir weir;

    @BeforeAll
    static void start() throws IOException {
        served = Served.plain();
        weir = Weir.open(Served.MODEL, Options.DEFAULT.withDevice("cpu"));
    }

    @AfterAll
    static void stop() {
        weir.close();
        served.close();
    }

    private static GenerationOptions sampled(long seed, int tokens) {
        GenerationOptions defaults = weir.defaults();
        return defaults.withSampling(defaults.sampling().withSeed(seed)).withMaxNewTokens(tokens);
    }

    private static Map<Integer, String> textsOf(List<JsonNode> events) {
        var texts = new TreeMap<Integer, String>();
        for (JsonNode event : events) {
            for (JsonNode choice : event.path("choices")) {
                texts.merge(choice.path("index").intValue(), choice.path("text").textValue(), String::concat);
            }
        }
        return texts;
    }

    @Test
    void anAnswerIsThatOfTheEngine() {
        long seed = ThreadLocalRandom.current().nextLong(1 << 30);
        Generation expected = weir.generate("One day, Lily", sampled(seed, 40));
        JsonNode answer = served.ask(PATH, "{'prompt': 'One day, Lily', 'max_tokens': 40, 'seed': " + seed + "}");
        JsonNode choice = answer.path("choices").path(0);
        assertEquals(expected.text(), choice.path("text").textValue(), "seed " + seed);
        assertEquals("text_completion", answer.path("object").textValue());
        assertEquals("weir-stories", answer.path("model").textValue());
        assertEquals(
                "fp_" + weir.sha256().substring(0, 12),
                answer.path("system_fingerprint").textValue());
        assertTrue(choice.path("logprobs").isNull());
        JsonNode usage = answer.path("usage");
        assertEquals(expected.promptTokens().size(), usage.path("prompt_tokens").intValue());
        assertEquals(expected.tokens().size(), usage.path("completion_tokens").intValue());
        assertEquals(
                expected.promptTokens().size() + expected.tokens().size(),
                usage.path("total_tokens").intValue());
        assertTrue(usage.path("prompt_tokens_details").path("cached_tokens").isInt());
    }

    @Test
    void whatIsNotSaidIsAsTheModelHasItAndSixteenTokens() {
        Generation expected = weir.generate("Tom", sampled(5, 16));
        JsonNode answer = served.ask(PATH, "{'prompt': 'Tom', 'seed': 5}");
        assertEquals(
                expected.text(), answer.path("choices").path(0).path("text").textValue());
        assertEquals(
                "length", answer.path("choices").path(0).path("finish_reason").textValue());
    }

    @Test
    void everySamplingFieldReachesTheEngine() {
        Sampling sampling = weir.defaults()
                .sampling()
                .withTemperature(1.3f)
                .withTopK(30)
                .withTopP(0.9f)
                .withMinP(0.01f)
                .withRepetitionPenalty(1.2f)
                .withPresencePenalty(0.5f)
                .withFrequencyPenalty(-0.25f)
                .withLogitBias(Map.of(12, -100f, 282, 2.5f))
                .withSeed(11);
        Generation expected =
                weir.generate("The cat", weir.defaults().withSampling(sampling).withMaxNewTokens(24));
        JsonNode answer = served.ask(
                PATH,
                "{'prompt': 'The cat', 'max_tokens': 24, 'temperature': 1.3, 'top_k': 30, 'top_p': 0.9, 'min_p': 0.01,"
                        + "'repetition_penalty': 1.2, 'presence_penalty': 0.5, 'frequency_penalty': -0.25,"
                        + "'logit_bias': {'12': -100, '282': 2.5}, 'seed': 11, 'user': 'me', 'unknown': [1]}");
        assertEquals(
                expected.text(), answer.path("choices").path(0).path("text").textValue());
    }

    @Test
    void aStreamIsTheSameTextInPieces() {
        long seed = ThreadLocalRandom.current().nextLong(1 << 30);
        String body = "{'prompt': ['Once upon', 'Sue'], 'n': 2, 'max_tokens': 30, 'seed': " + seed;
        JsonNode whole = served.ask(PATH, body + "}");
        List<JsonNode> events =
                served.events(PATH, body + ", 'stream': true, 'stream_options': {'include_usage': true}}");
        Map<Integer, String> texts = textsOf(events);
        var reasons = new HashMap<Integer, String>();
        for (JsonNode event : events.subList(0, events.size() - 1)) {
            assertTrue(event.path("usage").isNull());
            assertEquals(1, event.path("choices").size());
            JsonNode choice = event.path("choices").path(0);
            if (choice.path("finish_reason").isNull()) {
                assertFalse(choice.path("text").textValue().isEmpty());
            } else {
                reasons.put(
                        choice.path("index").intValue(),
                        choice.path("finish_reason").textValue());
            }
        }
        assertEquals(4, whole.path("choices").size());
        for (JsonNode choice : whole.path("choices")) {
            int index = choice.path("index").intValue();
            assertEquals(choice.path("text").textValue(), texts.get(index), "seed " + seed);
            assertEquals(choice.path("finish_reason").textValue(), reasons.get(index));
        }
        JsonNode last = events.getLast();
        assertEquals(0, last.path("choices").size());
        assertEquals(
                whole.path("usage").path("completion_tokens"),
                last.path("usage").path("completion_tokens"));
        assertEquals(
                whole.path("usage").path("prompt_tokens"), last.path("usage").path("prompt_tokens"));
    }

    @Test
    void eachChoiceHasASeedOfItsOwn() {
        JsonNode answer = served.ask(PATH, "{'prompt': 'Ben', 'n': 3, 'best_of': 3, 'max_tokens': 12, 'seed': 20}");
        for (int n = 0; n < 3; n++) {
            assertEquals(
                    weir.generate("Ben", sampled(20 + n, 12)).text(),
                    answer.path("choices").path(n).path("text").textValue());
        }
        int prompt = weir.generate("Ben", sampled(20, 1)).promptTokens().size();
        assertEquals(prompt, answer.path("usage").path("prompt_tokens").intValue());
    }

    @Test
    void promptsOfTokenIdsAreThatText() {
        JsonNode ids = served.ask("/tokenize", "{'prompt': 'Once upon a time'}").path("tokens");
        String text = served.ask(PATH, "{'prompt': 'Once upon a time', 'temperature': 0}")
                .path("choices")
                .path(0)
                .path("text")
                .textValue();
        for (String prompt : List.of(ids.toString(), "[" + ids + "]")) {
            JsonNode answer = served.ask(PATH, "{'prompt': " + prompt + ", 'temperature': 0, 'echo': true}");
            assertEquals(
                    "Once upon a time" + text,
                    answer.path("choices").path(0).path("text").textValue());
        }
        assertEquals(
                "Once upon a time",
                served.ask("/detokenize", "{'tokens': " + ids + "}")
                        .path("prompt")
                        .textValue());
    }

    @Test
    void aStopTextEndsAnswerAndStreamBeforeIt() {
        Generation all =
                weir.generate("Once upon a time", weir.defaults().greedy().withMaxNewTokens(60));
        String stop = all.text().substring(17, 24); // across tokens
        String expected = all.text().substring(0, all.text().indexOf(stop));
        String body = "{'prompt': 'Once upon a time', 'temperature': 0, 'max_tokens': 60, 'stop': ['never', "
                + Served.MAPPER.valueToTree(stop) + "]";
        JsonNode choice = served.ask(PATH, body + "}").path("choices").path(0);
        assertEquals(expected, choice.path("text").textValue());
        assertEquals("stop", choice.path("finish_reason").textValue());
        assertEquals(
                expected,
                textsOf(served.events(PATH, body + ", 'stream': true}")).get(0));
    }

    /** Tokens that are parts of characters are chosen in any order. */
    @Test
    void charactersAreNeverSplit() throws IOException {
        var parts = new TreeMap<Integer, Float>();
        weir.encode(Prompt.of("é😀日本語")).forEach(token -> parts.put(token, 20f));
        String biases = Served.MAPPER.writeValueAsString(parts);
        long first = ThreadLocalRandom.current().nextLong(1 << 30);
        for (long seed = first; seed < first + 5; seed++) {
            Sampling sampling = weir.defaults()
                    .sampling()
                    .withTemperature(2)
                    .withTopK(0)
                    .withTopP(1)
                    .withLogitBias(parts)
                    .withSeed(seed);
            Generation expected = weir.generate(
                    "Café 😀", weir.defaults().withSampling(sampling).withMaxNewTokens(100));
            assertTrue(expected.text().chars().anyMatch(c -> c > 127), "seed " + seed);
            List<JsonNode> events = served.events(
                    PATH,
                    "{'prompt': 'Café 😀', 'max_tokens': 100, 'temperature': 2, 'top_k': -1, 'top_p': 1, 'stream': true,"
                            + " 'logit_bias': " + biases + ", 'seed': " + seed + "}");
            assertEquals(expected.text(), textsOf(events).get(0), "seed " + seed);
        }
    }

    @Test
    void probabilitiesAreThoseOfTheTokens() {
        JsonNode choice = served.ask(
                        PATH, "{'prompt': 'Once upon', 'max_tokens': 12, 'seed': 3, 'logprobs': 4, 'echo': true}")
                .path("choices")
                .path(0);
        JsonNode table = choice.path("logprobs");
        int rows = table.path("tokens").size();
        String text = choice.path("text").textValue();
        assertEquals(rows, table.path("token_logprobs").size());
        assertEquals(rows, table.path("top_logprobs").size());
        assertTrue(table.path("token_logprobs").path(0).isNull());
        var joined = new StringBuilder();
        for (int i = 0; i < rows; i++) {
            assertEquals(joined.length(), table.path("text_offset").path(i).intValue());
            String token = table.path("tokens").path(i).textValue();
            joined.append(token);
            if (i > 0) {
                double logprob = table.path("token_logprobs").path(i).doubleValue();
                JsonNode top = table.path("top_logprobs").path(i);
                assertTrue(logprob <= 0 && logprob > -30, "logprob " + logprob);
                assertEquals(logprob, top.path(token).doubleValue());
                double sum = 0;
                for (JsonNode other : top) {
                    sum += Math.exp(other.doubleValue());
                }
                assertTrue(top.size() >= 4 && top.size() <= 5 && sum <= 1.0001, top.toString());
            }
        }
        assertEquals(text, joined.toString());
    }

    @Test
    void aStreamHasTheSameProbabilities() {
        String body = "{'prompt': 'Once upon', 'max_tokens': 12, 'seed': 3, 'logprobs': 1, 'echo': true";
        JsonNode whole = served.ask(PATH, body + "}").path("choices").path(0).path("logprobs");
        var tokens = new ArrayList<JsonNode>();
        var logprobs = new ArrayList<JsonNode>();
        var offsets = new ArrayList<JsonNode>();
        for (JsonNode event : served.events(PATH, body + ", 'stream': true}")) {
            JsonNode table = event.path("choices").path(0).path("logprobs");
            table.path("tokens").forEach(tokens::add);
            table.path("token_logprobs").forEach(logprobs::add);
            table.path("text_offset").forEach(offsets::add);
        }
        assertEquals(whole.path("tokens").toString(), tokens.toString().replace(", ", ","));
        assertEquals(
                whole.path("token_logprobs").toString(), logprobs.toString().replace(", ", ","));
        assertEquals(whole.path("text_offset").toString(), offsets.toString().replace(", ", ","));
    }

    @Test
    void aPromptCanBeScoredAlone() {
        JsonNode answer =
                served.ask(PATH, "{'prompt': 'Once upon a time', 'max_tokens': 0, 'logprobs': 0, 'echo': true}");
        JsonNode choice = answer.path("choices").path(0);
        assertEquals("Once upon a time", choice.path("text").textValue());
        assertEquals(4, choice.path("logprobs").path("token_logprobs").size());
        assertEquals(0, answer.path("usage").path("completion_tokens").intValue());
    }

    @Test
    void whatCannotBeHonouredIsRefusedByName() {
        assertEquals("prompt", served.refusal(400, PATH, "{}").path("param").textValue());
        assertEquals(
                "prompt",
                served.refusal(400, PATH, "{'prompt': ''}").path("param").textValue());
        assertEquals(
                "prompt",
                served.refusal(400, PATH, "{'prompt': [[]]}").path("param").textValue());
        assertEquals(
                "prompt",
                served.refusal(400, PATH, "{'prompt': [4096]}").path("param").textValue());
        assertEquals(
                "n",
                served.refusal(400, PATH, "{'prompt': 'a', 'n': 65}")
                        .path("param")
                        .textValue());
        assertEquals(
                "best_of",
                served.refusal(400, PATH, "{'prompt': 'a', 'best_of': 2}")
                        .path("param")
                        .textValue());
        assertEquals(
                "suffix",
                served.refusal(400, PATH, "{'prompt': 'a', 'suffix': 'b'}")
                        .path("param")
                        .textValue());
        assertEquals(
                "temperature",
                served.refusal(400, PATH, "{'prompt': 'a', 'temperature': 2.5}")
                        .path("param")
                        .textValue());
        assertEquals(
                "top_p",
                served.refusal(400, PATH, "{'prompt': 'a', 'top_p': 0}")
                        .path("param")
                        .textValue());
        assertEquals(
                "logit_bias",
                served.refusal(400, PATH, "{'prompt': 'a', 'logit_bias': {'9999': 1}}")
                        .path("param")
                        .textValue());
        assertEquals(
                "stop",
                served.refusal(400, PATH, "{'prompt': 'a', 'stop': ''}")
                        .path("param")
                        .textValue());
        assertEquals(
                "context_length_exceeded",
                served.refusal(400, PATH, "{'prompt': 'a', 'max_tokens': 513}")
                        .path("code")
                        .textValue());
        assertEquals(
                "model_not_found",
                served.refusal(404, PATH, "{'prompt': 'a', 'model': 'gpt'}")
                        .path("code")
                        .textValue());
        assertEquals(
                "trace_not_allowed",
                served.refusal(403, PATH, "{'prompt': 'a', 'weir': {'lens': {}}}")
                        .path("code")
                        .textValue());
        assertEquals(
                "response_format.type",
                served.refusal(400, PATH, "{'prompt': 'a', 'response_format': {'type': 'json_object'}}")
                        .path("param")
                        .textValue());
        served.refusal(400, PATH, "{'prompt': 'a', 'prompt': 'b'}");
        served.refusal(400, PATH, "{'prompt': 'a'} 1");
        served.refusal(400, PATH, "{'prompt': NaN}");
        served.refusal(400, PATH, "[".repeat(100) + "]".repeat(100));
        served.refusal(400, PATH, "");
    }
}
