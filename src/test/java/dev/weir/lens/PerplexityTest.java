package dev.weir.lens;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.weir.engine.Prompt;
import dev.weir.engine.Tracing;
import dev.weir.engine.Weir;
import dev.weir.hook.Trace;
import dev.weir.hook.TraceRecorder;
import dev.weir.lens.Perplexity.Score;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

class PerplexityTest {

    private static Weir weir;

    @BeforeAll
    static void open() throws IOException {
        weir = Weir.open(Path.of("src/test/resources/models/plain"));
    }

    @AfterAll
    static void close() {
        weir.close();
    }

    private static List<Integer> ids(int count) {
        return IntStream.range(0, count)
                .map(i -> (i * 7 + i / 5) % weir.config().vocabulary())
                .boxed()
                .toList();
    }

    private static Trace.Values logits(List<Integer> window) {
        try (var recorder = new TraceRecorder()) {
            Prompt prompt = Prompt.of(window.stream().mapToInt(i -> i).toArray());
            weir.forward(List.of(prompt), Tracing.of(weir.select("logits"), recorder));
            return recorder.trace().get("unembed.hook_out");
        }
    }

    /** The definition, from the logits of a full pass over a window. */
    private static double nats(List<Integer> window, int first) {
        Trace.Values logits = logits(window);
        double nats = 0;
        for (int i = first; i < window.size(); i++) {
            float[] row = logits.row(0, i - 1);
            double sum = 0;
            for (float value : row) {
                sum += Math.exp(value);
            }
            nats += Math.log(sum) - row[window.get(i)];
        }
        return nats;
    }

    @Test
    void aTextOfOneWindowIsThePassItself() {
        List<Integer> ids = ids(12);
        Score score = new Perplexity(weir, 16, 8).of(ids, count -> {});
        assertEquals(11, score.tokens());
        assertEquals(nats(ids, 1), score.nats(), 1e-5);
        assertEquals(Math.exp(score.nats() / 11), score.perplexity());
        assertEquals(score.nats() / Math.log(2) / 40, score.bitsPerByte(40));
    }

    /** Windows of 8 that move on by 3: 0-7, 3-10, 6-13, 9-16, 12-18. */
    @Test
    void aLongerTextIsPredictedFromWindowsThatMoveOn() {
        List<Integer> ids = ids(19);
        var told = new AtomicInteger();
        Score score = new Perplexity(weir, 8, 3).of(ids, told::addAndGet);
        double expected = nats(ids.subList(0, 8), 1);
        for (int begin = 3; begin <= 12; begin += 3) {
            expected += nats(ids.subList(begin, Math.min(19, begin + 8)), 5);
        }
        assertEquals(18, score.tokens());
        assertEquals(18, told.get());
        assertEquals(expected, score.nats(), 1e-5);
    }

    @Test
    void oneTokenPredictsNothing() {
        assertEquals(Score.NONE, new Perplexity(weir, 8, 4).of(ids(1), count -> {}));
    }

    @Test
    void windowsThatDoNotFitAreRefused() {
        int context = weir.config().context();
        assertThrows(IllegalArgumentException.class, () -> new Perplexity(weir, 1, 1));
        assertThrows(IllegalArgumentException.class, () -> new Perplexity(weir, context + 1, 1));
        assertThrows(IllegalArgumentException.class, () -> new Perplexity(weir, 8, 0));
        assertThrows(IllegalArgumentException.class, () -> new Perplexity(weir, 8, 8));
    }
}
