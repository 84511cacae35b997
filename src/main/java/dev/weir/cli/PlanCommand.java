package dev.weir.cli;

import dev.weir.checkpoint.Checkpoint;
import dev.weir.checkpoint.ModelSource;
import dev.weir.engine.Session;
import dev.weir.hook.HookPoint;
import dev.weir.hook.Hooks;
import dev.weir.model.Ending;
import dev.weir.model.ModelConfig;
import dev.weir.model.State;
import dev.weir.model.Weights;
import dev.weir.tensor.DType;
import java.io.IOException;
import java.util.Optional;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.ExitCode;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** What a machine is given to run: every op, and where every value lies. */
@Command(
        name = "plan",
        mixinStandardHelpOptions = true,
        sortOptions = false,
        header = "Prints the plan of a step: ops, shapes, places, bytes.",
        description = {
            "Each op in the order in which it runs, the shape of what it makes, and where that lies: in",
            "scratch memory, which is reused, or in trace memory, where a value that is seen stays until it",
            "has been read. A read adds no op; it moves a value from one to the other. An edit adds an op."
        },
        footerHeading = "%nExamples:%n",
        footer = {
            "  weir plan",
            "  weir plan --rows 512",
            "  weir plan --rows 1 --trace resid_post,blocks.0.mlp.hook_pre",
            "  weir plan --edit resid_post.2:scale=0.5",
            "  weir plan --json"
        })
final class PlanCommand implements Callable<Integer> {

    private final Shell shell;

    @Mixin
    private final ModelFolder folder = new ModelFolder();

    @Option(
            names = "--dtype",
            paramLabel = "TYPE",
            converter = MatrixTypeConverter.class,
            description = "How the machine keeps matrices. Default: as they are stored.")
    private Optional<DType> dtype = Optional.empty();

    @Option(
            names = "--rows",
            paramLabel = "N",
            defaultValue = "1",
            description =
                    "Rows of the step: 1 when one text is being generated, many in a prompt. Default: ${DEFAULT-VALUE}.")
    private int rows = 1;

    @Option(names = "--trace", paramLabel = "SELECTORS", description = "Hook points that are to be seen.")
    private Optional<String> trace = Optional.empty();

    @Mixin
    private final EditArguments edits = new EditArguments();

    @Mixin
    private final JsonArgument json = new JsonArgument();

    PlanCommand(Shell shell) {
        this.shell = shell;
    }

    @Override
    public Integer call() throws IOException {
        if (rows <= 0) {
            throw new IllegalArgumentException("--rows: expected above zero, got " + rows);
        }
        try (ModelSource source = Checkpoint.open(folder.find(shell))) {
            ModelConfig config = source.config();
            Hooks hooks = trace.map(selectors -> Hooks.select(selectors, HookPoint.all(config.layers())))
                    .orElse(Hooks.NONE)
                    .withEdits(edits.read(config.dimensions()));
            Weights weights = Weights.of(config, dtype.orElse(source.type()));
            State state = State.of(config, 1, config.context(), rows).step(rows, 1, config.context());
            var listing = new PlanListing(Session.plan(config, weights, state, hooks, Ending.Results.TOKENS));
            if (json.given()) {
                Json.print(shell, listing.json().put("model", source.name()).put("rows", rows));
            } else {
                listing.print(shell.out(), shell.style());
            }
        }
        return ExitCode.OK;
    }
}
