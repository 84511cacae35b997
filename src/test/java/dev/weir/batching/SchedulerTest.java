package dev.weir.batching;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.weir.batching.TokenLogprobs.Candidate;
import dev.weir.engine.Generation;
import dev.weir.engine.Generation.FinishReason;
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
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class SchedulerTest {

    private static final Duration LONG = Duration.ofMinutes(2);

    private static Limits small(Weir weir) {
        return Scheduler.defaults(weir).withSequences(4).withRowsPerStep(23).withPages(14, 32);
    }

    private static GenerationOptions endless(Weir weir, int tokens) {
        return weir.defaults().withEndOfText().withMaxNewTokens(tokens);
    }

    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void everyRequestHasTheBitsThatItHasAlone(boolean sharesPrefixes) throws InterruptedException {
        for (int round = 0; round < 12; round++) {
            var randomly = new RandomRequests(System.nanoTime());
            try (Weir weir = randomly.model()) {
                var crowd = new Crowd(randomly, weir);
                crowd.requireSameBits(weir, small(weir).withSharedPrefixes(sharesPrefixes), 14);
            }
        }
    }

    @Test
    void tokensComeInTheOrderOfTheirChoiceAndThenTheEnd() throws InterruptedException {
        var randomly = new RandomRequests(1);
        try (Weir weir = randomly.model();
                Scheduler scheduler = Scheduler.of(weir)) {
            Reply reply = scheduler.submit(Request.generate(Prompt.of(1, 2, 3), endless(weir, 5)));
            assertEquals(new Event.Read(3, 0, List.of()), reply.next());
            var tokens = new ArrayList<Integer>();
            for (int i = 0; i < 5; i++) {
                var token = assertInstanceOf(Event.Token.class, reply.next());
                assertEquals(i, token.index());
                tokens.add(token.id());
            }
            var ended = assertInstanceOf(Event.Ended.class, reply.next());
            assertEquals(tokens, ended.generation().tokens());
            assertEquals(FinishReason.LENGTH, ended.generation().finishReason());
            assertEquals(ended, reply.next());
        }
    }

    @Test
    void probabilitiesAreThoseOfTheModelsLogits() throws InterruptedException {
        long seed = System.nanoTime();
        var randomly = new RandomRequests(seed);
        try (Weir weir = randomly.model();
                Scheduler scheduler = Scheduler.of(weir)) {
            Prompt prompt = randomly.prompt(weir);
            Reply reply = scheduler.submit(
                    Request.generate(prompt, randomly.options(weir)).withLogprobsOfPrompt(4));
            var told = new ArrayList<TokenLogprobs>(
                    assertInstanceOf(Event.Read.class, reply.next()).logprobs());
            Event event = reply.next();
            while (event instanceof Event.Token token) {
                told.add(token.logprobs().orElseThrow());
                event = reply.next();
            }
            Generation generation = ((Event.Ended) event).generation();
            int[] text = Stream.concat(generation.promptTokens().stream(), generation.tokens().stream())
                    .mapToInt(Integer::intValue)
                    .toArray();
            var recorder = new TraceRecorder();
            var everyLogit = Hooks.tap(List.of(HookPoint.of(Site.UNEMBED_OUT)));
            weir.forward(List.of(Prompt.of(text)), Tracing.of(everyLogit, recorder));
            Trace.Values logits = recorder.trace().get(HookPoint.of(Site.UNEMBED_OUT));
            assertEquals(text.length - 1, told.size());
            for (int i = 0; i < told.size(); i++) {
                requireProbability(logits.row(0, i), text[i + 1], told.get(i), "seed " + seed + ", token " + i);
            }
        }
    }

    /** Compares with the softmax of a row of logits, computed here in float64. */
    private static void requireProbability(float[] logits, int token, TokenLogprobs told, String message) {
        double sum = IntStream.range(0, logits.length)
                .mapToDouble(t -> Math.exp(logits[t]))
                .sum();
        assertEquals(token, told.token(), message);
        assertEquals(logits[token] - Math.log(sum), told.logprob(), 1e-4, message);
        List<Integer> likeliest = IntStream.range(0, logits.length)
                .boxed()
                .sorted(Comparator.comparing((Integer t) -> -logits[t]).thenComparing(t -> t))
                .limit(4)
                .toList();
        assertEquals(likeliest, told.top().stream().map(Candidate::token).toList(), message);
        told.top()
                .forEach(candidate ->
                        assertEquals(logits[candidate.token()] - Math.log(sum), candidate.logprob(), 1e-4, message));
    }

    @Test
    void aCancelledRequestEndsWithWhatItHas() throws InterruptedException {
        var randomly = new RandomRequests(2);
        try (Weir weir = randomly.model();
                Scheduler scheduler = Scheduler.of(weir, small(weir).withSequences(1), Observer.NONE)) {
            Request endless = Request.generate(Prompt.of(1), endless(weir, 149));
            Reply first = scheduler.submit(endless.withTracing(slowly(weir, 5)));
            Reply second = scheduler.submit(endless);
            assertInstanceOf(Event.Read.class, first.next());
            second.cancel();
            assertEquals(FinishReason.CANCELLED, second.await().finishReason());
            assertEquals(List.of(), second.await().tokens());
            first.cancel();
            Generation cut = first.await();
            assertEquals(FinishReason.CANCELLED, cut.finishReason());
            assertTrue(
                    cut.tokens().size() < 149,
                    () -> "ended after " + cut.tokens().size());
            List<Integer> whole = weir.generate(List.of(Prompt.of(1)), endless(weir, 149), TextListener.NONE)
                    .generations()
                    .getFirst()
                    .tokens();
            assertEquals(whole.subList(0, cut.tokens().size()), cut.tokens());
        }
    }

    @Test
    void aRequestThatIsLateEndsWithWhatItHas() throws InterruptedException {
        var randomly = new RandomRequests(3);
        try (Weir weir = randomly.model();
                Scheduler scheduler = Scheduler.of(weir)) {
            Request request = Request.generate(Prompt.of(1), endless(weir, 149))
                    .withTracing(slowly(weir, 5))
                    .withTimeLimit(Duration.ofMillis(60));
            Generation generation = scheduler.submit(request).await();
            assertEquals(FinishReason.DEADLINE, generation.finishReason());
        }
    }

    /** A sink that takes its time for each step. */
    private static Tracing slowly(Weir weir, long millis) {
        return Tracing.of(weir.select("hook_embed"), new Meddler(rows -> {
            try {
                Thread.sleep(millis);
            } catch (InterruptedException e) {
                throw new IllegalStateException(e);
            }
        }));
    }

    @Test
    void whoComesToAFullQueueIsRefused() throws InterruptedException {
        var randomly = new RandomRequests(4);
        try (Weir weir = randomly.model();
                Scheduler scheduler =
                        Scheduler.of(weir, small(weir).withSequences(1).withQueue(1), Observer.NONE)) {
            Request endless = Request.generate(Prompt.of(1), endless(weir, 149));
            Reply first = scheduler.submit(endless.withTracing(slowly(weir, 5)));
            assertInstanceOf(Event.Read.class, first.next());
            Reply second = scheduler.submit(endless);
            var refusal = assertThrows(RefusedException.class, () -> scheduler.submit(endless));
            assertEquals("requests: expected at most 1 that run and 1 that wait, got one more", refusal.getMessage());
            assertFalse(refusal.isClosing());
            first.cancel();
            assertEquals(149, second.await().tokens().size());
        }
    }

    @Test
    void whoWasToldOfItsEndHasLeftItsPlace() throws InterruptedException {
        var randomly = new RandomRequests(7);
        try (Weir weir = randomly.model();
                Scheduler scheduler =
                        Scheduler.of(weir, small(weir).withSequences(1).withQueue(0), Observer.NONE)) {
            for (int i = 0; i < 200; i++) {
                scheduler
                        .submit(Request.generate(Prompt.of(i % 40), endless(weir, 1 + i % 3)))
                        .await();
                assertEquals(0, scheduler.load().running());
                assertEquals(0, scheduler.load().usedPages());
            }
        }
    }

    @Test
    void whatCanNeverBeHonouredIsRefusedAtOnce() {
        var randomly = new RandomRequests(5);
        try (Weir weir = randomly.model();
                Scheduler scheduler = Scheduler.of(weir, small(weir).withPages(2, 32), Observer.NONE)) {
            var tooLong = Request.generate(Prompt.of(1), endless(weir, 65));
            assertEquals(
                    "request of 65 positions: expected at most 64, what all pages hold",
                    assertThrows(IllegalArgumentException.class, () -> scheduler.submit(tooLong))
                            .getMessage());
            var unknown = Request.generate(Prompt.of(weir.config().vocabulary()), endless(weir, 1));
            assertThrows(IllegalArgumentException.class, () -> scheduler.submit(unknown));
            var misshaped = Prompt.of(1)
                    .edited(Edits.of(
                            HookPoint.of(0, Site.RESID_POST),
                            Edit.add(new float[weir.config().width() + 1], 1)));
            assertThrows(IllegalArgumentException.class, () -> scheduler.submit(Request.forward(misshaped)));
            assertEquals(0, scheduler.load().waiting());
        }
    }

    @Test
    void whoeverThrowsHarmsNobodyElse() throws InterruptedException {
        long seed = System.nanoTime();
        var randomly = new RandomRequests(seed);
        try (Weir weir = randomly.model();
                Scheduler scheduler = Scheduler.of(weir, small(weir), throwing())) {
            var good = new ArrayList<Request>();
            var replies = new ArrayList<Reply>();
            var bad = new ArrayList<Troublemaker>();
            for (int i = 0; i < 6; i++) {
                good.add(Request.generate(randomly.prompt(weir), randomly.options(weir)));
                replies.add(scheduler.submit(good.get(i)));
                bad.add(Troublemaker.join(scheduler, randomly));
            }
            bad.forEach(troublemaker -> troublemaker.requireFailed("seed " + seed));
            for (int i = 0; i < good.size(); i++) {
                assertEquals(
                        Crowd.alone(weir, good.get(i), Hooks.NONE, new TraceRecorder()),
                        replies.get(i).await(),
                        "seed " + seed);
            }
            assertFalse(scheduler.load().isBroken());
        }
    }

    private static Observer throwing() {
        return new Observer() {
            @Override
            public void onStep(int sequences, int promptRows, int decodeRows, long took) {
                throw new IllegalStateException("thrown by an observer");
            }
        };
    }

    @Test
    void nobodyWaitsForAMachineThatFailed() throws InterruptedException {
        var randomly = new RandomRequests(6);
        Weir weir = randomly.model();
        Scheduler scheduler = Scheduler.of(weir, small(weir).withSequences(1), Observer.NONE);
        Request endless = Request.generate(Prompt.of(1), endless(weir, 149));
        Reply running = scheduler.submit(endless.withTracing(slowly(weir, 5)));
        Reply waiting = scheduler.submit(endless);
        assertInstanceOf(Event.Read.class, running.next());
        weir.close();
        assertThrows(RequestFailedException.class, running::await);
        assertThrows(RequestFailedException.class, waiting::await);
        assertTrue(scheduler.load().isBroken());
        assertTrue(assertThrows(RefusedException.class, () -> scheduler.submit(endless))
                .isClosing());
        scheduler.close();
    }

    @Test
    void aShutdownLetsRequestsFinishOrCancelsThemAndSaysSo() throws InterruptedException {
        var randomly = new RandomRequests(7);
        try (Weir weir = randomly.model()) {
            Request endless = Request.generate(Prompt.of(1), endless(weir, 100));
            Scheduler patient = Scheduler.of(weir, small(weir).withSequences(1), Observer.NONE);
            Reply first = patient.submit(endless.withTracing(slowly(weir, 1)));
            Reply second = patient.submit(endless);
            assertInstanceOf(Event.Read.class, first.next());
            assertEquals(new Scheduler.Shutdown(2, 0), patient.close(LONG));
            assertEquals(100, first.await().tokens().size());
            assertEquals(100, second.await().tokens().size());
            assertThrows(RefusedException.class, () -> patient.submit(endless));

            Scheduler hasty = Scheduler.of(weir, small(weir).withSequences(1), Observer.NONE);
            Reply cut = hasty.submit(endless.withTracing(slowly(weir, 5)));
            Reply never = hasty.submit(endless);
            assertInstanceOf(Event.Read.class, cut.next());
            assertEquals(new Scheduler.Shutdown(0, 2), hasty.close(Duration.ofMillis(1)));
            assertEquals(FinishReason.CANCELLED, cut.await().finishReason());
            assertEquals(FinishReason.CANCELLED, never.await().finishReason());
        }
    }
}
