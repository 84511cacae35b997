package dev.weir.langchain4j;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.langchain4j.data.message.AiMessage;
import dev.langchain4j.data.message.SystemMessage;
import dev.langchain4j.data.message.UserMessage;
import dev.langchain4j.exception.InvalidRequestException;
import dev.langchain4j.exception.RateLimitException;
import dev.langchain4j.exception.UnsupportedFeatureException;
import dev.langchain4j.model.chat.request.ChatRequest;
import dev.langchain4j.model.chat.request.ChatRequestParameters;
import dev.langchain4j.model.chat.response.ChatResponse;
import dev.langchain4j.model.output.FinishReason;
import dev.langchain4j.model.output.Response;
import dev.weir.batching.Limits;
import dev.weir.batching.Observer;
import dev.weir.batching.Scheduler;
import dev.weir.engine.Generation;
import dev.weir.engine.GenerationOptions;
import dev.weir.engine.Weir;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.Callable;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.UnaryOperator;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.TestInstance.Lifecycle;

@TestInstance(Lifecycle.PER_CLASS)
class WeirChatModelTest {

    private static final String PROMPT = "Once upon a time";

    private final AtomicInteger mostTogether = new AtomicInteger();
    private Weir weir;
    private Scheduler scheduler;
    private WeirChatModel model;

    @BeforeAll
    void open() throws IOException {
        weir = Weir.open(Spelling.STORIES);
        scheduler = Scheduler.of(weir, Scheduler.defaults(weir), new Observer() {
            @Override
            public void onStep(int sequences, int promptRows, int decodeRows, long took) {
                mostTogether.accumulateAndGet(sequences, Math::max);
            }
        });
        model = WeirChatModel.builder()
                .scheduler(scheduler)
                .temperature(0.0)
                .maxOutputTokens(12)
                .build();
    }

    @AfterAll
    void close() {
        model.close();
        scheduler.close();
        weir.close();
    }

    private GenerationOptions options() {
        return weir.defaults().greedy().withMaxNewTokens(12);
    }

    private ChatResponse ask(UnaryOperator<WeirChatRequestParameters.Builder> wishes) {
        return model.chat(ChatRequest.builder()
                .messages(UserMessage.from(PROMPT))
                .parameters(wishes.apply(WeirChatRequestParameters.builder()).build())
                .build());
    }

    private void assertSame(Generation expected, ChatResponse found) {
        assertEquals(expected.text(), found.aiMessage().text());
        assertEquals(expected.promptTokens().size(), found.tokenUsage().inputTokenCount());
        assertEquals(expected.tokens().size(), found.tokenUsage().outputTokenCount());
    }

    @Test
    void itSaysWhatTheModelGenerates() {
        Generation expected = weir.generate(PROMPT, options());
        ChatResponse found = model.chat(UserMessage.from(PROMPT));
        assertSame(expected, found);
        assertEquals(FinishReason.LENGTH, found.finishReason());
        assertEquals(weir.name(), found.modelName());
    }

    @Test
    void theParametersOfARequestGoBeforeThoseOfTheModel() {
        assertSame(weir.generate(PROMPT, options().withMaxNewTokens(3)), ask(w -> w.maxOutputTokens(3)));

        String word = weir.generate(PROMPT, options()).text().strip().split(" ")[2];
        ChatResponse stopped = ask(w -> w.stopSequences(word));
        assertSame(weir.generate(PROMPT, options().withStop(word)), stopped);
        assertEquals(FinishReason.STOP, stopped.finishReason());
    }

    @Test
    void everyParameterOfSamplingArrives() {
        long seed = new Random().nextLong();
        System.out.println("seed " + seed);
        var sampling = weir.defaults()
                .sampling()
                .withTemperature(0.9f)
                .withTopK(40)
                .withTopP(0.95f)
                .withMinP(0.01f)
                .withFrequencyPenalty(0.3f)
                .withPresencePenalty(0.2f)
                .withRepetitionPenalty(1.1f)
                .withLogitBias(Map.of(11, -5f))
                .withSeed(seed);
        ChatResponse found = ask(w -> w.temperature(0.9)
                .topK(40)
                .topP(0.95)
                .minP(0.01)
                .frequencyPenalty(0.3)
                .presencePenalty(0.2)
                .repetitionPenalty(1.1)
                .logitBias(Map.of(11, -5f))
                .seed(seed));
        assertSame(weir.generate(PROMPT, options().withSampling(sampling)), found);
        assertEquals(
                sampling, new Wish(parametersOf(seed)).over(weir.defaults()).sampling());
    }

    private static ChatRequestParameters parametersOf(long seed) {
        ChatRequestParameters ofModel = WeirChatRequestParameters.builder()
                .temperature(0.1)
                .topK(40)
                .topP(0.95)
                .minP(0.01)
                .seed(seed)
                .logitBias(Map.of(11, -5f))
                .build();
        return ofModel.overrideWith(WeirChatRequestParameters.builder()
                .temperature(0.9)
                .frequencyPenalty(0.3)
                .presencePenalty(0.2)
                .repetitionPenalty(1.1)
                .build());
    }

    @Test
    void aChatIsJoinedByBlankLinesUnlessAnotherPromptIsGiven() {
        var messages =
                List.of(SystemMessage.from("A story."), UserMessage.from("Tim ran."), AiMessage.from("He fell."));
        assertSame(weir.generate("A story.\n\nTim ran.\n\nHe fell.", options()), model.chat(messages));

        try (WeirChatModel other = WeirChatModel.builder()
                .scheduler(scheduler)
                .temperature(0.0)
                .maxOutputTokens(12)
                .prompt(all -> ChatPrompt.said(all.getLast()))
                .build()) {
            assertSame(weir.generate("He fell.", options()), other.chat(messages));
        }
    }

    @Test
    void whatCannotBeHonouredIsRefused() {
        assertThrows(InvalidRequestException.class, () -> ask(w -> w.topP(2.0)));
        assertThrows(InvalidRequestException.class, () -> ask(w -> w.maxOutputTokens(100_000)));
        assertThrows(UnsupportedFeatureException.class, () -> ask(w -> w.modelName("another")));
        assertEquals(weir.name(), ask(w -> w.modelName(weir.name())).modelName());
        assertThrows(UnsupportedFeatureException.class, () -> WeirChatModel.builder()
                .weir(weir)
                .name("stories")
                .defaultRequestParameters(
                        ChatRequestParameters.builder().modelName("another").build())
                .build());
        assertThrows(
                IllegalArgumentException.class,
                () -> WeirChatModel.builder().weir(weir).scheduler(scheduler).build());
        assertThrows(
                IllegalArgumentException.class, () -> WeirChatModel.builder().build());
    }

    @Test
    void aFullQueueIsSaidToBeOne() throws InterruptedException {
        Limits none = Scheduler.defaults(weir).withSequences(1).withQueue(0);
        try (Scheduler narrow = Scheduler.of(weir, none, Observer.NONE);
                WeirStreamingChatModel first = WeirStreamingChatModel.builder()
                        .scheduler(narrow)
                        .maxOutputTokens(200)
                        .logitBias(Spelling.endless(weir))
                        .build();
                WeirChatModel second = WeirChatModel.builder().scheduler(narrow).build()) {
            first.chat(PROMPT, new Heard());
            while (narrow.load().running() == 0) {
                Thread.sleep(1);
            }
            assertThrows(RateLimitException.class, () -> second.chat(PROMPT));
        }
    }

    @Test
    void callersAreServedTogetherAndEachAsAlone() throws Exception {
        List<String> prompts = List.of("Tim", "Lily and Tom", "One day", "The dog", "A big cat", "Mom said");
        List<Callable<String>> calls = new ArrayList<>();
        for (String prompt : prompts) {
            calls.add(() -> model.chat(prompt));
        }
        mostTogether.set(0);
        try (var threads = Executors.newVirtualThreadPerTaskExecutor()) {
            List<Future<String>> answers = threads.invokeAll(calls);
            for (int i = 0; i < prompts.size(); i++) {
                assertEquals(
                        weir.generate(prompts.get(i), options()).text(),
                        answers.get(i).get());
            }
        }
        assertTrue(mostTogether.get() > 1, "expected shared steps, got none");
    }

    @Test
    void closingAModelClosesWhatItOpenedAndNothingElse() throws IOException {
        WeirChatModel own = WeirChatModel.builder()
                .modelPath(Spelling.STORIES)
                .name("stories")
                .temperature(0.0)
                .maxOutputTokens(12)
                .build();
        ChatResponse found = own.chat(UserMessage.from(PROMPT));
        assertEquals("stories", found.modelName());
        own.close();
        assertThrows(RuntimeException.class, () -> own.chat(PROMPT));

        WeirChatModel shared = WeirChatModel.builder().weir(weir).build();
        shared.close();
        assertThrows(RuntimeException.class, () -> shared.chat(PROMPT));
        assertSame(weir.generate(PROMPT, options()), model.chat(UserMessage.from(PROMPT)));
    }

    @Test
    void parametersAreEqualWhenAllOfThemAre() {
        var some =
                WeirChatRequestParameters.builder().seed(1L).minP(0.1).topK(3).build();
        assertEquals(
                some, WeirChatRequestParameters.builder().overrideWith(some).build());
        assertEquals(
                some.hashCode(),
                some.overrideWith(ChatRequestParameters.builder().build()).hashCode());
        assertNotEquals(
                some,
                some.overrideWith(WeirChatRequestParameters.builder().seed(2L).build()));
        assertEquals(
                1L,
                some.defaultedBy(WeirChatRequestParameters.builder().seed(2L).build())
                        .seed());
    }

    @Test
    void aLanguageModelContinuesAText() {
        try (WeirLanguageModel language = WeirLanguageModel.builder()
                .scheduler(scheduler)
                .temperature(0.0)
                .maxOutputTokens(12)
                .build()) {
            Response<String> found = language.generate(PROMPT);
            assertEquals(weir.generate(PROMPT, options()).text(), found.content());
            assertEquals(12, found.tokenUsage().outputTokenCount());
            assertEquals(FinishReason.LENGTH, found.finishReason());
            assertInstanceOf(
                    InvalidRequestException.class, assertThrows(RuntimeException.class, () -> language.generate("")));
        }
    }
}
