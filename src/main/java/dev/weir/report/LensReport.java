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
import dev.weir.lens.Guess;
import dev.weir.lens.LensView;
import dev.weir.lens.LensView.Chosen;
import dev.weir.lens.LogitLens;
import dev.weir.lens.StreamStatistics;
import dev.weir.model.ModelConfig;
import dev.weir.patching.PatchingMap;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Locale;
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
 * @param lens before the first block and after each, with the token that follows as the chosen one
 * @param patterns unless the trace does not hold them
 * @param attribution unless the trace does not hold what it needs
 * @param sweeps that were made beside it
 * @param leftOut in sentences, what a reader may miss and why
 * @param texts what the tokens write that are spoken of, by id; without a tokenizer, none
 */
public record LensReport(
        Model model,
        int[] tokens,
        LensView lens,
        StreamStatistics stream,
        Optional<Patterns> patterns,
        Optional<LogitParts> attribution,
        List<PatchingMap> sweeps,
        List<String> leftOut,
        SortedMap<Integer, String> texts) {

    private static final String FOR_STREAM = StreamStatistics.SELECTORS;
    private static final String FOR_ATTRIBUTION = "embed,pos_embed,z";
    private static final String FOR_PATTERNS = "pattern";

    /** The hook points that a dump must hold for a whole report of it. */
    public static final String SELECTORS = String.join(",", FOR_STREAM, FOR_ATTRIBUTION, FOR_PATTERNS);

    /** What was looked into, and with what. */
    public record Model(String name, String machine, String dtype, String sha256, ModelConfig config) {
        static Model of(Weir weir) {
            return new Model(weir.name(), weir.machine(), weir.dtype().label(), weir.sha256(), weir.config());
        }
    }

    public LensReport {
        sweeps = List.copyOf(sweeps);
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
                    new Branch(weir.select(FOR_STREAM + "," + FOR_ATTRIBUTION), streams),
                    new Branch(weir.select(FOR_PATTERNS), sink)));
            weir.forward(List.of(prompt), Tracing.of(fork.hooks(), fork));
            return of(weir, streams.trace(), 0, Optional.of(patterns.build()), options);
        }
    }

    /**
     * Looks into a trace that was taken before, of this very model.
     *
     * @param trace of {@link #SELECTORS}; without patterns, or without what attribution needs, the page goes without them and says so
     * @param sequence which prompt of it, from 0
     * @throws IllegalArgumentException if the trace does not hold the stream and its branches at every position
     */
    public static LensReport of(Weir weir, Trace trace, int sequence, ReportOptions options) {
        return of(weir, trace, sequence, patterns(trace, sequence, options), options);
    }

    private static LensReport of(
            Weir weir, Trace trace, int sequence, Optional<Patterns> patterns, ReportOptions options) {
        requireStream(weir, trace);
        int length = trace.lengths().get(sequence);
        int[] tokens = Arrays.copyOf(trace.tokens()[sequence], length);
        List<Integer> positions = IntStream.range(0, length).boxed().toList();
        LensView lens = new LogitLens(weir)
                .view(trace, sequence, positions, false, options.guesses(), Chosen.next(tokens, length));
        Optional<LogitParts> attribution = holds(weir, trace, FOR_ATTRIBUTION)
                ? Optional.of(LogitParts.of(weir, trace, sequence, lens))
                : Optional.empty();
        return new LensReport(
                Model.of(weir),
                tokens,
                lens,
                StreamStatistics.of(trace, sequence, positions),
                patterns,
                attribution,
                List.of(),
                leftOut(patterns, attribution, length),
                texts(weir, IntStream.concat(IntStream.of(tokens), tokens(lens))));
    }

    private static IntStream tokens(LensView lens) {
        return lens.cells().stream()
                .flatMap(List::stream)
                .flatMap(cell -> cell.top().stream())
                .mapToInt(Guess::token);
    }

    /** The same, and a patching sweep. */
    public LensReport withSweep(PatchingMap sweep) {
        var more = new ArrayList<>(sweeps);
        more.add(sweep);
        return new LensReport(model, tokens, lens, stream, patterns, attribution, more, leftOut, texts);
    }

    private static void requireStream(Weir weir, Trace trace) {
        if (!holds(weir, trace, FOR_STREAM)) {
            throw new IllegalArgumentException("trace of " + trace.points().size() + " points: expected " + FOR_STREAM
                    + " of every layer at every position, got less");
        }
    }

    private static boolean holds(Weir weir, Trace trace, String selectors) {
        return weir.select(selectors).taps().keySet().stream()
                .allMatch(point -> Positions.ALL.equals(trace.layout().taps().get(point)));
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

    private static List<String> leftOut(Optional<Patterns> patterns, Optional<LogitParts> attribution, int length) {
        var sentences = new ArrayList<String>();
        if (patterns.isEmpty()) {
            sentences.add("Attention patterns: the trace does not hold hook_pattern of every layer at every position.");
        }
        if (attribution.isEmpty()) {
            sentences.add("Direct logit attribution: the trace does not hold " + FOR_ATTRIBUTION
                    + " of every layer at every position.");
        }
        patterns.filter(p -> p.isCut(length))
                .ifPresent(p -> sentences.add(String.format(
                        Locale.ROOT,
                        "Attention patterns: only the %d strongest keys of each query are here, which have at least %.1f %% of each head's weight.",
                        p.keysOfARow(),
                        100 * p.leastKept())));
        return sentences;
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
        Path beside = target.resolveSibling(target.getFileName() + ".part");
        try {
            Files.writeString(beside, html(), StandardCharsets.UTF_8);
            Files.move(beside, target, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
        } finally {
            Files.deleteIfExists(beside);
        }
    }
}
