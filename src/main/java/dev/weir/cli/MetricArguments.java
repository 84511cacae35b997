package dev.weir.cli;

import dev.weir.engine.Prompt;
import dev.weir.engine.Weir;
import dev.weir.patching.Metric;
import java.util.List;
import java.util.Optional;
import picocli.CommandLine.Option;

/** What is measured of the logits after a prompt. */
final class MetricArguments {

    private static final String KL = "kl";
    private static final String PROBABILITY = "probability";
    private static final String LOGIT_DIFFERENCE = "logit-difference";

    @Option(
            names = "--answer",
            paramLabel = "TOKEN",
            description = "What follows the clean prompt: one token, as text or as #id.")
    private Optional<String> answer = Optional.empty();

    @Option(names = "--other", paramLabel = "TOKEN", description = "What follows the corrupted prompt, likewise.")
    private Optional<String> other = Optional.empty();

    @Option(
            names = "--metric",
            paramLabel = "METRIC",
            description =
                    "logit-difference between --answer and --other, probability of --answer, or kl, the divergence from"
                            + " what follows the clean prompt. Default: the first for which there are tokens.")
    private Optional<String> metric = Optional.empty();

    /** @throws IllegalArgumentException if tokens are missing or too many, or are no tokens */
    Metric read(Weir weir) {
        String name = metric.orElse(other.isPresent() ? LOGIT_DIFFERENCE : answer.isPresent() ? PROBABILITY : KL);
        return switch (name) {
            case LOGIT_DIFFERENCE ->
                new Metric.LogitDifference(
                        token("--answer", required(name, "--answer", answer), weir),
                        token("--other", required(name, "--other", other), weir));
            case PROBABILITY -> {
                requireAbsent(name, "--other", other);
                yield new Metric.Probability(token("--answer", required(name, "--answer", answer), weir));
            }
            case KL -> {
                requireAbsent(name, "--answer", answer);
                requireAbsent(name, "--other", other);
                yield new Metric.KlDivergence();
            }
            default ->
                throw new IllegalArgumentException(
                        "--metric '" + name + "': expected logit-difference, probability or kl");
        };
    }

    private static String required(String metric, String option, Optional<String> value) {
        return value.orElseThrow(() -> new IllegalArgumentException(
                "--metric " + metric + ": expected " + option + " TOKEN beside it, got none"));
    }

    private static void requireAbsent(String metric, String option, Optional<String> value) {
        if (value.isPresent()) {
            throw new IllegalArgumentException(
                    "--metric " + metric + ": expected no " + option + " beside it, got '" + value.get() + "'");
        }
    }

    private static int token(String option, String text, Weir weir) {
        if (text.matches("#\\d{1,9}")) {
            return Integer.parseInt(text.substring(1));
        }
        List<Integer> tokens = weir.encode(Prompt.of(text));
        if (tokens.size() != 1) {
            List<String> pieces =
                    tokens.stream().map(new Vocabulary(weir)::token).toList();
            throw new IllegalArgumentException(option + " '" + Lines.oneLine(text) + "': expected one token, got "
                    + tokens.size() + ": " + String.join(" ", pieces));
        }
        return tokens.getFirst();
    }
}
