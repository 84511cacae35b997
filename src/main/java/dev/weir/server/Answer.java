package dev.weir.server;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.weir.batching.Event;
import dev.weir.batching.RequestFailedException;
import io.helidon.webserver.CloseConnectionException;
import io.helidon.webserver.http.ServerResponse;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/** Answers one request to generate: whole, or piece by piece while it is made. */
final class Answer {

    private final Serving serving;
    private final GenerationFields fields;
    private final Wire wire;
    private final Faults faults;
    private final List<ChoiceText> texts;

    Answer(Serving serving, GenerationFields fields, List<Choice> choices, Wire wire, Faults faults) {
        this.serving = serving;
        this.fields = fields;
        this.wire = wire;
        this.faults = faults;
        this.texts = choices.stream().map(ChoiceText::new).toList();
    }

    /**
     * Generates and sends.
     *
     * @throws RefusalException if nothing has been sent and it cannot be honoured
     * @throws CloseConnectionException if the client is gone
     */
    void send(ServerResponse response) throws InterruptedException {
        List<Choice> choices = texts.stream().map(ChoiceText::choice).toList();
        try (Round round = Round.begin(serving, choices, Peer.CURRENT.get())) {
            if (fields.streams()) {
                stream(round, new SseChannel(response));
            } else {
                whole(round, response);
            }
        }
    }

    private void whole(Round round, ServerResponse response) throws InterruptedException {
        while (!isEnded()) {
            take(round);
        }
        ObjectNode answer = wire.envelope(false);
        ArrayNode choices = answer.putArray("choices");
        texts.forEach(text -> choices.add(wire.whole(text, text.take())));
        answer.set("usage", usage());
        Replies.json(response, 200, answer);
    }

    private void stream(Round round, SseChannel channel) throws InterruptedException {
        try {
            while (!isEnded()) {
                Piece.Further piece = take(round);
                tell(channel, texts.get(piece.choice().index()), piece.event());
            }
            if (fields.includesUsage()) {
                ObjectNode last = wire.envelope(true);
                last.putArray("choices");
                last.set("usage", usage());
                channel.send(last);
            }
            channel.done();
        } catch (RefusalException e) {
            if (!channel.isOpen()) {
                throw e;
            }
            channel.send(e.body().json());
            channel.done();
        }
    }

    private void tell(SseChannel channel, ChoiceText text, Event event) {
        switch (event) {
            case Event.Read read -> wire.opening(text).ifPresent(opening -> send(channel, opening));
            case Event.Token token -> {
                if (text.hasMore()) {
                    send(channel, wire.piece(text, text.take()));
                }
            }
            case Event.Ended ended -> end(channel, text);
        }
    }

    /** Text that came with the end goes before it; OpenAI's last piece has none. */
    private void end(SseChannel channel, ChoiceText text) {
        if (text.hasMore()) {
            send(channel, wire.piece(text, text.take()));
        }
        send(channel, wire.ending(text, text.take()));
    }

    private void send(SseChannel channel, ObjectNode choice) {
        ObjectNode chunk = wire.envelope(true);
        chunk.putArray("choices").add(choice);
        if (fields.includesUsage()) {
            chunk.putNull("usage");
        }
        channel.send(chunk);
    }

    private Piece.Further take(Round round) throws InterruptedException {
        return switch (round.next()) {
            case Piece.Further further -> {
                texts.get(further.choice().index()).add(further);
                yield further;
            }
            case Piece.Gone gone -> throw new CloseConnectionException("the client is gone");
            case Piece.Failed failed -> throw refusal(failed.cause());
        };
    }

    /** What a failure looks like from outside. */
    private RefusalException refusal(Throwable cause) {
        boolean isBroken = cause instanceof RequestFailedException
                && serving.scheduler().load().isBroken();
        return new RefusalException(isBroken ? ErrorBody.unavailable("the machine has failed") : faults.note(cause));
    }

    private boolean isEnded() {
        return texts.stream().allMatch(ChoiceText::isEnded);
    }

    private ObjectNode usage() {
        int prompt = 0;
        int cached = 0;
        Set<Integer> counted = new HashSet<>();
        for (ChoiceText text : texts) {
            if (counted.add(text.choice().promptIndex())) {
                prompt += text.choice().prompt().size();
                cached += text.sharedTokens();
            }
        }
        int made = texts.stream().mapToInt(ChoiceText::newTokens).sum();
        ObjectNode usage = Json.object();
        usage.put("prompt_tokens", prompt);
        usage.put("completion_tokens", made);
        usage.put("total_tokens", prompt + made);
        usage.putObject("prompt_tokens_details").put("cached_tokens", cached);
        return usage;
    }
}
