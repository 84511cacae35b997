package dev.weir.langchain4j;

import dev.weir.engine.Prompt;
import dev.weir.engine.Weir;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * Makes a model say a given text and end, whatever the prompt. LangChain4j's suites ask for capitals and translations, of which a model
 * of stories knows nothing; what is tested is all that lies between the question and the answer. The biases of the tokens descend, and
 * the presence penalty is above them all, so each token is chosen once and in order.
 */
final class Spelling {

    static final Path STORIES = Path.of("weights/weir-stories");

    private static final float STEP = 100;

    private Spelling() {}

    static WeirChatRequestParameters of(Weir weir, String text) {
        List<Integer> tokens = weir.encode(Prompt.of(text));
        Map<Integer, Float> bias = new HashMap<>();
        for (int i = 0; i < tokens.size(); i++) {
            if (bias.put(tokens.get(i), STEP * (tokens.size() + 1 - i)) != null) {
                throw new IllegalArgumentException(text + ": expected every token once, got " + tokens);
            }
        }
        weir.defaults().endOfText().forEach(end -> bias.put(end, STEP));
        return WeirChatRequestParameters.builder()
                .temperature(0.0)
                .presencePenalty((double) STEP * (tokens.size() + 2))
                .logitBias(bias)
                .build();
    }

    /** Biases under which a text does not end before its limit. */
    static Map<Integer, Float> endless(Weir weir) {
        Map<Integer, Float> bias = new HashMap<>();
        weir.defaults().endOfText().forEach(end -> bias.put(end, -1000f));
        return bias;
    }
}
