package dev.weir.engine;

import dev.weir.backend.WeightView;
import dev.weir.checkpoint.Checkpoint;
import dev.weir.checkpoint.ModelSource;
import dev.weir.hook.Edits;
import dev.weir.hook.HookPoint;
import dev.weir.hook.Hooks;
import dev.weir.hook.Site;
import dev.weir.hook.Trace;
import dev.weir.hook.TraceLayout;
import dev.weir.hook.TraceRecorder;
import dev.weir.model.ModelConfig;
import dev.weir.program.Pages;
import dev.weir.program.Plan;
import dev.weir.tensor.DType;
import dev.weir.tokenizer.Tokenizer;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.stream.Stream;

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

    private final ModelSource source;
    private final Optional<Tokenizer> tokenizer;
    private final PromptReader reader;
    private final LoadedModel model;

    private Weir(ModelSource source, Optional<Tokenizer> tokenizer, Options options) {
        this.source = source;
        this.tokenizer = tokenizer;
        this.reader = new PromptReader(source.config(), source.generationConfig(), tokenizer);
        this.model = new LoadedModel(source, options);
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
        Optional<Tokenizer> tokenizer = Optional.empty();
        try {
            tokenizer = Tokenizer.open(folder);
            return new Weir(source, tokenizer, options);
        } catch (IOException | RuntimeException | Error e) {
            tokenizer.ifPresent(Tokenizer::close);
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
        return model.dtype();
    }

    /** The hex digest of the weight files. */
    public String sha256() {
        return source.sha256();
    }

    /** One line about the machine. */
    public String machine() {
        return model.machine().description();
    }

    /**
     * Waits until the machine is as fast as it will be. In the first seconds of a process the CPU computes with plainer kernels, which
     * give the same bits; this is for whoever measures.
     */
    public void settle() {
        model.machine().settle();
    }

    /** Which GPU the model is on, from 0; empty where it is on the CPU. */
    public OptionalInt gpu() {
        return Machines.gpu(model.machine());
    }

    /** The model's tokenizer, if its folder has one. */
    public Optional<Tokenizer> tokenizer() {
        return tokenizer;
    }

    /** What the model's {@code generation_config.json} asks for. */
    public GenerationOptions defaults() {
        return GenerationOptions.of(source.generationConfig());
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
        try (var decoding = Decoding.begin(model, reader.toContinue(prompts, options), tracing, listener)) {
            return decoding.run();
        }
    }

    /** Continues a prompt, piece by piece as the stream is read. Close the stream if it is not read to its end. */
    public Stream<String> stream(String prompt, GenerationOptions options) {
        return stream(Prompt.of(prompt), options);
    }

    /** The same for any prompt, an edited one too. */
    public Stream<String> stream(Prompt prompt, GenerationOptions options) {
        return new StreamedText(model, sequence(prompt, options)).stream();
    }

    /** One forward pass over prompts, without sampling; what the hooks see goes to the sink. */
    public Completion forward(List<Prompt> prompts, Tracing tracing) {
        return forward(prompts, tracing, TextListener.NONE);
    }

    /** The same for a listener who wants to know how far it is; there is no text to hear. */
    public Completion forward(List<Prompt> prompts, Tracing tracing, TextListener listener) {
        try (var decoding = Decoding.begin(model, reader.toLookAt(prompts), tracing, listener)) {
            return decoding.run();
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
        return Decoding.layout(config(), reader.toContinue(prompts, options), tracing);
    }

    /** The shapes and exact bytes of what {@link #forward} would trace. */
    public TraceLayout layoutOfForward(List<Prompt> prompts, Tracing tracing) {
        return Decoding.layout(config(), reader.toLookAt(prompts), tracing);
    }

    /**
     * A prompt to be continued, for a session of one's own.
     *
     * @throws IllegalArgumentException for a prompt or options that the model cannot honour
     */
    public Sequence sequence(Prompt prompt, GenerationOptions options) {
        return reader.toContinue(List.of(prompt), options).getFirst();
    }

    /** A prompt to be looked at, likewise. */
    public Sequence sequence(Prompt prompt) {
        return reader.toLookAt(List.of(prompt)).getFirst();
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
        return model.session(slots, context);
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
        return model.pagedSession(slots, context, pageRows, pages, maxRows);
    }

    /**
     * The plan of a step that chooses a token, to look at.
     *
     * @param rows of the step, the last of which is followed by the token
     */
    public Plan plan(int rows, Hooks hooks) {
        return model.plan(rows, hooks);
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
        return model.unembedding(HookPoint.of(config().layers() - 1, Site.RESID_POST))
                .logits(stream);
    }

    /**
     * What the unembedding alone makes of rows: the final norm is not applied.
     *
     * @param normed [rows, D], row-major, as at {@code unembed.hook_in}
     * @return logits [rows, V]
     * @throws IllegalArgumentException if these are not whole rows
     */
    public float[] unembedNormed(float[] normed) {
        return model.unembedding(HookPoint.of(Site.UNEMBED_IN)).logits(normed);
    }

    /**
     * A learned matrix, to look at.
     *
     * @param name TransformerLens' name, such as {@code blocks.3.attn.W_O} or {@code unembed.W_U}
     * @throws IllegalArgumentException if the model has no such matrix
     */
    public Weight weight(String name) {
        return Weight.named(name, model.weights(), source);
    }

    /**
     * A matrix that is not the model's, on the model's machine.
     *
     * @param weight [inputs, outputs], readable until the result is closed
     * @param bias [1, outputs], likewise
     */
    public Projection projection(int inputs, int outputs, WeightView weight, WeightView bias) {
        return new Projection(model.machine(), inputs, outputs, weight, bias);
    }

    /** The ids of a prompt. */
    public List<Integer> encode(Prompt prompt) {
        return reader.encode(prompt);
    }

    @Override
    public void close() {
        model.close();
        tokenizer.ifPresent(Tokenizer::close);
        source.close();
    }
}
