package dev.weir.langchain4j;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.langchain4j.data.message.UserMessage;
import dev.langchain4j.exception.InternalServerException;
import dev.langchain4j.exception.InvalidRequestException;
import dev.langchain4j.exception.UnsupportedFeatureException;
import dev.langchain4j.model.StreamingResponseHandler;
import dev.langchain4j.model.chat.request.ChatRequest;
import dev.langchain4j.model.chat.request.ResponseFormat;
import dev.langchain4j.model.chat.response.PartialResponse;
import dev.langchain4j.model.chat.response.PartialResponseContext;
import dev.langchain4j.model.output.Response;
import dev.weir.batching.Observer;
import dev.weir.batching.Scheduler;
import dev.weir.engine.Generation.FinishReason;
import dev.weir.engine.GenerationOptions;
import dev.weir.engine.Weir;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.TestInstance.Lifecycle;

@TestInstance(Lifecycle.PER_CLASS)
class WeirStreamingChatModelTest {

    private static final String PROMPT = "Once upon a time";

    private final BlockingQueue<FinishReason> ends = new LinkedBlockingQueue<>();
    private Weir weir;
    private Scheduler scheduler;
    private WeirStreamingChatModel model;

    @BeforeAll
    void open() throws IOException {
        weir = Weir.open(Spelling.STORIES);
        scheduler = Scheduler.of(weir, Scheduler.defaults(weir), new Observer() {
            @Override
            public void onEnded(FinishReason reason, int newTokens) {
                ends.add(reason);
            }
        });
        model = WeirStreamingChatModel.builder()
                .scheduler(scheduler)
                .temperature(0.0)
                .maxOutputTokens(12)
                .build();
    }

    @AfterAll
    void close() {
        scheduler.close();
        weir.close();
    }

    private GenerationOptions options() {
        return weir.defaults().greedy().withMaxNewTokens(12);
    }

    @Test
    void thePiecesAreTheWholeAndTheWholeIsWhatTheModelGenerates() throws Exception {
        var heard = new Heard();
        model.chat(PROMPT, heard);
        String text = heard.await().aiMessage().text();
        assertEquals(weir.generate(PROMPT, options()).text(), text);
        assertEquals(text, String.join("", heard.pieces));
        assertTrue(heard.pieces.size() > 1, heard.pieces.toString());
        assertEquals(List.of(), heard.errors);
    }

    @Test
    void whatAHandlerThrowsComesBackToItAndTheAnswerGoesOn() throws Exception {
        var heard = new Heard() {
            @Override
            public void onPartialResponse(PartialResponse piece, PartialResponseContext context) {
                super.onPartialResponse(piece, context);
                throw new IllegalStateException(piece.text());
            }
        };
        model.chat(PROMPT, heard);
        String text = heard.await().aiMessage().text();
        assertEquals(text, String.join("", heard.pieces));
        assertEquals(
                heard.pieces, heard.errors.stream().map(Throwable::getMessage).toList());

        var next = new Heard();
        model.chat(PROMPT, next);
        assertEquals(text, next.await().aiMessage().text());
    }

    @Test
    void whoCancelsHearsNothingMoreAndItsRequestEnds() throws Exception {
        ends.clear();
        var heard = new Heard() {
            @Override
            public void onPartialResponse(PartialResponse piece, PartialResponseContext context) {
                super.onPartialResponse(piece, context);
                context.streamingHandle().cancel();
                assertTrue(context.streamingHandle().isCancelled());
            }
        };
        model.chat(
                ChatRequest.builder()
                        .messages(UserMessage.from(PROMPT))
                        .maxOutputTokens(200)
                        .build(),
                heard);
        assertEquals(FinishReason.CANCELLED, ends.poll(1, TimeUnit.MINUTES));
        var next = new Heard();
        model.chat(PROMPT, next);
        next.await();
        assertEquals(1, heard.pieces.size());
        assertEquals(List.of(), heard.errors);
        assertFalse(heard.response.isDone());
    }

    @Test
    void aSlowHandlerHoldsNobodyUp() throws Exception {
        var gate = new CountDownLatch(1);
        var slow = new Heard() {
            @Override
            public void onPartialResponse(PartialResponse piece, PartialResponseContext context) {
                try {
                    gate.await();
                } catch (InterruptedException e) {
                    throw new IllegalStateException(e);
                }
                super.onPartialResponse(piece, context);
            }
        };
        model.chat(PROMPT, slow);
        var quick = new Heard();
        model.chat(PROMPT, quick);
        String text = quick.await().aiMessage().text();
        assertFalse(slow.response.isDone());
        gate.countDown();
        assertEquals(text, slow.await().aiMessage().text());
    }

    @Test
    void errorsGoToTheHandlerButWhatIsUnsupportedIsThrown() {
        var heard = new Heard();
        model.chat(
                ChatRequest.builder()
                        .messages(UserMessage.from(PROMPT))
                        .topP(2.0)
                        .build(),
                heard);
        assertInstanceOf(InvalidRequestException.class, heard.errors.getFirst());
        var json = ChatRequest.builder()
                .messages(UserMessage.from(PROMPT))
                .responseFormat(ResponseFormat.JSON)
                .build();
        assertThrows(UnsupportedFeatureException.class, () -> model.chat(json, new Heard()));
    }

    @Test
    void whoIsCutOffIsToldSo() throws Exception {
        var told = new CompletableFuture<Throwable>();
        var begun = new CountDownLatch(1);
        WeirStreamingChatModel own = WeirStreamingChatModel.builder().weir(weir).build();
        own.chat(
                ChatRequest.builder()
                        .messages(UserMessage.from(PROMPT))
                        .parameters(WeirChatRequestParameters.builder()
                                .maxOutputTokens(200)
                                .logitBias(Spelling.endless(weir))
                                .build())
                        .build(),
                new Heard() {
                    @Override
                    public void onPartialResponse(PartialResponse piece, PartialResponseContext context) {
                        begun.countDown();
                    }

                    @Override
                    public void onError(Throwable error) {
                        told.complete(error);
                    }
                });
        assertTrue(begun.await(1, TimeUnit.MINUTES));
        own.close();
        assertInstanceOf(InternalServerException.class, told.get(1, TimeUnit.MINUTES));
    }

    @Test
    void aLanguageModelStreamsTheSame() throws Exception {
        List<String> pieces = Collections.synchronizedList(new ArrayList<>());
        var whole = new CompletableFuture<Response<String>>();
        try (WeirStreamingLanguageModel language = WeirStreamingLanguageModel.builder()
                .scheduler(scheduler)
                .temperature(0.0)
                .maxOutputTokens(12)
                .build()) {
            language.generate(PROMPT, new StreamingResponseHandler<>() {
                @Override
                public void onNext(String piece) {
                    pieces.add(piece);
                }

                @Override
                public void onComplete(Response<String> response) {
                    whole.complete(response);
                }

                @Override
                public void onError(Throwable error) {
                    whole.completeExceptionally(error);
                }
            });
            String text = whole.get(1, TimeUnit.MINUTES).content();
            assertEquals(weir.generate(PROMPT, options()).text(), text);
            assertEquals(text, String.join("", pieces));
        }
    }
}
