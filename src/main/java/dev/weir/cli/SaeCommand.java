package dev.weir.cli;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.weir.engine.Completion;
import dev.weir.engine.GenerationOptions;
import dev.weir.engine.Prompt;
import dev.weir.engine.Tracing;
import dev.weir.engine.Weir;
import dev.weir.hook.Edits;
import dev.weir.hook.Hooks;
import dev.weir.hook.TraceRecorder;
import dev.weir.sae.Encoding;
import dev.weir.sae.Fidelity;
import dev.weir.sae.SparseAutoencoder;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.ExitCode;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** What a sparse autoencoder finds in the stream, and the model with some of it changed. */
@Command(
        name = "sae",
        mixinStandardHelpOptions = true,
        sortOptions = false,
        header = "Shows the features of a sparse autoencoder, or generates with some of them changed.",
        description = {
            "Encodes the stream of a prompt with an autoencoder in SAELens' layout, a folder with cfg.json and",
            "sae_weights.safetensors, and shows the strongest features of each token. With --scale, --add or",
            "--reconstruct it generates instead, with the features changed at the point of the autoencoder."
        },
        footerHeading = "%nExamples:%n",
        footer = {
            "  weir sae \"Once upon a time\" --sae DIR",
            "  weir sae \"Once upon a time\" --sae DIR --top 3 --json",
            "  weir sae \"Once upon a time\" --sae DIR --scale 17*0 --greedy",
            "  weir sae \"Once upon a time\" --sae DIR --scale 17*4 --scale 230*0",
            "  weir sae \"Once upon a time\" --sae DIR --add 17*6 --max-new-tokens 60",
            "  weir sae \"Once upon a time\" --sae DIR --reconstruct"
        })
final class SaeCommand implements Callable<Integer> {

    private final Shell shell;

    @Mixin
    private final PromptArguments prompts = new PromptArguments();

    @Option(names = "--sae", paramLabel = "DIR", required = true, description = "Folder of the autoencoder.")
    private Path folder = Path.of("");

    @Mixin
    private final ModelArguments model = new ModelArguments();

    @Option(names = "--top", paramLabel = "N", description = "Features shown of a token. Default: ${DEFAULT-VALUE}.")
    private int top = 5;

    @Mixin
    private final FeatureArguments features = new FeatureArguments();

    @Mixin
    private final SamplingArguments sampling = new SamplingArguments();

    @Mixin
    private final JsonArgument json = new JsonArgument();

    SaeCommand(Shell shell) {
        this.shell = shell;
    }

    @Override
    public Integer call() throws IOException {
        List<Prompt> asked = prompts.read(shell.launcher() + " sae");
        requireFolder();
        features.require();
        if (top < 1) {
            throw new IllegalArgumentException("--top: expected above zero, got " + top);
        }
        try (Weir weir = model.open(shell);
                var sae = SparseAutoencoder.open(folder, weir)) {
            if (features.isGiven()) {
                generate(weir, sae, asked);
            } else {
                show(weir, sae, asked);
            }
        }
        return ExitCode.OK;
    }

    private void requireFolder() {
        if (!Files.isDirectory(folder)) {
            throw new IllegalArgumentException("--sae '" + folder + "': expected a folder with a cfg.json, got "
                    + (Files.exists(folder) ? "a file" : "nothing there"));
        }
    }

    private void generate(Weir weir, SparseAutoencoder sae, List<Prompt> asked) throws IOException {
        GenerationOptions options = sampling.over(weir.defaults());
        Edits edits = features.edits(sae);
        List<Prompt> edited = asked.stream().map(prompt -> prompt.edited(edits)).toList();
        var report = new GenerationReport(shell, weir, edited, options, sampling.choosesSeed());
        boolean streams = !json.given() && asked.size() == 1;
        if (streams) {
            report.printPrompt(asked.getFirst());
        }
        Completion completion = weir.generate(edited, options, new Live(shell.out(), Progress.none(), streams));
        if (json.given()) {
            Json.print(shell, report.json(completion, Optional.empty()));
        } else {
            report.print(completion, Optional.empty());
        }
    }

    private void show(Weir weir, SparseAutoencoder sae, List<Prompt> asked) {
        ArrayNode readings = Json.object().putArray("prompts");
        for (Prompt prompt : asked) {
            List<Encoding> encodings = sae.encode(stream(weir, sae, prompt));
            var reading = new FeatureReading(
                    weir.encode(prompt), encodings, Fidelity.of(weir, sae, prompt), sae.config(), top);
            if (json.given()) {
                readings.add(reading.json(new Vocabulary(weir)));
            } else {
                reading.print(shell.out(), shell.style(), new Vocabulary(weir));
            }
        }
        if (json.given()) {
            ObjectNode report = Json.object();
            report.put("model", weir.name()).put("dtype", weir.dtype().label()).put("machine", weir.machine());
            report.put("point", sae.config().point().name());
            report.put("architecture", sae.config().architecture().label());
            report.set("prompts", readings);
            Json.print(shell, report);
        } else {
            shell.out().flush();
            shell.note("%s in %s on %s".formatted(weir.name(), weir.dtype().label(), weir.machine()));
        }
    }

    private static float[] stream(Weir weir, SparseAutoencoder sae, Prompt prompt) {
        try (var recorder = new TraceRecorder()) {
            weir.forward(
                    List.of(prompt), Tracing.of(Hooks.tap(List.of(sae.config().point())), recorder));
            return recorder.trace().get(sae.config().point()).data();
        }
    }
}
