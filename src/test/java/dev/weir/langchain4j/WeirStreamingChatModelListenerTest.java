package dev.weir.langchain4j;

import dev.langchain4j.exception.InternalServerException;
import dev.langchain4j.model.chat.StreamingChatModel;
import dev.langchain4j.model.chat.common.AbstractStreamingChatModelListenerIT;
import dev.langchain4j.model.chat.listener.ChatModelListener;
import dev.weir.batching.Scheduler;
import dev.weir.engine.Weir;
import java.io.IOException;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.TestInstance.Lifecycle;

/** LangChain4j's own tests of who is told of requests, responses and errors. */
@TestInstance(Lifecycle.PER_CLASS)
class WeirStreamingChatModelListenerTest extends AbstractStreamingChatModelListenerIT {

    private Weir weir;
    private Scheduler scheduler;

    @BeforeAll
    void open() throws IOException {
        weir = Weir.open(Spelling.STORIES);
        scheduler = Scheduler.of(weir);
    }

    @AfterAll
    void close() {
        scheduler.close();
        weir.close();
    }

    private WeirStreamingChatModel.Builder builder(ChatModelListener listener) {
        return WeirStreamingChatModel.builder().listeners(List.of(listener));
    }

    @Override
    protected StreamingChatModel createModel(ChatModelListener listener) {
        return builder(listener)
                .scheduler(scheduler)
                .defaultRequestParameters(Spelling.of(weir, "Hello World"))
                .temperature(temperature())
                .topP(topP())
                .maxOutputTokens(maxTokens())
                .build();
    }

    @Override
    protected String modelName() {
        return weir.name();
    }

    @Override
    protected StreamingChatModel createFailingModel(ChatModelListener listener) {
        Scheduler closed = Scheduler.of(weir);
        closed.close();
        return builder(listener).scheduler(closed).build();
    }

    @Override
    protected Class<? extends Exception> expectedExceptionClass() {
        return InternalServerException.class;
    }

    @Override
    protected boolean supportsTools() {
        return false;
    }
}
