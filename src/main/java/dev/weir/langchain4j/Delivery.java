package dev.weir.langchain4j;

import dev.langchain4j.exception.InternalServerException;
import dev.langchain4j.exception.LangChain4jException;
import dev.weir.batching.Event;
import dev.weir.batching.Reply;
import dev.weir.batching.RequestFailedException;
import dev.weir.engine.Generation;
import dev.weir.engine.Generation.FinishReason;

/** Hands a reply to a handler piece by piece, on a thread of its own, so that a slow handler holds nobody else up. */
final class Delivery implements Runnable {

    private static final System.Logger LOG = System.getLogger(Delivery.class.getName());

    /** A caller's handler. What it throws comes back to it as an error, and what is thrown there is logged. */
    interface Receiver {
        void onText(String text);

        void onEnd(Answer answer);

        void onError(Throwable error);

        /** Whether nothing more is wanted. */
        default boolean isCancelled() {
            return false;
        }
    }

    private final Reply reply;
    private final Receiver receiver;

    private Delivery(Reply reply, Receiver receiver) {
        this.reply = reply;
        this.receiver = receiver;
    }

    static void begin(Reply reply, Receiver receiver) {
        Thread.ofVirtual().name("weir-delivery").start(new Delivery(reply, receiver));
    }

    @Override
    public void run() {
        try {
            Event event = reply.next();
            while (!receiver.isCancelled()) {
                if (event instanceof Event.Token token && !token.text().isEmpty()) {
                    guarded(() -> receiver.onText(token.text()));
                }
                if (event instanceof Event.Ended ended) {
                    end(ended.generation());
                    return;
                }
                event = reply.next();
            }
            reply.cancel();
        } catch (RequestFailedException e) {
            fail(receiver, new InternalServerException(e.getMessage(), e));
        } catch (InterruptedException e) {
            reply.cancel();
            fail(receiver, new LangChain4jException("interrupted while waiting for the model", e));
        }
    }

    private void end(Generation generation) {
        if (generation.finishReason() == FinishReason.CANCELLED) {
            fail(receiver, new InternalServerException("the model was closed before it was through"));
        } else {
            guarded(() -> receiver.onEnd(new Answer(generation)));
        }
    }

    private void guarded(Runnable call) {
        try {
            call.run();
        } catch (RuntimeException e) {
            fail(receiver, e);
        }
    }

    /** Tells a handler of an error. */
    static void fail(Receiver receiver, Throwable error) {
        try {
            receiver.onError(error);
        } catch (RuntimeException e) {
            LOG.log(System.Logger.Level.WARNING, "a handler of errors failed", e);
        }
    }
}
