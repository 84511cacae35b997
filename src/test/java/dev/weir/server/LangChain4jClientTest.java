package dev.weir.server;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.langchain4j.data.message.UserMessage;
import dev.langchain4j.exception.InvalidRequestException;
import dev.langchain4j.model.chat.request.ChatRequest;
import dev.langchain4j.model.chat.response.ChatResponse;
import dev.langchain4j.model.chat.response.StreamingChatResponseHandler;
import dev.langchain4j.model.openai.OpenAiChatModel;
import dev.langchain4j.model.openai.OpenAiLanguageModel;
import dev.langchain4j.model.openai.OpenAiStreamingChatModel;
import dev.langchain4j.model.output.FinishReason;
import dev.weir.engine.Prompt;
import dev.weir.engine.TextListener;
import dev.weir.engine.Weir;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** LangChain4j's client for OpenAI takes the server for what it knows. */
class LangChain4jClientTest {

    private static final String PROMPT = "One day, Lily found";
    private static final int SEED = 11;
    private static final int TOKENS = 24;

    private static Served served;

    @BeforeAll
    static void start() {
        served = Served.plain();
    }

    @AfterAll
    static void stop() {
        served.close();
    }

    private static String url() {
        return served.server().url() + "/v1";
    }

    /** What the engine makes of the prompt, without a server. */
    private static String expected() {
        Weir weir = served.server().scheduler().weir();
        var options = weir.defaults().withMaxNewTokens(TOKENS);
        var sampling = options.sampling().withTemperature(0.7f).withSeed(SEED);
        return weir.generate(List.of(Prompt.of(PROMPT)), options.withSampling(sampling), TextListener.NONE)
                .generations()
                .getFirst()
                .text();
    }

    private static OpenAiChatModel.OpenAiChatModelBuilder chat() {
        return OpenAiChatModel.builder()
                .baseUrl(url())
                .apiKey("none")
                .modelName("weir-stories")
                .temperature(0.7)
                .seed(SEED)
                .maxCompletionTokens(TOKENS)
                .maxRetries(0);
    }

    @Test
    void aChatIsAnswered() {
        ChatResponse response = chat().build()
                .chat(ChatRequest.builder().messages(UserMessage.from(PROMPT)).build());
        assertEquals(expected(), response.aiMessage().text());
        assertEquals(FinishReason.LENGTH, response.finishReason());
        assertEquals(TOKENS, response.tokenUsage().outputTokenCount());
        assertEquals("weir-stories", response.modelName());
    }

    @Test
    void aChatIsStreamed() throws Exception {
        var model = OpenAiStreamingChatModel.builder()
                .baseUrl(url())
                .apiKey("none")
                .modelName("weir-stories")
                .temperature(0.7)
                .seed(SEED)
                .maxCompletionTokens(TOKENS)
                .build();
        var pieces = new StringBuffer();
        var complete = new CompletableFuture<ChatResponse>();
        model.chat(PROMPT, new StreamingChatResponseHandler() {
            @Override
            public void onPartialResponse(String piece) {
                pieces.append(piece);
            }

            @Override
            public void onCompleteResponse(ChatResponse response) {
                complete.complete(response);
            }

            @Override
            public void onError(Throwable error) {
                complete.completeExceptionally(error);
            }
        });
        ChatResponse response = complete.get(1, TimeUnit.MINUTES);
        assertEquals(expected(), pieces.toString());
        assertEquals(expected(), response.aiMessage().text());
        assertEquals(TOKENS, response.tokenUsage().outputTokenCount());
    }

    @Test
    void aTextIsContinued() {
        var model = OpenAiLanguageModel.builder()
                .baseUrl(url())
                .apiKey("none")
                .modelName("weir-stories")
                .temperature(0.0)
                .maxRetries(0)
                .build();
        String text = model.generate(PROMPT).content();
        Weir weir = served.server().scheduler().weir();
        String greedy = weir.generate(PROMPT, weir.defaults().greedy().withMaxNewTokens(16))
                .text();
        assertEquals(greedy, text);
    }

    @Test
    void anErrorIsTheClientsKindOfError() {
        var e = assertThrows(
                InvalidRequestException.class,
                () -> chat().temperature(5.0).build().chat(PROMPT));
        assertTrue(
                String.valueOf(e.getMessage()).contains("temperature: expected a number from 0 to 2, got 5"),
                e::getMessage);
    }
}
