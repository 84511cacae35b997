package dev.weir.batching;

import dev.weir.checkpoint.SyntheticWeights;
import dev.weir.engine.GenerationOptions;
import dev.weir.engine.Options;
import dev.weir.engine.Prompt;
import dev.weir.engine.Sampling;
import dev.weir.engine.Weir;
import dev.weir.hook.Edit;
import dev.weir.hook.Edits;
import dev.weir.hook.HookPoint;
import dev.weir.hook.Site;
import dev.weir.model.ModelConfig;
import dev.weir.program.Activation;
import dev.weir.tensor.DType;
import java.util.List;
import java.util.Map;
import java.util.OptionalInt;
import java.util.Random;
import java.util.Set;
import java.util.stream.IntStream;

/** Small random models, and requests of every kind for them. */
final class RandomRequests {

    static final int CONTEXT = 150;

    private final long seed;
    private final Random random;
    private final ModelConfig config;

    RandomRequests(long seed) {
        this.seed = seed;
        this.random = new Random(seed);
        this.config = config(random);
    }

    long seed() {
        return seed;
    }

    Random random() {
        return random;
    }

    Weir model() {
        return model(Options.DEFAULT.withThreads(1 + random.nextInt(2)));
    }

    Weir model(Options options) {
        return Weir.of(source(), options);
    }

    /** The weights of one random model, the same for every call. */
    SyntheticWeights source() {
        return new SyntheticWeights("random", config, DType.FLOAT32, seed);
    }

    private static ModelConfig config(Random random) {
        int heads = 1 + random.nextInt(3);
        return new ModelConfig(
                40 + random.nextInt(40),
                CONTEXT,
                heads * (1 + random.nextInt(9)),
                1 + random.nextInt(3),
                heads,
                1 + random.nextInt(40),
                Activation.values()[random.nextInt(Activation.values().length)],
                1e-5f,
                random.nextBoolean(),
                random.nextBoolean());
    }

    /** A prompt that often begins as others do. */
    Prompt prompt(Weir weir) {
        int common = random.nextInt(3) * 40;
        int own = 1 + random.nextInt(20);
        return Prompt.of(IntStream.concat(
                        IntStream.range(0, common)
                                .map(i -> (i * 7 + common) % weir.config().vocabulary()),
                        random.ints(own, 0, weir.config().vocabulary()))
                .toArray());
    }

    /** Options of every kind. */
    GenerationOptions options(Weir weir) {
        var sampling = new Sampling(
                random.nextInt(3) == 0,
                random.nextBoolean() ? 1 : 1.3f,
                0.7f + random.nextFloat(),
                random.nextInt(20),
                0.6f + 0.4f * random.nextFloat(),
                random.nextBoolean() ? 0 : 0.02f,
                random.nextBoolean() ? 0 : 0.5f,
                random.nextBoolean() ? 0 : -0.3f,
                random.nextBoolean()
                        ? Map.of()
                        : Map.of(random.nextInt(weir.config().vocabulary()), 3 * random.nextFloat()),
                random.nextLong());
        Set<Integer> ends = random.nextBoolean()
                ? Set.of()
                : Set.of(random.nextInt(weir.config().vocabulary()));
        return new GenerationOptions(OptionalInt.of(1 + random.nextInt(30)), sampling, List.of(), ends);
    }

    /** None, most of the time. */
    Edits edits(Weir weir) {
        if (random.nextInt(3) > 0) {
            return Edits.NONE;
        }
        int layer = random.nextInt(weir.config().layers());
        var point = HookPoint.of(layer, random.nextBoolean() ? Site.RESID_POST : Site.ATTN_OUT);
        return Edits.of(point, Edit.scale(0.5f + random.nextFloat()));
    }

    Request request(Weir weir) {
        Prompt prompt = prompt(weir).edited(edits(weir));
        return random.nextInt(8) == 0 ? Request.forward(prompt) : Request.generate(prompt, options(weir));
    }
}
