package dev.weir.cli;

import dev.weir.engine.GenerationOptions;
import dev.weir.engine.Sampling;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.SplittableRandom;
import java.util.stream.Stream;
import picocli.CommandLine.Option;

/** How to choose tokens, and when to stop. What is not said is as the model's {@code generation_config.json} has it. */
final class SamplingArguments {

    @Option(
            names = "--max-new-tokens",
            paramLabel = "N",
            description =
                    "Tokens to generate at most. Default: the model's own, or 128, as far as its context reaches.")
    private Optional<Integer> maxNewTokens = Optional.empty();

    @Option(names = "--greedy", description = "Take the likeliest token, always.")
    private boolean greedy;

    @Option(names = "--temperature", paramLabel = "T", description = "Divide the logits by T; above 0.")
    private Optional<Float> temperature = Optional.empty();

    @Option(names = "--top-k", paramLabel = "K", description = "Sample among the K likeliest tokens; 0: among all.")
    private Optional<Integer> topK = Optional.empty();

    @Option(
            names = "--top-p",
            paramLabel = "P",
            description = "Sample among the likeliest tokens that together first reach probability P.")
    private Optional<Float> topP = Optional.empty();

    @Option(
            names = "--min-p",
            paramLabel = "P",
            description = "Sample among tokens with at least P times the probability of the likeliest.")
    private Optional<Float> minP = Optional.empty();

    @Option(
            names = "--repetition-penalty",
            paramLabel = "R",
            description = "Make tokens that were there before less likely; 1: not.")
    private Optional<Float> repetitionPenalty = Optional.empty();

    @Option(
            names = "--frequency-penalty",
            paramLabel = "F",
            description = "Subtract F from the logit of a token for each time that it was chosen; 0: not.")
    private Optional<Float> frequencyPenalty = Optional.empty();

    @Option(
            names = "--presence-penalty",
            paramLabel = "F",
            description = "Subtract F from the logits of tokens that were chosen; 0: not.")
    private Optional<Float> presencePenalty = Optional.empty();

    @Option(
            names = "--seed",
            paramLabel = "S",
            description = "The same seed gives the same tokens. Default: a random one, which is printed.")
    private Optional<Long> seed = Optional.empty();

    @Option(names = "--stop", paramLabel = "TEXT", description = "End before this text. May be repeated.")
    private List<String> stop = new ArrayList<>();

    /** A model's defaults with what was said on the command line instead; a seed is chosen where one is needed. */
    GenerationOptions over(GenerationOptions defaults) {
        GenerationOptions options = defaults.withSampling(sampling(defaults.sampling()));
        if (maxNewTokens.isPresent()) {
            options = options.withMaxNewTokens(maxNewTokens.get());
        }
        return stop.isEmpty() ? options : options.withStop(stop.toArray(String[]::new));
    }

    /** Whether {@link #over} had to choose the seed. */
    boolean choosesSeed() {
        return seed.isEmpty();
    }

    private Sampling sampling(Sampling defaults) {
        boolean samples = Stream.of(temperature, topK, topP, minP, seed).anyMatch(Optional::isPresent);
        if (greedy && samples) {
            throw new IllegalArgumentException(
                    "--greedy: expected none of --temperature, --top-k, --top-p, --min-p and --seed beside it, got one");
        }
        if (temperature.isPresent() && temperature.get() == 0) {
            throw new IllegalArgumentException(
                    "--temperature: expected above 0, got 0; --greedy takes the likeliest token always");
        }
        return new Sampling(
                greedy || (!samples && defaults.greedy()),
                repetitionPenalty.orElse(defaults.repetitionPenalty()),
                temperature.orElse(defaults.temperature()),
                topK.orElse(defaults.topK()),
                topP.orElse(defaults.topP()),
                minP.orElse(defaults.minP()),
                frequencyPenalty.orElse(defaults.frequencyPenalty()),
                presencePenalty.orElse(defaults.presencePenalty()),
                defaults.logitBias(),
                seed.orElseGet(() -> new SplittableRandom().nextLong(1L << 32)));
    }
}
