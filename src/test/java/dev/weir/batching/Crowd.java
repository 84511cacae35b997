package dev.weir.batching;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;

import dev.weir.engine.Generation;
import dev.weir.engine.TextListener;
import dev.weir.engine.Tracing;
import dev.weir.engine.Weir;
import dev.weir.hook.HookPoint;
import dev.weir.hook.Hooks;
import dev.weir.hook.Trace;
import dev.weir.hook.TraceRecorder;
import java.util.ArrayList;
import java.util.List;

/** Random requests that are made together, and each of them alone. */
final class Crowd {

    private final RandomRequests randomly;
    private final Weir reference;

    /**
     * A crowd.
     *
     * @param reference on which each request is made alone
     */
    Crowd(RandomRequests randomly, Weir reference) {
        this.randomly = randomly;
        this.reference = reference;
    }

    private record Member(Request request, Hooks hooks, TraceRecorder recorder, Reply reply) {}

    /**
     * Makes so many requests together, some that fail in between, and compares what each of the others gets and sees with what it gets
     * and sees alone.
     */
    void requireSameBits(Weir served, Limits limits, int count) throws InterruptedException {
        Scheduler scheduler = Scheduler.of(served, limits, Observer.NONE);
        try (scheduler) {
            var members = new ArrayList<Member>();
            var troublemakers = new ArrayList<Troublemaker>();
            for (int i = 0; i < count; i++) {
                members.add(join(scheduler));
                if (randomly.random().nextInt(4) == 0) {
                    troublemakers.add(Troublemaker.join(scheduler, randomly));
                }
            }
            String seed = "seed " + randomly.seed();
            for (int i = 0; i < count; i++) {
                requireAsAlone(members.get(i), seed + ", request " + i);
            }
            troublemakers.forEach(troublemaker -> troublemaker.requireFailed(seed));
        }
        assertEquals(0, scheduler.load().running());
        assertEquals(0, scheduler.load().usedPages());
        assertFalse(scheduler.load().isBroken());
    }

    private Member join(Scheduler scheduler) {
        Weir weir = scheduler.weir();
        Hooks hooks =
                switch (randomly.random().nextInt(3)) {
                    case 0 -> Hooks.NONE;
                    case 1 -> weir.select("resid_post,blocks.*.attn.hook_z");
                    default -> Hooks.tap(weir.hookPoints());
                };
        var recorder = new TraceRecorder();
        Request request = randomly.request(weir).withTracing(Tracing.of(hooks, recorder));
        boolean wantsLogprobs =
                request.options().isPresent() && randomly.random().nextInt(3) == 0;
        Reply reply = scheduler.submit(wantsLogprobs ? request.withLogprobs(3) : request);
        return new Member(request, hooks, recorder, reply);
    }

    private void requireAsAlone(Member member, String message) throws InterruptedException {
        Generation got = member.reply.await();
        var recorder = new TraceRecorder();
        assertEquals(alone(reference, member.request, member.hooks, recorder), got, message);
        if (!member.hooks.taps().isEmpty()) {
            requireSame(recorder.trace(), member.recorder.trace(), message);
        }
    }

    /** What a request comes to without a scheduler. */
    static Generation alone(Weir weir, Request request, Hooks hooks, TraceRecorder recorder) {
        var prompts = List.of(request.prompt());
        Tracing tracing = Tracing.of(hooks, recorder);
        return (request.options().isPresent()
                        ? weir.generate(prompts, request.options().get(), tracing, TextListener.NONE)
                        : weir.forward(prompts, tracing))
                .generations()
                .getFirst();
    }

    private static void requireSame(Trace expected, Trace got, String message) {
        assertEquals(expected.points(), got.points(), message);
        assertEquals(expected.lengths(), got.lengths(), message);
        assertArrayEquals(expected.tokens(), got.tokens(), message);
        for (HookPoint point : expected.points()) {
            assertArrayEquals(expected.get(point).data(), got.get(point).data(), message + " at " + point);
        }
    }
}
