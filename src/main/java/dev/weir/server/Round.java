package dev.weir.server;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.weir.batching.Event;
import dev.weir.batching.RefusedException;
import dev.weir.batching.Reply;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;

/** The choices of one request, under way together: what happens to any of them comes in one queue. */
final class Round implements AutoCloseable {

    private final Serving serving;
    private final BlockingQueue<Piece> pieces = new LinkedBlockingQueue<>();
    private final List<Reply> replies = new ArrayList<>();

    private Round(Serving serving) {
        this.serving = serving;
    }

    /**
     * Asks for all of them.
     *
     * @param peer who wants them; when it goes, all are cancelled
     * @throws RefusalException if one of them is not accepted; those before it are cancelled then
     */
    static Round begin(Serving serving, List<Choice> choices, Peer peer) {
        var round = new Round(serving);
        try {
            for (Choice choice : choices) {
                Reply reply = serving.scheduler().submit(choice.request());
                round.replies.add(reply);
                Thread.ofVirtual().name("weir-choice").start(() -> round.follow(choice, reply));
            }
        } catch (RefusedException e) {
            round.close();
            throw new RefusalException(
                    e.isClosing()
                            ? ErrorBody.unavailable("the server takes no more requests")
                            : ErrorBody.busy("too many requests are waiting, try again later"));
        } catch (IllegalArgumentException e) {
            round.close();
            throw RefusalException.field(null, String.valueOf(e.getMessage()));
        }
        peer.watch(() -> {
            round.close();
            round.pieces.add(new Piece.Gone());
        });
        return round;
    }

    /** Waits for what comes next. */
    Piece next() throws InterruptedException {
        return pieces.take();
    }

    /** Wants no more of any of them. */
    @Override
    public void close() {
        replies.forEach(Reply::cancel);
    }

    private void follow(Choice choice, Reply reply) {
        Deque<Event.Token> unseen = new ArrayDeque<>();
        try {
            boolean isEnded = false;
            while (!isEnded) {
                List<Event> news = news(reply);
                news.forEach(event -> {
                    if (event instanceof Event.Token token) {
                        unseen.add(token);
                    }
                });
                List<ObjectNode> lens =
                        choice.lens().isPresent() ? choice.lens().get().look(unseen, serving.tokenText()) : List.of();
                for (Event event : news) {
                    pieces.add(further(choice, event, event == news.getLast() ? lens : List.of()));
                }
                isEnded = news.getLast() instanceof Event.Ended;
            }
        } catch (IOException | RuntimeException | InterruptedException e) {
            pieces.add(new Piece.Failed(e));
        } finally {
            choice.request().tracing().ifPresent(tracing -> tracing.sink().close());
        }
    }

    /** What comes next, and what else is there by then: many rows go through a lens together. */
    private static List<Event> news(Reply reply) throws InterruptedException {
        var news = new ArrayList<Event>();
        Optional<Event> next = Optional.of(reply.next());
        while (next.isPresent()) {
            news.add(next.get());
            next = next.get() instanceof Event.Ended ? Optional.empty() : reply.next(Duration.ZERO);
        }
        return news;
    }

    private Piece further(Choice choice, Event event, List<ObjectNode> lens) throws IOException {
        boolean isTraced = event instanceof Event.Ended && choice.trace().isPresent();
        return new Piece.Further(
                choice,
                event,
                lens,
                isTraced
                        ? Optional.of(serving.traces()
                                .orElseThrow()
                                .publish(choice.trace().orElseThrow()))
                        : Optional.empty());
    }
}
