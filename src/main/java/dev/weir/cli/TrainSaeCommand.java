package dev.weir.cli;

import dev.weir.engine.Weir;
import dev.weir.hook.HookPoint;
import dev.weir.sae.TopKTraining;
import java.io.IOException;
import java.nio.file.Path;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.ExitCode;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** An autoencoder for a model that has none. */
@Command(
        name = "train-sae",
        mixinStandardHelpOptions = true,
        sortOptions = false,
        header = "Learns a small sparse autoencoder from what a model says by itself.",
        description = {
            "Lets the model tell one text after another, records its stream at one point meanwhile, and learns a",
            "top-k autoencoder of it, which is saved as SAELens would. Meant for small models and demonstrations."
        },
        footerHeading = "%nExamples:%n",
        footer = {
            "  weir train-sae --hook blocks.2.hook_resid_post --out my-sae",
            "  weir train-sae --hook blocks.0.hook_mlp_out --features 2048 --k 32 --tokens 400000 --out my-sae"
        })
final class TrainSaeCommand implements Callable<Integer> {

    private final Shell shell;

    @Option(names = "--hook", paramLabel = "POINT", required = true, description = "The point whose stream is learned.")
    private String hook = "";

    @Option(names = "--out", paramLabel = "DIR", required = true, description = "Folder for the autoencoder.")
    private Path out = Path.of("");

    @Mixin
    private final ModelArguments model = new ModelArguments();

    @Option(names = "--features", paramLabel = "N", description = "d_sae. Default: ${DEFAULT-VALUE}.")
    private int features = 1024;

    @Option(names = "--k", paramLabel = "K", description = "Features of a token. Default: ${DEFAULT-VALUE}.")
    private int k = 16;

    @Option(names = "--tokens", paramLabel = "N", description = "Tokens to learn from. Default: ${DEFAULT-VALUE}.")
    private int tokens = 100_000;

    @Option(names = "--epochs", paramLabel = "N", description = "Times each is seen. Default: ${DEFAULT-VALUE}.")
    private int epochs = 10;

    @Option(names = "--seed", paramLabel = "S", description = "Of texts and learning. Default: ${DEFAULT-VALUE}.")
    private long seed = 1;

    TrainSaeCommand(Shell shell) {
        this.shell = shell;
    }

    @Override
    public Integer call() throws IOException {
        var settings = new TopKTraining.Settings(HookPoint.named(hook), features, k, tokens, epochs, seed);
        try (Weir weir = model.open(shell)) {
            double unexplained;
            try (Progress stories = Progress.of(shell, "tell", tokens);
                    Progress steps = Progress.of(shell, "learn", " steps", settings.steps())) {
                unexplained = TopKTraining.train(weir, settings, stories::advance, steps::advance, out);
            }
            shell.out()
                    .println("%s with %s, %s a token, explains %s of the variance of the last batches"
                            .formatted(out, Figures.counted(features, "feature"), k, Figures.percent(1 - unexplained)));
            shell.out().flush();
            shell.note("%s in %s on %s".formatted(weir.name(), weir.dtype().label(), weir.machine()));
        }
        return ExitCode.OK;
    }
}
