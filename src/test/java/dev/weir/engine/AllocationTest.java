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
import org.junit.jupiter.api.Test;

/** What a token leaves behind on the heap, on all threads together. */
class AllocationTest {

    private static final ModelConfig CONFIG =
            new ModelConfig(300, 64, 64, 2, 2, 128, Activation.GELU_NEW, 1e-5f, true, false);

    /** Jobs of the workers, windows, results of steps: nothing of it outlives its step, nothing grows with the sequence. */
    private static final long BYTES = 16 << 10;

    private static long allocated() {
        return ((ThreadMXBean) ManagementFactory.getThreadMXBean()).getTotalThreadAllocatedBytes();
    }

    /** Greedy, from position to position until the context is full, and so again and again. */
    private static long bytesPerToken(String selectors, int rounds) {
        try (Weir weir = Weir.of(
                        new SyntheticWeights("tiny", CONFIG, DType.FLOAT32, 1), Options.DEFAULT.withThreads(2));
                Session session = weir.session(1, CONFIG.context());
                var recorder = new TraceRecorder()) {
            Hooks hooks = selectors.isEmpty() ? Hooks.NONE : weir.select(selectors);
            recorder.begin(new TraceLayout(hooks.taps(), CONFIG.dimensions(), 1, CONFIG.context(), DType.FLOAT32));
            var unrecorded = new UnrecordedSteps(session, hooks, recorder);
            long least = Long.MAX_VALUE;
            for (int round = 0; round < rounds; round++) {
                session.reset(0);
                long before = allocated();
                int token = 1;
                for (int position = 0; position < CONFIG.context(); position++) {
                    var rows = new Rows(new int[1], new int[] {position}, new int[] {token}, new int[1]);
                    Session.StepResult result = session.choose(rows, hooks);
                    unrecorded.add(rows, result);
                    token = result.token(0);
                }
                least = Math.min(least, (allocated() - before) / CONFIG.context());
            }
            return least;
        }
    }

    @Test
    void aTokenLeavesLittleBehind() {
        long plain = bytesPerToken("", 300);
        long traced = bytesPerToken("resid_pre,resid_mid,resid_post", 300);
        assertTrue(plain <= BYTES && traced <= BYTES, "bytes a token: " + plain + ", traced " + traced);
    }
}
