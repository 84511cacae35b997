package dev.weir.langchain4j;

import dev.langchain4j.exception.InternalServerException;
import dev.langchain4j.exception.InvalidRequestException;
import dev.langchain4j.exception.LangChain4jException;
import dev.langchain4j.exception.RateLimitException;
import dev.langchain4j.model.chat.request.ChatRequestParameters;
import dev.weir.batching.RefusedException;
import dev.weir.batching.Reply;
import dev.weir.batching.Request;
import dev.weir.batching.RequestFailedException;
import dev.weir.batching.Scheduler;
import dev.weir.engine.Generation;
import dev.weir.engine.Prompt;
import java.util.List;

/**
 * What requests are sent to.
 *
 * @param parameters of requests that say nothing else
 * @param owned what is closed with it, in this order
 */
record Served(Scheduler scheduler, String name, WeirChatRequestParameters parameters, List<AutoCloseable> owned)
        implements AutoCloseable {

    /** Refuses parameters that no request could have. */
    Served {
        owned = List.copyOf(owned);
        new Wish(parameters).requireSupported(name);
    }

    /**
     * Sends a request on its way.
     *
     * @throws LangChain4jException of the kind that tells whether to try again
     */
    Reply submit(String text, ChatRequestParameters wanted) {
        try {
            var options = new Wish(wanted).over(scheduler.weir().defaults());
            return scheduler.submit(Request.generate(Prompt.of(text), options));
        } catch (IllegalArgumentException e) {
            throw new InvalidRequestException(e.getMessage(), e);
        } catch (RefusedException e) {
            throw e.isClosing()
                    ? new InternalServerException(e.getMessage(), e)
                    : new RateLimitException(e.getMessage(), e);
        }
    }

    /** Waits for all of it. */
    Answer answer(String text, ChatRequestParameters wanted) {
        Reply reply = submit(text, wanted);
        try {
            Generation generation = reply.await();
            if (generation.finishReason() == Generation.FinishReason.CANCELLED) {
                throw new InternalServerException("the model was closed before it was through");
            }
            return new Answer(generation);
        } catch (RequestFailedException e) {
            throw new InternalServerException(e.getMessage(), e);
        } catch (InterruptedException e) {
            reply.cancel();
            Thread.currentThread().interrupt();
            throw new LangChain4jException("interrupted while waiting for the model", e);
        }
    }

    @Override
    public void close() {
        for (AutoCloseable each : owned) {
            try {
                each.close();
            } catch (RuntimeException e) {
                throw e;
            } catch (Exception e) {
                throw new LangChain4jException(e);
            }
        }
    }
}
