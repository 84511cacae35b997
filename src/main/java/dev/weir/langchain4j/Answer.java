package dev.weir.langchain4j;

import dev.langchain4j.data.message.AiMessage;
import dev.langchain4j.model.chat.response.ChatResponse;
import dev.langchain4j.model.chat.response.ChatResponseMetadata;
import dev.langchain4j.model.output.FinishReason;
import dev.langchain4j.model.output.Response;
import dev.langchain4j.model.output.TokenUsage;
import dev.weir.engine.Generation;
import java.util.UUID;

/** A generation as LangChain4j tells of it. */
record Answer(Generation generation) {

    ChatResponse toChat(String modelName) {
        return ChatResponse.builder()
                .aiMessage(AiMessage.from(generation.text()))
                .metadata(ChatResponseMetadata.builder()
                        .id(UUID.randomUUID().toString())
                        .modelName(modelName)
                        .tokenUsage(usage())
                        .finishReason(reason())
                        .build())
                .build();
    }

    Response<String> toText() {
        return Response.from(generation.text(), usage(), reason());
    }

    private TokenUsage usage() {
        return new TokenUsage(
                generation.promptTokens().size(), generation.tokens().size());
    }

    private FinishReason reason() {
        return switch (generation.finishReason()) {
            case END_OF_TEXT, STOP -> FinishReason.STOP;
            case LENGTH -> FinishReason.LENGTH;
            case CANCELLED, DEADLINE -> FinishReason.OTHER;
        };
    }
}
