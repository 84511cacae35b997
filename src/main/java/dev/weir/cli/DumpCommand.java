package dev.weir.cli;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.weir.corpus.CorpusPlan;
import dev.weir.corpus.CorpusRun;
import dev.weir.corpus.Manifest;
import dev.weir.corpus.TokenizedPrompts;
import dev.weir.engine.Prompt;
import dev.weir.engine.Weir;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.ExitCode;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** The activations of many prompts, in a folder of shards. */
@Command(
        name = "dump",
        mixinStandardHelpOptions = true,
        sortOptions = false,
        header = "Writes the activations of thousands of prompts to disk.",
        description = {
            "Runs every prompt of a file through the model, as many at a time as the machine takes, and writes",
            "hook points of their tokens to a folder: safetensors files of [tokens, width] and a manifest. It can",
            "be stopped at any moment: the same command goes on where it was, and ends with the same bytes.",
            "'weir export' makes an Arrow dataset or .npy files of the folder."
        },
        footerHeading = "%nExamples:%n",
        footer = {
            "  weir dump --prompts stories.txt --hooks resid_post.2 --out stories",
            "  weir dump --prompts stories.jsonl --hooks \"resid_post,mlp_out\" --trace-dtype float16 --out stories",
            "  weir dump --prompts stories.txt --hooks resid_post@last --truncate --out last"
        })
final class DumpCommand implements Callable<Integer> {

    private final Shell shell;

    @Option(
            names = "--prompts",
            paramLabel = "FILE",
            required = true,
            description = "A .txt file with one text a line, or one with {\"prompt\": \"...\"} or"
                    + " {\"token_ids\": [...]} a line. Blank lines are passed over.")
    private Path file = Path.of("");

    @Option(
            names = "--hooks",
            paramLabel = "SELECTORS",
            required = true,
            description =
                    "Hook points, joined by commas, with the same positions after @ if any; 'weir hooks' lists them.")
    private String hooks = "";

    @Option(
            names = "--out",
            paramLabel = "DIR",
            required = true,
            description = "A new or empty folder, or one where this dump was begun.")
    private Path out = Path.of("");

    @Option(
            names = "--truncate",
            description =
                    "Keep the beginning of a prompt that is longer than the model's context, instead of refusing it.")
    private boolean truncate;

    @Mixin
    private final TraceTypeArgument type = new TraceTypeArgument();

    @Option(
            names = "--max-shard-bytes",
            paramLabel = "BYTES",
            converter = ByteSizeConverter.class,
            defaultValue = "256M",
            description = "The largest that a file may be. Default: ${DEFAULT-VALUE}. When the process is killed,"
                    + " what was done of one file is done again.")
    private long maxShardBytes;

    @Mixin
    private final ModelArguments model = new ModelArguments();

    @Mixin
    private final JsonArgument json = new JsonArgument();

    DumpCommand(Shell shell) {
        this.shell = shell;
    }

    @Override
    public Integer call() throws IOException {
        try (Weir weir = model.open(shell)) {
            var taps = weir.select(hooks).taps();
            var request = new CorpusPlan.Request(taps, type.type(), maxShardBytes, WeirCommand.version());
            CorpusPlan plan = CorpusPlan.of(weir, tokenized(weir), request);
            announce(plan);
            try (CorpusRun run = CorpusRun.begin(out, plan)) {
                announceResumption(run);
                try (var progress = new DumpProgress(shell, run)) {
                    run.finish(weir, progress);
                }
                report(weir, plan, run.manifest());
            }
        }
        return ExitCode.OK;
    }

    private TokenizedPrompts tokenized(Weir weir) {
        int context = weir.config().context();
        var prompts = new ArrayList<int[]>();
        var cut = new ArrayList<String>();
        PromptFile.read(file, line -> {
            String place = line.place();
            int[] ids = ids(weir, place, line.unedited());
            if (ids.length > context) {
                requireTruncation(place, ids.length, context);
                cut.add(place);
            }
            prompts.add(Arrays.copyOf(ids, Math.min(ids.length, context)));
        });
        if (!cut.isEmpty()) {
            shell.note("%s cut to the %d positions of the model's context"
                    .formatted(Figures.counted(cut.size(), "prompt"), context));
        }
        return new TokenizedPrompts(prompts);
    }

    private static int[] ids(Weir weir, String place, Prompt prompt) {
        try {
            return weir.encode(prompt).stream().mapToInt(Integer::intValue).toArray();
        } catch (IllegalArgumentException e) {
            throw new IllegalArgumentException(place + e.getMessage(), e);
        }
    }

    private void requireTruncation(String place, int tokens, int context) {
        if (!truncate) {
            throw new IllegalArgumentException(place + "expected at most the " + context
                    + " positions of the model's context, got " + tokens + " tokens; --truncate keeps the first");
        }
    }

    private void announce(CorpusPlan plan) {
        shell.note("dumping %s of %s (%s): %s bytes (%s) in %s, into %s"
                .formatted(
                        Figures.counted(plan.recipe().hooks().size(), "point"),
                        Figures.counted(plan.prompts().count(), "prompt"),
                        Figures.counted(plan.prompts().tokens(), "token"),
                        Figures.count(plan.bytes()),
                        Figures.bytes(plan.bytes()),
                        Figures.counted(plan.shards().size(), "shard"),
                        out));
    }

    private void announceResumption(CorpusRun run) {
        long done =
                run.manifest().shards().stream().filter(Manifest.Shard::written).count();
        if (done > 0) {
            shell.note("going on: %s of %s were there and are whole"
                    .formatted(done, Figures.counted(run.manifest().shards().size(), "shard")));
        }
    }

    private void report(Weir weir, CorpusPlan plan, Manifest manifest) {
        if (json.given()) {
            Json.print(shell, json(plan, manifest));
        } else {
            shell.note("%s rows in %s, from %s in %s on %s"
                    .formatted(
                            Figures.count(manifest.rows()),
                            out,
                            weir.name(),
                            weir.dtype().label(),
                            weir.machine()));
        }
    }

    private ObjectNode json(CorpusPlan plan, Manifest manifest) {
        ObjectNode report = Json.object()
                .put("folder", out.toString())
                .put("prompts", plan.prompts().count())
                .put("tokens", plan.prompts().tokens())
                .put("rows", manifest.rows())
                .put("shards", manifest.shards().size())
                .put("bytes", plan.bytes());
        report.set(
                "hooks",
                Json.texts(plan.recipe().hooks().stream().map(h -> h.name()).toList()));
        return report;
    }
}
