import com.github.tjake.jlama.model.AbstractModel;
import com.github.tjake.jlama.model.ModelSupport;
import com.github.tjake.jlama.safetensors.DType;
import com.github.tjake.jlama.tensor.AbstractTensor;
import com.github.tjake.jlama.tensor.KvBufferCache;
import com.github.tjake.jlama.util.PhysicalCoreExecutor;
import java.io.File;
import java.util.Arrays;
import java.util.Optional;
import java.util.Random;

/** Jlama on the same weights. Prints the logits of a prompt, one a line, or tokens per second. Runs from its source. */
final class JlamaPeer {

    private final AbstractModel model;
    private final int vocabulary;

    private JlamaPeer(File folder, int threads) {
        PhysicalCoreExecutor.overrideThreadCount(threads);
        model = ModelSupport.loadModel(folder, DType.F32, DType.F32);
        vocabulary = model.getConfig().vocabularySize;
    }

    /** FOLDER THREADS logits TOKEN..., or FOLDER THREADS time PROMPT NEW DEPTH REPEAT. */
    public static void main(String[] arguments) {
        var peer = new JlamaPeer(new File(arguments[0]), Integer.parseInt(arguments[1]));
        int[] numbers =
                Arrays.stream(arguments).skip(3).mapToInt(Integer::parseInt).toArray();
        if (arguments[2].equals("logits")) {
            for (float logit : peer.logits(numbers)) {
                System.out.println(logit);
            }
        } else {
            peer.time(numbers[0], numbers[1], numbers[2], numbers[3]);
        }
        System.exit(0);
    }

    private float[] logits(int... tokens) {
        try (KvBufferCache.KvBuffer cache = cache()) {
            return logitsOf(model.batchForward(tokens, 0, cache));
        }
    }

    private KvBufferCache.KvBuffer cache() {
        return new KvBufferCache(model).getEphemeralKvBuffer();
    }

    private float[] logitsOf(AbstractTensor rows) {
        AbstractTensor last = rows.slice(rows.shape().first() - 1);
        return model.getLogits(last);
    }

    private void time(int prompt, int tokens, int depth, int repeat) {
        int[] context =
                new Random(1).ints(Math.max(prompt, depth), 0, vocabulary).toArray();
        for (int turn = -1; turn < repeat; turn++) {
            double rate = prompt > 0 ? prefill(context) : decode(context, tokens);
            if (turn >= 0) {
                System.out.println(rate);
            }
        }
    }

    private double prefill(int... prompt) {
        try (KvBufferCache.KvBuffer cache = cache()) {
            long begin = System.nanoTime();
            logitsOf(model.batchForward(prompt, 0, cache));
            return prompt.length * 1e9 / (System.nanoTime() - begin);
        }
    }

    private double decode(int[] context, int tokens) {
        try (KvBufferCache.KvBuffer cache = cache()) {
            if (context.length > 0) {
                model.batchForward(context, 0, cache);
            }
            int token = 1;
            long begin = System.nanoTime();
            for (int i = 0; i < tokens; i++) {
                float[] logits = logitsOf(model.forward(token, context.length + i, cache, Optional.empty()));
                token = largest(logits);
            }
            return tokens * 1e9 / (System.nanoTime() - begin);
        }
    }

    private static int largest(float... logits) {
        int best = 0;
        for (int i = 1; i < logits.length; i++) {
            best = logits[i] > logits[best] ? i : best;
        }
        return best;
    }
}
