package dev.weir.cli;

import dev.weir.checkpoint.Checkpoint;
import dev.weir.checkpoint.GgufTokenizer;
import dev.weir.checkpoint.Gpt2Gguf;
import dev.weir.tensor.DType;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Optional;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.ExitCode;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** A model in the format of another engine. */
@Command(
        name = "convert",
        mixinStandardHelpOptions = true,
        sortOptions = false,
        header = "Writes a model as a GGUF file, which llama.cpp runs.",
        description = {
            "The file has the weights as Weir keeps them in the type asked for, and the tokenizer of the folder if",
            "that has one, so that both engines compute with the same numbers."
        },
        footerHeading = "%nExamples:%n",
        footer = {
            "  weir convert --out weir-stories.gguf",
            "  weir convert --model path/to/gpt2 --dtype bfloat16 --out gpt2-bf16.gguf"
        })
final class ConvertCommand implements Callable<Integer> {

    private final Shell shell;

    @Mixin
    private final ModelFolder folder = new ModelFolder();

    @Option(
            names = "--dtype",
            paramLabel = "TYPE",
            converter = DTypeConverter.class,
            description = "Type of the matrices: float32, bfloat16 or float16. Default: as they are stored.")
    private Optional<DType> dtype = Optional.empty();

    @Option(names = "--out", paramLabel = "FILE.gguf", required = true, description = "The file; it is replaced.")
    private Path out = Path.of("");

    ConvertCommand(Shell shell) {
        this.shell = shell;
    }

    @Override
    public Integer call() throws IOException {
        Path model = folder.find(shell);
        try (Checkpoint checkpoint = Checkpoint.open(model)) {
            Gpt2Gguf.write(checkpoint, GgufTokenizer.of(model), dtype.orElse(checkpoint.type()), out);
        }
        return ExitCode.OK;
    }
}
