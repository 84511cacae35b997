package dev.weir.langchain4j;

import dev.langchain4j.model.chat.StreamingChatModel;
import dev.langchain4j.model.chat.common.AbstractStreamingChatModelIT;
import dev.langchain4j.model.chat.listener.ChatModelListener;
import dev.langchain4j.model.chat.request.ChatRequestParameters;
import dev.weir.batching.Scheduler;
import dev.weir.engine.Weir;
import java.io.IOException;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;

/** LangChain4j's own tests of a streaming chat model. What Weir does not do (tools, JSON, images, other models) must be refused, and is. */
class WeirStreamingChatModelComplianceTest extends AbstractStreamingChatModelIT {

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

    private WeirStreamingChatModel.Builder builder() {
        return WeirStreamingChatModel.builder()
                .scheduler(scheduler)
                .defaultRequestParameters(Spelling.of(weir, "Berlin, liebe green. Hello World"));
    }

    @Override
    protected List<StreamingChatModel> baseModels() {
        return List.of(builder().build());
    }

    @Override
    protected StreamingChatModel createModelWith(ChatRequestParameters parameters) {
        return builder().defaultRequestParameters(parameters).build();
    }

    @Override
    public StreamingChatModel createModelWith(ChatModelListener listener) {
        return builder().listeners(List.of(listener)).build();
    }

    @Override
    protected ChatRequestParameters createIntegrationSpecificParameters(int maxOutputTokens) {
        return WeirChatRequestParameters.builder()
                .maxOutputTokens(maxOutputTokens)
                .build();
    }

    @Override
    protected boolean supportsModelNameParameter() {
        return false;
    }

    @Override
    protected boolean supportsTools() {
        return false;
    }

    @Override
    protected boolean supportsToolChoiceRequired() {
        return false;
    }

    @Override
    protected boolean supportsJsonResponseFormat() {
        return false;
    }

    @Override
    protected boolean supportsJsonResponseFormatWithSchema() {
        return false;
    }

    @Override
    protected boolean supportsJsonResponseFormatWithRawSchema() {
        return false;
    }

    @Override
    protected boolean supportsToolsAndJsonResponseFormatWithSchema() {
        return false;
    }

    @Override
    protected boolean supportsSingleImageInputAsBase64EncodedString() {
        return false;
    }

    @Override
    protected boolean supportsMultipleImageInputsAsBase64EncodedStrings() {
        return false;
    }

    @Override
    protected boolean supportsSingleImageInputAsPublicURL() {
        return false;
    }

    @Override
    protected boolean supportsMultipleImageInputsAsPublicURLs() {
        return false;
    }

    /** It does; but this suite waits half a minute to hear nothing more, and {@link WeirStreamingChatModelTest} does not. */
    @Override
    protected boolean supportsStreamingCancellation() {
        return false;
    }
}
