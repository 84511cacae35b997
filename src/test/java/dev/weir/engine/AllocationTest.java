package dev.weir.engine;

import static org.junit.jupiter.api.Assertions.assertTrue;

import com.sun.management.ThreadMXBean;
import dev.weir.checkpoint.SyntheticWeights;
import dev.weir.hook.Hooks;
import dev.weir.hook.Rows;
import dev.weir.hook.TraceLayout;
import dev.weir.hook.TraceRecorder;
import dev.weir.model.ModelConfig;
import dev.weir.program.Activation;
import dev.weir.tensor.DType;
import java.lang.management.ManagementFactory;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * A decoded token leaves nothing behind on the heap, on all threads together. Not because a compiler is clever: what a step needs is
 * made when its plan is. Only vectors in registers are objects until the compiler has seen their loops.
 */
class AllocationTest {

    private static final ModelConfig CONFIG =
            new ModelConfig(300, 64, 64, 2, 2, 128, Activation.GELU_NEW, 1e-5f, true, false);

    private static final long PATIENCE_NANOS = 20_000_000_000L;

    /**
     * Of a sequence, 4 KiB a token. In a process that decodes and nothing else it is zero; in one that has run all these tests the
     * compiler leaves the vectors of a loop objects for good, some 2 KB a token.
     */
    private static final long ALLOWED = CONFIG.context() * 4096L;

    private static final ThreadMXBean THREADS = (ThreadMXBean) ManagementFactory.getThreadMXBean();

    @ParameterizedTest
    @CsvSource({
        "1, ''",
        "2, ''",
        "1, 'resid_pre,resid_mid,resid_post'",
        "2, 'resid_pre,resid_mid,resid_post'",
        "2, 'attn_scores,pattern'",
    })
    void aTokenLeavesNothingOfItsOwnBehind(int threads, String selectors) {
        try (Weir weir = open(threads);
                Session session = weir.session(1, CONFIG.context())) {
            requireNothingLeft(weir, session, selectors);
        }
    }

    @ParameterizedTest
    @CsvSource({"1, ''", "2, 'attn_scores,pattern'"})
    void norInPages(int threads, String selectors) {
        try (Weir weir = open(threads);
                Session session = weir.pagedSession(1, CONFIG.context(), 32, 3, 1)) {
            session.pages(0, new int[] {2, 0});
            requireNothingLeft(weir, session, selectors);
        }
    }

    private static Weir open(int threads) {
        return Weir.of(new SyntheticWeights("tiny", CONFIG, DType.FLOAT32, 1), Options.DEFAULT.withThreads(threads));
    }

    private static void requireNothingLeft(Weir weir, Session session, String selectors) {
        try (var recorder = new TraceRecorder()) {
            Hooks hooks = selectors.isEmpty() ? Hooks.NONE : weir.select(selectors);
            recorder.begin(new TraceLayout(hooks.taps(), CONFIG.dimensions(), 1, CONFIG.context(), DType.FLOAT32));
            var decode = new Decode(session, hooks, recorder);
            long least = Long.MAX_VALUE;
            long begin = System.nanoTime();
            while (least > ALLOWED && System.nanoTime() - begin < PATIENCE_NANOS) {
                least = Math.min(least, decode.bytesOfASequence());
            }
            assertTrue(least <= ALLOWED, "bytes of a sequence: " + least);
        }
    }

    /** Greedy, from position to position until the context is full, and so again and again. */
    private static final class Decode {
        private final Session session;
        private final Hooks hooks;
        private final UnrecordedSteps unrecorded;
        private final Rows rows = new Rows(new int[1], new int[1], new int[1], new int[1]);

        Decode(Session session, Hooks hooks, TraceRecorder recorder) {
            this.session = session;
            this.hooks = hooks;
            unrecorded = new UnrecordedSteps(session, hooks, recorder);
        }

        long bytesOfASequence() {
            session.reset(0);
            long before = THREADS.getTotalThreadAllocatedBytes();
            for (int position = 0; position < CONFIG.context(); position++) {
                rows.positions()[0] = position;
                Session.StepResult result = session.choose(rows, hooks);
                unrecorded.add(rows, result);
                rows.tokens()[0] = result.token(0);
            }
            return THREADS.getTotalThreadAllocatedBytes() - before;
        }
    }
}
