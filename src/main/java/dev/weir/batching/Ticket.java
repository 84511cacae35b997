package dev.weir.batching;

import dev.weir.engine.Generation.FinishReason;
import dev.weir.engine.Sequence;
import dev.weir.engine.Tracing;
import dev.weir.hook.Edits;
import dev.weir.hook.HookPoint;
import dev.weir.hook.Hooks;
import dev.weir.hook.Site;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/** A request from its acceptance to its end: what it wants, what has become of it, and who watches its rows. */
final class Ticket {

    /**
     * Somebody who sees rows of the request.
     *
     * @param tracing whose taps it wants and whose sink hears of them
     * @param promptOnly whether it has seen enough when the prompt is through
     */
    record Watcher(Tracing tracing, boolean promptOnly) {
        Set<HookPoint> points() {
            return tracing.hooks().taps().keySet();
        }
    }

    private final Request request;
    private final Sequence sequence;
    private final Reply reply = new Reply();
    private final long submitted = System.nanoTime();
    private final List<Watcher> watchers = new ArrayList<>();
    private final Optional<PromptProbabilities> ofPrompt;
    private long newestToken;

    Ticket(Request request, Sequence sequence) {
        this.request = request;
        this.sequence = sequence;
        request.tracing()
                .filter(tracing -> !tracing.hooks().taps().isEmpty())
                .ifPresent(tracing -> watchers.add(new Watcher(tracing, false)));
        this.ofPrompt = request.ofPrompt()
                ? Optional.of(new PromptProbabilities(
                        sequence.prompt(), request.logprobs().orElseThrow()))
                : Optional.empty();
        ofPrompt.ifPresent(sink ->
                watchers.add(new Watcher(Tracing.of(Hooks.tap(List.of(HookPoint.of(Site.UNEMBED_OUT))), sink), true)));
    }

    Request request() {
        return request;
    }

    Sequence sequence() {
        return sequence;
    }

    Reply reply() {
        return reply;
    }

    List<Watcher> watchers() {
        return watchers;
    }

    /** What is changed in its rows, positions counted from 0. */
    Edits edits() {
        Edits ofTracing =
                request.tracing().map(tracing -> tracing.hooks().edits()).orElse(Edits.NONE);
        return ofTracing.and(sequence.edits()).within(sequence.prompt().size());
    }

    /** Whether it is to end before its time, and why. */
    Optional<FinishReason> over() {
        if (reply.isCancelled()) {
            return Optional.of(FinishReason.CANCELLED);
        }
        boolean late = request.timeLimit().isPresent()
                && age() > request.timeLimit().get().toNanos();
        return late ? Optional.of(FinishReason.DEADLINE) : Optional.empty();
    }

    /** Nanoseconds since its submission. */
    long age() {
        return System.nanoTime() - submitted;
    }

    /** The prompt is through. */
    void read(int sharedTokens) {
        List<TokenLogprobs> logprobs =
                ofPrompt.map(PromptProbabilities::logprobs).orElse(List.of());
        reply.add(new Event.Read(sequence.prompt().size(), sharedTokens, logprobs));
        watchers.removeIf(Watcher::promptOnly);
    }

    /** Tells of a token that was chosen. */
    void tell(int token, Optional<TokenLogprobs> logprobs, Observer observer) {
        int index = sequence.newTokens();
        String text = sequence.append(token);
        long now = System.nanoTime();
        if (index == 0) {
            observer.onFirstToken(now - submitted);
        } else {
            observer.onToken(now - newestToken);
        }
        newestToken = now;
        reply.add(new Event.Token(index, token, text, logprobs));
    }
}
