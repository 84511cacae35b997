package dev.weir.server;

import com.fasterxml.jackson.databind.JsonNode;
import dev.weir.engine.GenerationOptions;
import dev.weir.engine.Sampling;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalInt;
import java.util.concurrent.ThreadLocalRandom;

/**
 * The fields that both ways to generate have in common.
 *
 * @param options how to generate; without a number of new tokens
 * @param maxTokens new tokens, if said
 * @param choices answers to each prompt
 * @param streams whether the answer comes piece by piece
 * @param includesUsage whether a stream ends with the numbers of tokens
 * @param logprobs tokens told beside each one; empty: no probabilities
 * @param echoes whether the answer begins with the prompt
 * @param insight what is asked of the residual stream
 */
record GenerationFields(
        GenerationOptions options,
        OptionalInt maxTokens,
        int choices,
        boolean streams,
        boolean includesUsage,
        OptionalInt logprobs,
        boolean echoes,
        InsightFields insight) {

    private static final int MOST_CHOICES = 128;
    private static final int MOST_STOPS = 16;
    private static final int MOST_BIASES = 4096;
    private static final int LONGEST_STOP = 1024;

    /** Reads them. */
    static GenerationFields read(Fields fields, Serving serving, boolean chat) {
        serving.requireModel(fields);
        fields.text("user");
        refuseWhatIsNotThere(fields, chat);
        int choices = fields.integer("n", 1, MOST_CHOICES).orElse(1);
        int best = fields.integer("best_of", 1, MOST_CHOICES).orElse(choices);
        if (best != choices) {
            throw fields.refused("best_of", "expected n, which is " + choices + ", got " + best);
        }
        boolean streams = fields.flag("stream");
        boolean usage = fields.inner("stream_options")
                .map(options -> options.flag("include_usage"))
                .orElse(false);
        if (fields.has("stream_options") && !streams) {
            throw fields.refused("stream_options", "expected stream to be true beside it");
        }
        boolean echoes = !chat && fields.flag("echo");
        GenerationOptions defaults = fields.flag("ignore_eos")
                ? serving.weir().defaults().withEndOfText()
                : serving.weir().defaults();
        return new GenerationFields(
                defaults.withSampling(sampling(fields, serving))
                        .withStop(stops(fields).toArray(String[]::new)),
                maxTokens(fields, echoes),
                choices,
                streams,
                usage,
                chat ? chatLogprobs(fields) : fields.integer("logprobs", 0, 20),
                echoes,
                InsightFields.read(fields, serving.weir(), serving.insight()));
    }

    private static void refuseWhatIsNotThere(Fields fields, boolean chat) {
        if (chat) {
            fields.absent("tools", "tools are not called here");
            fields.absent("functions", "functions are not called here");
        } else {
            fields.absent("suffix", "text is not inserted here");
        }
        fields.inner("response_format").ifPresent(format -> {
            String type = format.text("type").orElse("text");
            if (!type.equals("text")) {
                throw format.refused("type", "expected text, the only format that is made here, got another");
            }
        });
    }

    private static OptionalInt maxTokens(Fields fields, boolean echoes) {
        int lowest = echoes ? 0 : 1;
        OptionalInt newer = fields.integer("max_completion_tokens", lowest, Integer.MAX_VALUE);
        OptionalInt older = fields.integer("max_tokens", lowest, Integer.MAX_VALUE);
        return newer.isPresent() ? newer : older;
    }

    private static OptionalInt chatLogprobs(Fields fields) {
        OptionalInt top = fields.integer("top_logprobs", 0, 20);
        boolean wanted = fields.flag("logprobs");
        if (top.isPresent() && !wanted) {
            throw fields.refused("top_logprobs", "expected logprobs to be true beside it");
        }
        return wanted ? OptionalInt.of(top.orElse(0)) : OptionalInt.empty();
    }

    private static List<String> stops(Fields fields) {
        List<String> stops = fields.texts("stop", MOST_STOPS);
        for (String stop : stops) {
            if (stop.isEmpty() || stop.length() > LONGEST_STOP) {
                throw fields.refused(
                        "stop", "expected texts of 1 to " + LONGEST_STOP + " characters, got one of " + stop.length());
            }
        }
        return stops;
    }

    private static Sampling sampling(Fields fields, Serving serving) {
        Sampling sampling = serving.weir().defaults().sampling();
        float temperature = fields.number("temperature", 0, 2).orElse(-1f);
        if (temperature == 0) {
            sampling = sampling.withGreedy(true);
        } else if (temperature > 0) {
            sampling = sampling.withTemperature(temperature);
        }
        int topK = fields.integer("top_k", -1, Integer.MAX_VALUE).orElse(sampling.topK());
        float topP = fields.number("top_p", 0, 1).orElse(sampling.topP());
        float penalty = fields.number("repetition_penalty", 0, 10).orElse(sampling.repetitionPenalty());
        try {
            return sampling.withTopK(Math.max(0, topK))
                    .withTopP(topP)
                    .withMinP(fields.number("min_p", 0, 1).orElse(sampling.minP()))
                    .withRepetitionPenalty(penalty)
                    .withPresencePenalty(
                            fields.number("presence_penalty", -2, 2).orElse(0f))
                    .withFrequencyPenalty(
                            fields.number("frequency_penalty", -2, 2).orElse(0f))
                    .withLogitBias(biases(fields, serving.weir().config().vocabulary()))
                    .withSeed(fields.whole("seed")
                            .orElseGet(() -> ThreadLocalRandom.current().nextLong(1L << 32)));
        } catch (IllegalArgumentException e) {
            String field = topP == 0 ? "top_p" : penalty == 0 ? "repetition_penalty" : "temperature";
            throw fields.refused(field, "expected above 0, got 0");
        }
    }

    private static Map<Integer, Float> biases(Fields fields, int vocabulary) {
        var biases = new HashMap<Integer, Float>();
        Fields given = fields.inner("logit_bias").orElse(Fields.of(Json.object()));
        if (given.object().size() > MOST_BIASES) {
            throw fields.refused("logit_bias", "expected at most " + MOST_BIASES + " tokens");
        }
        for (Map.Entry<String, JsonNode> bias : given.object().properties()) {
            if (!bias.getKey().matches("\\d{1,9}") || Integer.parseInt(bias.getKey()) >= vocabulary) {
                throw fields.refused("logit_bias", "expected token ids below " + vocabulary + ", got another key");
            }
            biases.put(Integer.parseInt(bias.getKey()), fields.number("logit_bias", bias.getValue(), -100, 100));
        }
        return biases;
    }
}
