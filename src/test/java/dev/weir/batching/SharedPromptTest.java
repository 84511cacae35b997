package dev.weir.batching;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.weir.engine.GenerationOptions;
import dev.weir.engine.Prompt;
import dev.weir.engine.TextListener;
import dev.weir.engine.Tracing;
import dev.weir.engine.Weir;
import dev.weir.hook.Edit;
import dev.weir.hook.Edits;
import dev.weir.hook.HookPoint;
import dev.weir.hook.Hooks;
import dev.weir.hook.Site;
import dev.weir.hook.Trace;
import dev.weir.hook.TraceRecorder;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Prompts that begin alike are computed once, and nobody can tell from what he gets. */
class SharedPromptTest {

    private static final int PAGE = 32;

    private final RandomRequests randomly = new RandomRequests(System.nanoTime());
    private final AtomicLong promptRows = new AtomicLong();
    private Weir weir;
    private Scheduler scheduler;

    @BeforeEach
    void open() {
        weir = randomly.model();
        scheduler = Scheduler.of(weir, Scheduler.defaults(weir).withPages(20, PAGE), new Observer() {
            @Override
            public void onStep(int sequences, int ofPrompts, int decodeRows, long took) {
                promptRows.addAndGet(ofPrompts);
            }
        });
    }

    @AfterEach
    void close() {
        scheduler.close();
        weir.close();
    }

    private Prompt prompt(int tokens) {
        return Prompt.of(
                randomly.random().ints(tokens, 0, weir.config().vocabulary()).toArray());
    }

    private GenerationOptions options() {
        return weir.defaults().withEndOfText().withMaxNewTokens(6);
    }

    /** Runs a request and tells how many tokens of its prompt it did not compute. */
    private int shared(Request request) throws InterruptedException {
        Reply reply = scheduler.submit(request);
        var read = assertInstanceOf(Event.Read.class, reply.next());
        assertEquals(
                weir.generate(List.of(request.prompt()), options(), TextListener.NONE)
                        .generations()
                        .getFirst(),
                reply.await());
        return read.sharedTokens();
    }

    @Test
    void aPromptThatWasThereBeforeIsNotComputedAgain() throws InterruptedException {
        Request request = Request.generate(prompt(75), options());
        assertEquals(0, shared(request));
        assertEquals(75, promptRows.get());
        assertEquals(64, shared(request));
        assertEquals(75 + 11, promptRows.get());
        assertEquals(0, scheduler.load().usedPages());
        assertEquals(2, scheduler.load().sharedPages());
    }

    @Test
    void requestsThatComeTogetherComputeACommonPromptOnce() throws InterruptedException {
        Prompt prompt = prompt(100);
        List<Reply> replies = new ArrayList<>();
        for (int i = 0; i < 9; i++) {
            var sampling = options().sampling().withTemperature(1).withSeed(i);
            replies.add(scheduler.submit(Request.generate(prompt, options().withSampling(sampling))));
        }
        for (Reply reply : replies) {
            reply.await();
        }
        assertEquals(100 + 8 * 4, promptRows.get());
    }

    @Test
    void whatWasGeneratedIsSharedWithThePromptThatRepeatsIt() throws InterruptedException {
        Prompt first = prompt(60);
        var generation = scheduler.submit(Request.generate(first, options())).await();
        var tokens = new ArrayList<>(generation.promptTokens());
        tokens.addAll(generation.tokens());
        tokens.add(1);
        int[] next = tokens.stream().mapToInt(Integer::intValue).toArray();
        assertEquals(64, shared(Request.generate(Prompt.of(next), options())));
    }

    @Test
    void anEditedRequestSharesNothing() throws InterruptedException {
        Prompt prompt = prompt(75);
        Prompt edited = prompt.edited(Edits.of(HookPoint.of(0, Site.RESID_POST), Edit.scale(0.5f)));
        assertEquals(0, shared(Request.generate(prompt, options())));
        assertEquals(0, shared(Request.generate(edited, options())));
        assertEquals(64, shared(Request.generate(prompt, options())));
    }

    /** A trace and how many rows of it another request had computed. */
    private record Traced(Trace trace, int sharedTokens) {}

    private Traced traced(Prompt prompt, Hooks hooks) throws InterruptedException {
        var recorder = new TraceRecorder();
        Reply reply = scheduler.submit(Request.generate(prompt, options()).withTracing(Tracing.of(hooks, recorder)));
        var read = assertInstanceOf(Event.Read.class, reply.next());
        reply.await();
        return new Traced(recorder.trace(), read.sharedTokens());
    }

    private void requireComplete(Prompt prompt, Hooks hooks, Trace got) {
        var cold = new TraceRecorder();
        weir.generate(List.of(prompt), options(), Tracing.of(hooks, cold), TextListener.NONE);
        assertArrayEquals(cold.trace().tokens(), got.tokens());
        assertEquals(cold.trace().points(), got.points());
        for (HookPoint point : got.points()) {
            assertEquals(cold.trace().get(point).shape(), got.get(point).shape());
            assertArrayEquals(cold.trace().get(point).data(), got.get(point).data(), point::name);
        }
    }

    @Test
    void aTraceOfASharedPromptIsAsLongAsACold() throws InterruptedException {
        Prompt prompt = prompt(75);
        Hooks hooks = weir.select("resid_pre,blocks.0.attn.hook_z,unembed.hook_in");
        Traced first = traced(prompt, hooks);
        assertEquals(0, first.sharedTokens());
        requireComplete(prompt, hooks, first.trace());
        Traced second = traced(prompt, hooks);
        assertEquals(64, second.sharedTokens());
        requireComplete(prompt, hooks, second.trace());
        Hooks fewer = weir.select("blocks.0.attn.hook_z@3..5");
        Traced third = traced(prompt, fewer);
        assertEquals(64, third.sharedTokens());
        requireComplete(prompt, fewer, third.trace());
    }

    @Test
    void whatWasNotTracedIsComputedAgainAndThenKept() throws InterruptedException {
        Prompt prompt = prompt(75);
        assertEquals(0, shared(Request.generate(prompt, options())));
        Hooks hooks = weir.select("resid_mid");
        Traced first = traced(prompt, hooks);
        assertEquals(0, first.sharedTokens());
        requireComplete(prompt, hooks, first.trace());
        Traced second = traced(prompt, hooks);
        assertEquals(64, second.sharedTokens());
        requireComplete(prompt, hooks, second.trace());
        assertEquals(64, shared(Request.generate(prompt, options())));
    }

    @Test
    void scoresAndPatternsAreComputedAnew() throws InterruptedException {
        Prompt prompt = prompt(75);
        Hooks hooks = weir.select("pattern,resid_post");
        for (int i = 0; i < 2; i++) {
            Traced traced = traced(prompt, hooks);
            assertEquals(0, traced.sharedTokens());
            requireComplete(prompt, hooks, traced.trace());
        }
    }

    @Test
    void manyPromptsAndFewPagesStillFinish() throws InterruptedException {
        var replies = new ArrayList<Reply>();
        var requests = new ArrayList<Request>();
        for (int i = 0; i < 40; i++) {
            requests.add(Request.generate(prompt(1 + randomly.random().nextInt(140)), options()));
            replies.add(scheduler.submit(requests.get(i)));
        }
        for (int i = 0; i < 40; i++) {
            assertEquals(
                    weir.generate(List.of(requests.get(i).prompt()), options(), TextListener.NONE)
                            .generations()
                            .getFirst(),
                    replies.get(i).await());
        }
        assertEquals(0, scheduler.load().usedPages());
        assertTrue(scheduler.load().sharedPages() <= 20);
    }
}
