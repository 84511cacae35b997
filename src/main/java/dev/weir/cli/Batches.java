package dev.weir.cli;

import dev.weir.engine.Completion;
import dev.weir.engine.Generation;
import dev.weir.engine.GenerationOptions;
import dev.weir.engine.Prompt;
import dev.weir.engine.TextListener;
import dev.weir.engine.Timings;
import dev.weir.engine.Tracing;
import dev.weir.engine.Weir;
import dev.weir.hook.Hooks;
import dev.weir.hook.TraceRecorder;
import dev.weir.model.ModelConfig;
import java.util.ArrayList;
import java.util.List;

/**
 * Prompts, as many at a time as there is room for their keys and values in memory. Each gets the same tokens as alone, so nobody can
 * see where a batch ends.
 */
final class Batches {

    private static final long CACHE_BYTES = 1L << 30;

    private final Weir weir;
    private final GenerationOptions options;
    private final List<List<Prompt>> batches = new ArrayList<>();
    private long mostRows;

    /**
     * Divides prompts into batches.
     *
     * @throws IllegalArgumentException if any of them cannot be continued so, before the first of them is
     */
    Batches(Weir weir, List<Prompt> prompts, GenerationOptions options) {
        this.weir = weir;
        this.options = options;
        long bytesPerPosition = bytesPerPosition(weir.config());
        List<Prompt> batch = new ArrayList<>();
        long longest = 0;
        for (Prompt prompt : prompts) {
            long length = rows(prompt);
            mostRows += length;
            longest = Math.max(longest, length);
            if (!batch.isEmpty() && (batch.size() + 1) * longest * bytesPerPosition > CACHE_BYTES) {
                batches.add(batch);
                batch = new ArrayList<>();
                longest = length;
            }
            batch.add(prompt);
        }
        batches.add(batch);
    }

    private static long bytesPerPosition(ModelConfig config) {
        return 2L * config.layers() * config.width() * Float.BYTES;
    }

    private int rows(Prompt prompt) {
        var untraced = Tracing.of(Hooks.NONE, new TraceRecorder());
        return weir.layoutOfGenerate(List.of(prompt), options, untraced).length();
    }

    /** Rows that will go through the model if no text ends early. */
    long mostRows() {
        return mostRows;
    }

    /** Generates, batch by batch. */
    Completion run(TextListener listener) {
        List<Generation> generations = new ArrayList<>();
        var timings = new Timings(0, 0, 0, 0);
        long forwardRows = 0;
        for (List<Prompt> batch : batches) {
            Completion completion = weir.generate(batch, options, listener);
            generations.addAll(completion.generations());
            timings = sum(timings, completion.timings());
            forwardRows += completion.forwardRows();
        }
        return new Completion(generations, timings, forwardRows);
    }

    private static Timings sum(Timings a, Timings b) {
        return new Timings(
                a.prefillRows() + b.prefillRows(),
                a.prefillNanos() + b.prefillNanos(),
                a.decodeRows() + b.decodeRows(),
                a.decodeNanos() + b.decodeNanos());
    }
}
