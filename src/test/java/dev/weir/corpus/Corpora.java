package dev.weir.corpus;

import dev.weir.checkpoint.SyntheticWeights;
import dev.weir.engine.Options;
import dev.weir.engine.Weir;
import dev.weir.model.ModelConfig;
import dev.weir.program.Activation;
import dev.weir.tensor.DType;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import java.util.stream.IntStream;
import java.util.stream.Stream;

/** A small random model, prompts for it, and dumps of both. */
final class Corpora {

    static final int CONTEXT = 20;
    static final int VOCABULARY = 50;
    static final int WIDTH = 12;
    static final int HEADS = 3;

    private Corpora() {}

    static Weir model() {
        var config = new ModelConfig(VOCABULARY, CONTEXT, WIDTH, 2, HEADS, 17, Activation.GELU_NEW, 1e-5f, true, false);
        return Weir.of(new SyntheticWeights("random", config, DType.FLOAT32, 7), Options.DEFAULT.withThreads(1));
    }

    /** Prompts of one token up to the whole context. */
    static TokenizedPrompts prompts(int count) {
        var random = new Random(count);
        return new TokenizedPrompts(IntStream.range(0, count)
                .mapToObj(i ->
                        random.ints(1 + random.nextInt(CONTEXT), 0, VOCABULARY).toArray())
                .toList());
    }

    /** Prompts of one length. */
    static TokenizedPrompts prompts(int count, int length) {
        var random = new Random(count);
        return new TokenizedPrompts(IntStream.range(0, count)
                .mapToObj(i -> random.ints(length, 0, VOCABULARY).toArray())
                .toList());
    }

    static CorpusPlan plan(Weir weir, TokenizedPrompts prompts, String hooks, DType type, long maxShardBytes)
            throws IOException {
        var request = new CorpusPlan.Request(weir.select(hooks).taps(), type, maxShardBytes, "test");
        return CorpusPlan.of(weir, prompts, request);
    }

    static CorpusDump dump(Weir weir, CorpusPlan plan, Path folder) throws IOException {
        try (CorpusRun run = CorpusRun.begin(folder, plan)) {
            run.finish(weir, CorpusRun.Listener.NONE);
        }
        return CorpusDump.open(folder);
    }

    /** The digest of every file in a folder, hidden ones included, by name. */
    static Map<String, String> files(Path folder) throws IOException {
        var digests = new TreeMap<String, String>();
        try (Stream<Path> files = Files.list(folder)) {
            for (Path file : files.toList()) {
                digests.put(file.getFileName().toString(), Digest.ofFiles(List.of(file)));
            }
        }
        return digests;
    }
}
