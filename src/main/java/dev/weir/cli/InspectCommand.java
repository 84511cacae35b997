package dev.weir.cli;

import dev.weir.checkpoint.Checkpoint;
import dev.weir.checkpoint.CheckpointException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.stream.Stream;
import picocli.CommandLine.Command;
import picocli.CommandLine.ExitCode;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Parameters;

/** What is in a file or a folder. */
@Command(
        name = "inspect",
        mixinStandardHelpOptions = true,
        sortOptions = false,
        header = "Shows config, tensors, types and sizes of a model or file.",
        description = {"A model folder, or any safetensors file: weights or a trace. Nothing but headers is read."},
        footerHeading = "%nExamples:%n",
        footer = {
            "  weir inspect weights/weir-stories",
            "  weir inspect story.safetensors",
            "  weir inspect path/to/gpt2 --json"
        })
final class InspectCommand implements Callable<Integer> {

    private static final String CONFIG = "config.json";

    private final Shell shell;

    @Parameters(paramLabel = "FILE|DIR", description = "A safetensors file, or a folder with some.")
    private Path path = Path.of("");

    @Mixin
    private final JsonArgument json = new JsonArgument();

    InspectCommand(Shell shell) {
        this.shell = shell;
    }

    @Override
    public Integer call() throws IOException {
        if (!Files.exists(path)) {
            throw new IllegalArgumentException(path + ": expected a safetensors file or a folder, got nothing there");
        }
        if (Files.isDirectory(path) && Files.exists(path.resolve(CONFIG))) {
            inspectModel();
        } else if (Files.isDirectory(path)) {
            show(Inventory.ofFiles(path, safetensors(), Optional.empty()));
        } else {
            show(Inventory.ofFiles(path, List.of(path), Optional.empty()));
        }
        return ExitCode.OK;
    }

    private void inspectModel() throws IOException {
        try (Checkpoint checkpoint = Checkpoint.open(path)) {
            show(Inventory.ofModel(path, checkpoint));
        } catch (CheckpointException e) { // there may still be something to see
            show(Inventory.ofFiles(path, safetensors(), Optional.of(e.getMessage())));
        }
    }

    private List<Path> safetensors() throws IOException {
        try (Stream<Path> children = Files.list(path)) {
            List<Path> files = children.filter(child -> child.toString().endsWith(".safetensors"))
                    .sorted()
                    .toList();
            if (files.isEmpty()) {
                throw new IllegalArgumentException(path + ": expected a folder with safetensors files, got none in it");
            }
            return files;
        }
    }

    private void show(Inventory inventory) {
        if (json.given()) {
            Json.print(shell, inventory.json());
        } else {
            inventory.print(shell.out(), shell.style());
        }
    }
}
