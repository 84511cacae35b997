package dev.weir.engine;

import dev.weir.backend.Backend;
import dev.weir.backend.Backend.LoadedWeights;
import dev.weir.backend.WeightView;
import dev.weir.checkpoint.Checkpoint;
import dev.weir.checkpoint.GenerationConfig;
import dev.weir.checkpoint.ModelSource;
import dev.weir.hook.Edits;
import dev.weir.hook.HookPoint;
import dev.weir.hook.Hooks;
import dev.weir.hook.Site;
import dev.weir.hook.Trace;
import dev.weir.hook.TraceLayout;
import dev.weir.hook.TraceRecorder;
import dev.weir.model.Ending;
import dev.weir.model.ModelConfig;
import dev.weir.model.State;
import dev.weir.model.Weights;
import dev.weir.program.Pages;
import dev.weir.program.Plan;
import dev.weir.tensor.DType;
import dev.weir.tensor.Tensor;
import dev.weir.tokenizer.Tokenizer;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.Arrays;
import java.util.HashSet;
import java.util.Iterator;
import java.util.List;
import java.util.NoSuchElementException;
import java.util.Objects;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Queue;
import java.util.Set;
import java.util.Spliterator;
import java.util.Spliterators;
import java.util.stream.Stream;
import java.util.stream.StreamSupport;

/**
 * An open model on a machine: it generates text and shows its residual stream, in one and the same forward pass.
 *
 * <pre>{@code
 * try (Weir weir = Weir.open(Path.of("weights/weir-stories"))) {
 *     System.out.println(weir.generate("Once upon a time").text());
 *     Trace trace = weir.trace("Once upon a time", "resid_post");
 *     float[] stream = trace.get("blocks.0.hook_resid_post").row(0, 3);
 * }
 * }</pre>
 *
 * <p>Calls from several threads are safe; steps of different calls take turns on the machine.
 */
public final class Weir implements AutoCloseable {

    private static final int MAX_ROWS_PER_STEP = 512;
    private static final long TRACE_BYTES_PER_STEP = 256L << 20;
    private static final int DEFAULT_NEW_TOKENS = 128;

    private final ModelSource source;
    private final Optional<Tokenizer> tokenizer;
    private final Weights weights;
    private final DType dtype;
    private final Backend backend;
    private final LoadedWeights loaded;

    private Weir(ModelSource source, Optional<Tokenizer> tokenizer, Options options) {
        this.source = source;
        this.tokenizer = tokenizer;
        this.dtype = options.dtype().orElse(source.type());
        this.weights = Weights.of(source.config(), dtype);
        this.backend = Machines.open(options);
        try {
            this.loaded = backend.load(source.views(weights));
        } catch (RuntimeException | Error e) {
            backend.close();
            throw e;
        }
    }

    /** Opens a folder as Hugging Face lays it out, on the best machine at hand. */
    public static Weir open(Path folder) throws IOException {
        return open(folder, Options.DEFAULT);
    }

    /**
     * Opens a folder as Hugging Face lays it out.
     *
     * @throws IllegalArgumentException for options that cannot be honoured
     * @throws IOException for a folder or file that cannot be read
     * @throws RuntimeException of the families of {@code CheckpointException}, {@code SafetensorsException} and {@code
     *     TokenizerException}, for files that are not as they should be
     */
    public static Weir open(Path folder, Options options) throws IOException {
        ModelSource source = Checkpoint.open(folder);
        try {
            return new Weir(source, Tokenizer.open(folder), options);
        } catch (IOException | RuntimeException | Error e) {
            source.close();
            throw e;
        }
    }

    /** Opens a model that is in memory; it has no tokenizer. The source is closed with the result. */
    public static Weir of(ModelSource source, Options options) {
        return new Weir(source, Optional.empty(), options);
    }

    /** What people call the model. */
    public String name() {
        return source.name();
    }

    /** The numbers that define the model. */
    public ModelConfig config() {
        return source.config();
    }

    /** How the machine keeps the matrices. */
    public DType dtype() {
        return dtype;
    }

    /** The hex digest of the weight files. */
    public String sha256() {
        return source.sha256();
    }

    /** One line about the machine. */
    public String machine() {
        return backend.description();
    }

    /**
     * Waits until the machine is as fast as it will be. In the first seconds of a process the CPU computes with plainer kernels, which
     * give the same bits; this is for whoever measures.
     */
    public void settle() {
        backend.settle();
    }

    /** Which GPU the model is on, from 0; empty where it is on the CPU. */
    public OptionalInt gpu() {
        return Machines.gpu(backend);
    }

    /** The model's tokenizer, if its folder has one. */
    public Optional<Tokenizer> tokenizer() {
        return tokenizer;
    }

    /** What the model's {@code generation_config.json} asks for. */
    public GenerationOptions defaults() {
        GenerationConfig c = source.generationConfig();
        boolean greedy = !c.doSample() || c.temperature() == 0;
        var sampling = new Sampling(
                greedy, c.repetitionPenalty(), greedy ? 1 : c.temperature(), c.topK(), c.topP(), c.minP(), 0);
        var endOfText = new HashSet<>(c.endOfText());
        return new GenerationOptions(OptionalInt.empty(), sampling, List.of(), endOfText);
    }

    /** Every hook point of the model, in the order in which a forward pass reaches them. */
    public List<HookPoint> hookPoints() {
        return HookPoint.all(config().layers());
    }

    /** The hooks that see what selectors name, such as {@code resid_post,blocks.*.attn.hook_z@last}. */
    public Hooks select(String selectors) {
        return Hooks.select(selectors, hookPoints());
    }

    /** Continues a prompt with the model's defaults. */
    public Generation generate(String prompt) {
        return generate(prompt, defaults());
    }

    /** Continues a prompt. */
    public Generation generate(String prompt, GenerationOptions options) {
        return generate(List.of(Prompt.of(prompt)), options, TextListener.NONE)
                .generations()
                .getFirst();
    }

    /** Continues a prompt while values of the forward pass are changed. */
    public Generation generate(String prompt, GenerationOptions options, Edits edits) {
        return generate(List.of(Prompt.of(prompt).edited(edits)), options, TextListener.NONE)
                .generations()
                .getFirst();
    }

    /** Continues several prompts at once; each gets the same tokens as alone. */
    public Completion generate(List<Prompt> prompts, GenerationOptions options, TextListener listener) {
        return generate(prompts, options, Tracing.of(Hooks.NONE, new TraceRecorder()), listener);
    }

    /**
     * Continues several prompts at once, and shows the stream of the very pass that generated.
     *
     * @throws IllegalArgumentException for prompts, options or hooks that the model cannot honour, before anything runs
     */
    public Completion generate(
            List<Prompt> prompts, GenerationOptions options, Tracing tracing, TextListener listener) {
        try (Decoding decoding = decoding(sequences(prompts, options), tracing, listener)) {
            while (!decoding.isDone()) {
                decoding.advance();
            }
            return decoding.finish();
        }
    }

    /** Continues a prompt, piece by piece as the stream is read. Close the stream if it is not read to its end. */
    public Stream<String> stream(String prompt, GenerationOptions options) {
        return stream(Prompt.of(prompt), options);
    }

    /** The same for any prompt, an edited one too. */
    public Stream<String> stream(Prompt prompt, GenerationOptions options) {
        Queue<String> pieces = new ArrayDeque<>();
        Decoding decoding = decoding(
                sequences(List.of(prompt), options),
                Tracing.of(Hooks.NONE, new TraceRecorder()),
                (sequence, text) -> pieces.add(text));
        var iterator = new Iterator<String>() {
            @Override
            public boolean hasNext() {
                while (pieces.isEmpty() && !decoding.isDone()) {
                    decoding.advance();
                }
                if (pieces.isEmpty()) {
                    decoding.close();
                }
                return !pieces.isEmpty();
            }

            @Override
            public String next() {
                if (!hasNext()) {
                    throw new NoSuchElementException("the generation has ended");
                }
                return pieces.remove();
            }
        };
        return StreamSupport.stream(
                        Spliterators.spliteratorUnknownSize(iterator, Spliterator.ORDERED | Spliterator.NONNULL), false)
                .onClose(decoding::close);
    }

    /** One forward pass over prompts, without sampling; what the hooks see goes to the sink. */
    public Completion forward(List<Prompt> prompts, Tracing tracing) {
        return forward(prompts, tracing, TextListener.NONE);
    }

    /** The same for a listener who wants to know how far it is; there is no text to hear. */
    public Completion forward(List<Prompt> prompts, Tracing tracing, TextListener listener) {
        try (Decoding decoding = decoding(promptsOnly(prompts), tracing, listener)) {
            while (!decoding.isDone()) {
                decoding.advance();
            }
            return decoding.finish();
        }
    }

    /** One forward pass over a text, and what the selectors name, in memory. */
    public Trace trace(String prompt, String selectors) {
        return trace(prompt, selectors, Edits.NONE);
    }

    /** The same while values of the forward pass are changed; what is seen is what came of that. */
    public Trace trace(String prompt, String selectors, Edits edits) {
        try (var recorder = new TraceRecorder()) {
            forward(List.of(Prompt.of(prompt).edited(edits)), Tracing.of(select(selectors), recorder));
            return recorder.trace();
        }
    }

    /** The shapes and exact bytes of what {@link #generate} would trace if no sequence ends early. */
    public TraceLayout layoutOfGenerate(List<Prompt> prompts, GenerationOptions options, Tracing tracing) {
        return Decoding.layout(config(), sequences(prompts, options), tracing);
    }

    /** The shapes and exact bytes of what {@link #forward} would trace. */
    public TraceLayout layoutOfForward(List<Prompt> prompts, Tracing tracing) {
        return Decoding.layout(config(), promptsOnly(prompts), tracing);
    }

    /**
     * A prompt to be continued, for a session of one's own.
     *
     * @throws IllegalArgumentException for a prompt or options that the model cannot honour
     */
    public Sequence sequence(Prompt prompt, GenerationOptions options) {
        return sequences(List.of(prompt), options).getFirst();
    }

    /** A prompt to be looked at, likewise. */
    public Sequence sequence(Prompt prompt) {
        return promptsOnly(List.of(prompt)).getFirst();
    }

    /** The shapes and exact bytes of what a sequence of a session of one's own would be traced as, if it does not end early. */
    public TraceLayout layout(Sequence sequence, Tracing tracing) {
        return Decoding.layout(config(), List.of(sequence), tracing);
    }

    /**
     * A session of one's own, for callers who choose the rows of each step themselves.
     *
     * @param slots sequences held at a time
     * @param context positions of each, at most the model's
     */
    public Session session(int slots, int context) {
        int maxRows = Math.max(MAX_ROWS_PER_STEP, slots);
        return session(State.of(config(), slots, context, maxRows));
    }

    /**
     * A session whose slots take the memory for their positions page by page from what they have in common. A slot has no page until
     * {@link Session#pages} gives it some.
     *
     * @param slots sequences held at a time
     * @param context positions of each at most, at most the model's
     * @param pageRows positions of a page, a power of two from {@value Pages#SMALLEST} on
     * @param pages that there are
     * @param maxRows the most rows of a step
     */
    public Session pagedSession(int slots, int context, int pageRows, int pages, int maxRows) {
        if (pageRows < Pages.SMALLEST || Integer.bitCount(pageRows) != 1) {
            throw new IllegalArgumentException(
                    "positions of a page: expected a power of two from " + Pages.SMALLEST + " on, got " + pageRows);
        }
        int shift = Integer.numberOfTrailingZeros(pageRows);
        return session(State.of(config(), slots, context, shift, pages, maxRows));
    }

    private Session session(State state) {
        return new Session(config(), weights, loaded, backend.runsKept(), state);
    }

    /**
     * The plan of a step that chooses a token, to look at.
     *
     * @param rows of the step, the last of which is followed by the token
     */
    public Plan plan(int rows, Hooks hooks) {
        State state = State.of(config(), 1, config().context(), rows).step(rows, 1, config().context());
        return Session.plan(config(), weights, state, hooks, Ending.Results.TOKENS);
    }

    /**
     * What the model's own end, its final norm and its unembedding, makes of rows of the stream, wherever they come from. The same
     * code of the same machine computes it as in a forward pass: for the stream that left the last block these are the bits of the
     * model's logits.
     *
     * @param stream [rows, D], row-major
     * @return logits [rows, V]
     * @throws IllegalArgumentException if these are not whole rows
     */
    public float[] unembed(float[] stream) {
        return unembed(stream, HookPoint.of(config().layers() - 1, Site.RESID_POST));
    }

    /**
     * What the unembedding alone makes of rows: the final norm is not applied.
     *
     * @param normed [rows, D], row-major, as at {@code unembed.hook_in}
     * @return logits [rows, V]
     * @throws IllegalArgumentException if these are not whole rows
     */
    public float[] unembedNormed(float[] normed) {
        return unembed(normed, HookPoint.of(Site.UNEMBED_IN));
    }

    private float[] unembed(float[] stream, HookPoint entry) {
        int width = config().width();
        if (stream.length == 0 || stream.length % width != 0) {
            throw new IllegalArgumentException(
                    "stream: expected rows of " + width + " values each, got " + stream.length + " values");
        }
        int rows = stream.length / width;
        float[] logits = new float[Math.multiplyExact(rows, config().vocabulary())];
        var end = new Unembedding(config(), weights, loaded, entry);
        for (int from = 0; from < rows; from += MAX_ROWS_PER_STEP) {
            end.run(stream, from, Math.min(MAX_ROWS_PER_STEP, rows - from), logits);
        }
        return logits;
    }

    /**
     * A learned matrix, to look at.
     *
     * @param name TransformerLens' name, such as {@code blocks.3.attn.W_O} or {@code unembed.W_U}
     * @throws IllegalArgumentException if the model has no such matrix
     */
    public Weight weight(String name) {
        Tensor tensor = weights.all().stream()
                .filter(w -> w.name().equals(name))
                .findFirst()
                .orElseThrow(() -> new IllegalArgumentException(
                        "weight '" + name + "': expected a name such as blocks.0.attn.W_O or unembed.W_U"));
        boolean isTable = tensor.equals(weights.tokens()) || tensor.equals(weights.positions());
        return new Weight(tensor, Objects.requireNonNull(source.views(weights).get(tensor)), isTable);
    }

    /**
     * A matrix that is not the model's, on the model's machine.
     *
     * @param weight [inputs, outputs], readable until the result is closed
     * @param bias [1, outputs], likewise
     */
    public Projection projection(int inputs, int outputs, WeightView weight, WeightView bias) {
        return new Projection(backend, inputs, outputs, weight, bias);
    }

    /** The ids of a prompt. */
    public List<Integer> encode(Prompt prompt) {
        int[] ids = ids(prompt);
        for (int id : ids) {
            if (id < 0 || id >= config().vocabulary()) {
                throw new IllegalArgumentException(
                        "token id " + id + ": expected one below the vocabulary size " + config().vocabulary());
            }
        }
        if (ids.length == 0) {
            throw new IllegalArgumentException("prompt: expected at least one token, got an empty one");
        }
        return Arrays.stream(ids).boxed().toList();
    }

    private int[] ids(Prompt prompt) {
        return switch (prompt) {
            case Prompt.Tokens tokens -> tokens.ids();
            case Prompt.Text text ->
                tokenizer
                        .orElseThrow(() -> new IllegalArgumentException(
                                "prompt '" + text.text() + "': the model has no tokenizer, expected token ids"))
                        .encode(text.text());
            case Prompt.Edited edited -> ids(edited.prompt());
        };
    }

    private Decoding decoding(List<Sequence> sequences, Tracing tracing, TextListener listener) {
        if (!tracing.hooks().taps().isEmpty()) {
            Decoding.layout(config(), sequences, tracing).requireWithin(tracing.maxBytes());
        }
        requireHonourable(sequences, tracing.hooks());
        int context = sequences.stream().mapToInt(Sequence::maxRows).max().orElseThrow();
        Session session = session(sequences.size(), context);
        try {
            return new Decoding(config(), session, sequences, tracing, rowsPerStep(tracing, context), listener);
        } catch (RuntimeException | Error e) {
            session.close();
            throw e;
        }
    }

    /** Refuses edits that no plan can make, before a trace is begun. */
    private void requireHonourable(List<Sequence> sequences, Hooks hooks) {
        sequences.stream()
                .map(sequence -> hooks.edits().and(sequence.edits()))
                .distinct()
                .filter(edits -> !edits.isEmpty())
                .forEach(edits -> plan(1, hooks.withEdits(edits)));
    }

    /** As many rows as the trace of a step leaves room for, so that host memory stays bounded however long a prompt is. */
    private int rowsPerStep(Tracing tracing, int context) {
        long bytesPerRow = tracing.hooks().taps().keySet().stream()
                .mapToLong(p -> config().dimensions().columns(p.site(), context) * (long) Float.BYTES)
                .sum();
        return Math.clamp(TRACE_BYTES_PER_STEP / Math.max(1, bytesPerRow), 1, MAX_ROWS_PER_STEP);
    }

    private List<Sequence> promptsOnly(List<Prompt> prompts) {
        requireAny(prompts);
        return prompts.stream().map(p -> promptOnly(encode(p), p.edits())).toList();
    }

    private Sequence promptOnly(List<Integer> prompt, Edits edits) {
        if (prompt.size() > config().context()) {
            throw new IllegalArgumentException("prompt: expected at most the " + config().context()
                    + " positions of the model's context, got " + prompt.size() + " tokens");
        }
        return new Sequence(prompt, 0, Sampling.GREEDY, Set.of(), edits, Optional.empty());
    }

    private List<Sequence> sequences(List<Prompt> prompts, GenerationOptions options) {
        requireAny(prompts);
        if (tokenizer.isEmpty() && !options.stop().isEmpty()) {
            throw new IllegalArgumentException(
                    "stop " + options.stop() + ": the model has no tokenizer, expected no stop texts");
        }
        return prompts.stream()
                .map(p -> sequence(encode(p), p.edits(), options))
                .toList();
    }

    private Sequence sequence(List<Integer> prompt, Edits edits, GenerationOptions options) {
        int room = config().context() - prompt.size() + 1;
        if (room <= 0 || options.maxNewTokens().orElse(1) > room) {
            throw new IllegalArgumentException("prompt of " + prompt.size() + " tokens and "
                    + options.maxNewTokens().orElse(1) + " new: expected at most " + config().context()
                    + " positions, the model's context; at most " + Math.max(0, room) + " new tokens fit");
        }
        options.sampling().requireFits(config().vocabulary());
        int wanted = options.maxNewTokens()
                .orElse(source.generationConfig().maxNewTokens().orElse(DEFAULT_NEW_TOKENS));
        return new Sequence(
                prompt,
                Math.min(wanted, room),
                options.sampling(),
                options.endOfText(),
                edits,
                tokenizer.map(t -> new TextAssembly(t, options.stop())));
    }

    private static void requireAny(List<Prompt> prompts) {
        if (prompts.isEmpty()) {
            throw new IllegalArgumentException("prompts: expected at least one, got none");
        }
    }

    @Override
    public void close() {
        loaded.close();
        backend.close();
        tokenizer.ifPresent(Tokenizer::close);
        source.close();
    }
}
