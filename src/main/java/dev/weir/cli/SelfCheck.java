package dev.weir.cli;

import dev.weir.backend.CudaOptions;
import dev.weir.checkpoint.SyntheticWeights;
import dev.weir.engine.Completion;
import dev.weir.engine.GenerationOptions;
import dev.weir.engine.Options;
import dev.weir.engine.Prompt;
import dev.weir.engine.Sampling;
import dev.weir.engine.TextListener;
import dev.weir.engine.Tracing;
import dev.weir.engine.Weir;
import dev.weir.hook.HookPoint;
import dev.weir.hook.Hooks;
import dev.weir.hook.Trace;
import dev.weir.hook.TraceRecorder;
import dev.weir.model.ModelConfig;
import dev.weir.program.Activation;
import dev.weir.tensor.DType;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;

/**
 * A tiny model of random weights that generated a few tokens on a machine, exactly.
 *
 * @param trace what every hook point held meanwhile
 */
record SelfCheck(String machine, List<Integer> tokens, Trace trace) {

    private static final ModelConfig CONFIG =
            new ModelConfig(61, 32, 36, 2, 3, 70, Activation.GELU_NEW, 1e-5f, true, false);
    private static final Sampling SAMPLING = new Sampling(false, 1.1f, 0.9f, 20, 0.95f, 0, 7);
    private static final Prompt PROMPT = Prompt.of(3, 1, 4, 1, 5, 9, 2, 6);

    /**
     * Runs it.
     *
     * @throws RuntimeException if the machine is not there or does not work
     */
    static SelfCheck on(String device) {
        Options options = Options.DEFAULT.withDevice(device).withCuda(CudaOptions.DEFAULT.withExact(true));
        var generation = new GenerationOptions(OptionalInt.of(6), SAMPLING, List.of(), Set.of());
        try (Weir weir = Weir.of(new SyntheticWeights("self-check", CONFIG, DType.FLOAT32, 1), options);
                var recorder = new TraceRecorder()) {
            Tracing everything = Tracing.of(Hooks.tap(weir.hookPoints()), recorder);
            Completion completion = weir.generate(List.of(PROMPT), generation, everything, TextListener.NONE);
            return new SelfCheck(
                    weir.machine(), completion.generations().getFirst().tokens(), recorder.trace());
        }
    }

    /** Where the bits of another machine part from these, if they do. */
    Optional<String> difference(SelfCheck other) {
        for (HookPoint point : trace.points()) {
            int at = Arrays.mismatch(
                    trace.get(point).data(), other.trace.get(point).data());
            if (at >= 0) {
                return Optional.of("other bits at " + point + ", element " + at);
            }
        }
        return tokens.equals(other.tokens) ? Optional.empty() : Optional.of("other tokens from the same logits");
    }
}
