package dev.weir.server;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import java.nio.charset.StandardCharsets;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** A chat is a completion of what the model's template makes of it. */
class ChatTest {

    private static final String PATH = "/v1/chat/completions";
    private static final String MESSAGES =
            "'messages': [{'role': 'system', 'content': 'A story.'}, {'role': 'user', 'content': "
                    + "[{'type': 'text', 'text': 'Once upon'}, {'type': 'text', 'text': ' a time'}]}]";

    private static Served served;

    @BeforeAll
    static void start() {
        served = Served.plain();
    }

    @AfterAll
    static void stop() {
        served.close();
    }

    @Test
    void aModelWithoutATemplateContinuesTheMessages() {
        String expected = served.ask(
                        "/v1/completions", "{'prompt': 'A story.\\n\\nOnce upon a time', 'max_tokens': 20, 'seed': 4}")
                .path("choices")
                .path(0)
                .path("text")
                .textValue();
        JsonNode answer = served.ask(PATH, "{" + MESSAGES + ", 'max_completion_tokens': 20, 'seed': 4}");
        JsonNode choice = answer.path("choices").path(0);
        assertEquals("chat.completion", answer.path("object").textValue());
        assertEquals("assistant", choice.path("message").path("role").textValue());
        assertEquals(expected, choice.path("message").path("content").textValue());
    }

    @Test
    void aStreamBeginsWithTheRoleAndEndsWithTheReason() {
        String body = "{" + MESSAGES + ", 'max_tokens': 20, 'seed': 4";
        String expected = served.ask(PATH, body + "}")
                .path("choices")
                .path(0)
                .path("message")
                .path("content")
                .textValue();
        List<JsonNode> events = served.events(PATH, body + ", 'stream': true}");
        assertEquals(
                "assistant",
                events.getFirst()
                        .path("choices")
                        .path(0)
                        .path("delta")
                        .path("role")
                        .textValue());
        var text = new StringBuilder();
        for (JsonNode event : events.subList(1, events.size() - 1)) {
            assertEquals("chat.completion.chunk", event.path("object").textValue());
            assertFalse(event.has("usage"));
            assertTrue(event.path("choices").path(0).path("finish_reason").isNull());
            text.append(
                    event.path("choices").path(0).path("delta").path("content").textValue());
        }
        assertEquals(expected, text.toString());
        JsonNode last = events.getLast().path("choices").path(0);
        assertTrue(last.path("delta").isEmpty() && last.path("delta").isObject());
        assertEquals("length", last.path("finish_reason").textValue());
    }

    @Test
    void probabilitiesHaveTheBytesOfTheirTokens() {
        JsonNode choice = served.ask(
                        PATH, "{" + MESSAGES + ", 'max_tokens': 10, 'seed': 4, 'logprobs': true, 'top_logprobs': 3}")
                .path("choices")
                .path(0);
        var bytes = new java.io.ByteArrayOutputStream();
        for (JsonNode token : choice.path("logprobs").path("content")) {
            token.path("bytes").forEach(value -> bytes.write(value.intValue()));
            assertEquals(3, token.path("top_logprobs").size());
            assertTrue(token.path("logprob").doubleValue()
                    <= token.path("top_logprobs").path(0).path("logprob").doubleValue());
        }
        assertEquals(choice.path("message").path("content").textValue(), bytes.toString(StandardCharsets.UTF_8));
    }

    @Test
    void anAnswerMayBeAsLongAsTheContextLeaves() {
        String prompt = "Tom and Sue. ".repeat(100);
        int tokens = served.ask("/tokenize", "{'prompt': '" + prompt + "'}")
                .path("count")
                .intValue();
        assertTrue(tokens > 400 && tokens < 505, "tokens " + tokens);
        int room = 513 - tokens;
        String longest = served.ask(
                        "/v1/completions", "{'prompt': '" + prompt + "', 'seed': 1, 'max_tokens': " + room + "}")
                .path("choices")
                .toString();
        JsonNode answer = served.ask(PATH, "{'messages': [{'role': 'user', 'content': '" + prompt + "'}], 'seed': 1}");
        assertTrue(longest.contains(
                answer.path("choices").path(0).path("message").path("content").toString()));
        served.refusal(
                400,
                PATH,
                "{'messages': [{'role': 'user', 'content': '" + prompt + "'}], 'max_tokens': " + (room + 1) + "}");
    }

    @Test
    void whatIsNoChatHereIsRefused() {
        assertEquals("messages", served.refusal(400, PATH, "{}").path("param").textValue());
        assertEquals(
                "messages",
                served.refusal(400, PATH, "{'messages': []}").path("param").textValue());
        assertEquals(
                "messages[0].role",
                served.refusal(400, PATH, "{'messages': [{'role': 'x', 'content': 'a'}]}")
                        .path("param")
                        .textValue());
        assertEquals(
                "messages[0].content",
                served.refusal(
                                400,
                                PATH,
                                "{'messages': [{'role': 'user', 'content': [{'type': 'image_url', 'image_url': {}}]}]}")
                        .path("param")
                        .textValue());
        assertEquals(
                "tools",
                served.refusal(400, PATH, "{" + MESSAGES + ", 'tools': [{}]}")
                        .path("param")
                        .textValue());
        assertEquals(
                "top_logprobs",
                served.refusal(400, PATH, "{" + MESSAGES + ", 'top_logprobs': 2}")
                        .path("param")
                        .textValue());
        served.ask(PATH, "{" + MESSAGES + ", 'tools': [], 'response_format': {'type': 'text'}, 'max_tokens': 1}");
    }
}
