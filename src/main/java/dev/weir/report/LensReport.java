package dev.weir.report;

import dev.weir.engine.Prompt;
import dev.weir.engine.Tracing;
import dev.weir.engine.Weir;
import dev.weir.hook.HookPoint;
import dev.weir.hook.Positions;
import dev.weir.hook.Site;
import dev.weir.hook.Trace;
import dev.weir.hook.TraceFork;
import dev.weir.hook.TraceFork.Branch;
import dev.weir.hook.TraceRecorder;
import dev.weir.lens.StreamPath;
import dev.weir.model.ModelConfig;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Locale;
import java.util.Objects;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.stream.IntStream;

/**
 * What a model does with one prompt, for the eye: logit lens, norms, attention, attribution, and a patching sweep where there was one.
 *
 * <pre>{@code
 * LensReport.of(weir, Prompt.of("Once upon a time")).write(Path.of("once.html"));
 * }</pre>
 *
 * @param model what was looked into
 * @param tokens [P] token ids of the prompt
 * @param patterns unless the trace does not hold them
 * @param leftOut in sentences, what a reader may miss and why
 * @param texts what the tokens write that are spoken of, by id; without a tokenizer, none
 */
public record LensReport(
        Model model,
        int[] tokens,
        LensMap lens,
        StreamNorms norms,
        Optional<Patterns> patterns,
        List<String> leftOut,
        SortedMap<Integer, String> texts) {

    /** What was looked into, and with what. */
    public record Model(String name, String machine, String dtype, String sha256, ModelConfig config) {
        static Model of(Weir weir) {
            return new Model(weir.name(), weir.machine(), weir.dtype().label(), weir.sha256(), weir.config());
        }
    }

    public LensReport {
        leftOut = List.copyOf(leftOut);
        texts = Collections.unmodifiableSortedMap(new TreeMap<>(texts));
    }

    /** Runs a prompt and looks into it. */
    public static LensReport of(Weir weir, Prompt prompt) {
        return of(weir, prompt, ReportOptions.DEFAULT);
    }

    /** Runs a prompt and looks into it. */
    public static LensReport of(Weir weir, Prompt prompt, ReportOptions options) {
        int positions = weir.encode(prompt).size();
        ModelConfig config = weir.config();
        var patterns = new Patterns.Builder(config.layers() * config.heads(), positions, options.patternBytes());
        try (var streams = new TraceRecorder();
                var sink = new PatternSink(patterns, config.heads())) {
            var fork = new TraceFork(List.of(
                    new Branch(StreamPath.hooks(config, Positions.ALL), streams),
                    new Branch(weir.select("pattern"), sink)));
            weir.forward(List.of(prompt), Tracing.of(fork.hooks(), fork));
            return of(weir, streams.trace(), 0, Optional.of(patterns.build()), options);
        }
    }

    /**
     * Looks into a trace that was taken before, of this very model.
     *
     * @param sequence which prompt of it, from 0
     * @throws IllegalArgumentException if the trace does not hold the stream at every position: {@code resid_pre.0}, {@code attn_out},
     *     {@code mlp_out} and {@code resid_post}
     */
    public static LensReport of(Weir weir, Trace trace, int sequence, ReportOptions options) {
        return of(weir, trace, sequence, patterns(trace, sequence, options), options);
    }

    private static LensReport of(
            Weir weir, Trace trace, int sequence, Optional<Patterns> patterns, ReportOptions options) {
        requireStream(trace, weir.config());
        int positions = trace.lengths().get(sequence);
        int[] tokens = Arrays.copyOf(trace.tokens()[sequence], positions);
        LensMap lens = LensMap.of(weir, stations(trace, sequence, positions), tokens, options.guesses());
        return new LensReport(
                Model.of(weir),
                tokens,
                lens,
                StreamNorms.of(trace, sequence, positions),
                patterns,
                leftOut(patterns, positions),
                texts(weir, IntStream.concat(IntStream.of(tokens), IntStream.of(lens.tokens()))));
    }

    private static void requireStream(Trace trace, ModelConfig config) {
        for (HookPoint point : StreamPath.hooks(config, Positions.ALL).taps().keySet()) {
            if (!Positions.ALL.equals(trace.layout().taps().get(point))) {
                throw new IllegalArgumentException("trace: expected " + point + " at every position, got "
                        + (trace.points().contains(point)
                                ? trace.layout().taps().get(point)
                                : "none")
                        + "; a report needs resid_pre.0,attn_out,mlp_out,resid_post");
            }
        }
    }

    /** The stream before the first block and after each, [S][P x D]. */
    private static float[][] stations(Trace trace, int sequence, int positions) {
        int layers = trace.layout().dimensions().layers();
        return IntStream.rangeClosed(0, layers)
                .mapToObj(station ->
                        station == 0 ? HookPoint.of(0, Site.RESID_PRE) : HookPoint.of(station - 1, Site.RESID_POST))
                .map(point -> rows(trace.get(point), sequence, positions))
                .toArray(float[][]::new);
    }

    private static float[] rows(Trace.Values values, int sequence, int positions) {
        int width = values.shape().getLast();
        int from = sequence * values.shape().get(1) * width;
        return Arrays.copyOfRange(values.data(), from, from + positions * width);
    }

    private static Optional<Patterns> patterns(Trace trace, int sequence, ReportOptions options) {
        int layers = trace.layout().dimensions().layers();
        int heads = trace.layout().dimensions().heads();
        int positions = trace.lengths().get(sequence);
        var builder = new Patterns.Builder(layers * heads, positions, options.patternBytes());
        for (int layer = 0; layer < layers; layer++) {
            HookPoint point = HookPoint.of(layer, Site.PATTERN);
            if (!Positions.ALL.equals(trace.layout().taps().get(point))) {
                return Optional.empty();
            }
            for (int head = 0; head < heads; head++) {
                for (int query = 0; query < positions; query++) {
                    builder.add(layer * heads + head, query, trace.get(point).row(sequence, head, query), 0);
                }
            }
        }
        return Optional.of(builder.build());
    }

    private static List<String> leftOut(Optional<Patterns> patterns, int positions) {
        if (patterns.isEmpty()) {
            return List.of("Attention patterns: the trace does not hold hook_pattern of every layer and position.");
        }
        return patterns.get().isCut(positions)
                ? List.of(String.format(
                        Locale.ROOT,
                        "Attention patterns: of each query only the %d strongest keys are kept, at least %.1f %% of a head's weight.",
                        patterns.get().keysOfARow(),
                        100 * patterns.get().leastKept()))
                : List.of();
    }

    private static SortedMap<Integer, String> texts(Weir weir, IntStream tokens) {
        var texts = new TreeMap<Integer, String>();
        weir.tokenizer().ifPresent(tokenizer -> tokens.filter(token -> token < tokenizer.vocabularySize())
                .distinct()
                .forEach(token -> texts.put(token, tokenizer.token(token))));
        return texts;
    }

    /** The whole page. */
    public String html() {
        return Page.of(ReportJson.of(this));
    }

    /**
     * Writes the page. It appears whole under its name or not at all: it is written beside it first, and renamed.
     *
     * @throws IOException if it cannot be written
     */
    public void write(Path file) throws IOException {
        Path target = file.toAbsolutePath();
        Path beside = Files.createTempFile(Objects.requireNonNull(target.getParent()), ".weir-", ".html");
        try {
            Files.writeString(beside, html(), StandardCharsets.UTF_8);
            Files.move(beside, target, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
        } finally {
            Files.deleteIfExists(beside);
        }
    }
}
