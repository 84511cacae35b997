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
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.TypeConversionException;

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

    /** {@code float32}, {@code bfloat16}, {@code float16} or {@code int8}. */
    static final class MatrixTypeConverter implements ITypeConverter<DType> {
        @Override
        public DType convert(String value) {
            try {
                return DType.ofMatrixLabel(value);
            } catch (IllegalArgumentException e) {
                throw new TypeConversionException(e.getMessage());
            }
        }
    }

    private final Shell shell;

    @Mixin
    private final ModelFolder folder = new ModelFolder();

    @Option(
            names = "--dtype",
            paramLabel = "TYPE",
            converter = MatrixTypeConverter.class,
            description =
                    "Type of the matrices: float32, bfloat16, float16 or int8, which is Q8_0. Default: as they are stored.")
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
