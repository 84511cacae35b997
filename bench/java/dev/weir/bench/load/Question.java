package dev.weir.bench.load;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.stream.IntStream;

/** A request whose answer is always the same: it has a seed. */
record Question(int[] prompt, int newTokens, long seed) {

    private static final ObjectMapper JSON = new ObjectMapper();

    /**
     * Different ones: prompts from a few tokens to most of the context, every third behind one of a few beginnings that others have too.
     *
     * @param context positions of the model
     */
    static List<Question> mixed(int count, int vocabulary, int context, long seed) {
        var random = new Random(seed);
        int[][] beginnings = IntStream.range(0, 4)
                .mapToObj(i -> random.ints(context / 4, 1, vocabulary).toArray())
                .toArray(int[][]::new);
        var questions = new ArrayList<Question>();
        for (int i = 0; i < count; i++) {
            int[] own =
                    random.ints(4 + random.nextInt(context / 4), 1, vocabulary).toArray();
            int[] before = i % 3 == 0 ? beginnings[random.nextInt(beginnings.length)] : new int[0];
            int[] prompt =
                    IntStream.concat(IntStream.of(before), IntStream.of(own)).toArray();
            questions.add(new Question(prompt, 16 + random.nextInt(context / 5), random.nextInt(1 << 30)));
        }
        return questions;
    }

    /** As a body for {@code /v1/completions}. */
    String body(boolean streams) {
        ObjectNode body = JSON.createObjectNode();
        IntStream.of(prompt).forEach(body.putArray("prompt")::add);
        body.put("ignore_eos", true)
                .put("max_tokens", newTokens)
                .put("seed", seed)
                .put("temperature", 0.8)
                .put("stream", streams);
        if (streams) {
            body.putObject("stream_options").put("include_usage", true);
        }
        return body.toString();
    }
}
