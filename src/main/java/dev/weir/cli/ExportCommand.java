package dev.weir.cli;

import dev.weir.corpus.ArrowExport;
import dev.weir.corpus.CorpusDump;
import dev.weir.corpus.NpyExport;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Optional;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.ExitCode;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.TypeConversionException;

/** A dump in the formats of others. */
@Command(
        name = "export",
        mixinStandardHelpOptions = true,
        sortOptions = false,
        header = "Makes an Arrow dataset or .npy files of a dump.",
        description = {
            "Reads the folder of a finished 'weir dump' and writes another. arrow: a dataset that Hugging Face's",
            "load_from_disk reads and SAELens trains on, a column for each hook point and token_ids. npy: a file",
            "for each hook point that numpy maps into memory. Needs no model."
        },
        footerHeading = "%nExamples:%n",
        footer = {
            "  weir export stories --format npy --out stories-npy",
            "  weir export stories --format arrow --block 128 --out stories-arrow"
        })
final class ExportCommand implements Callable<Integer> {

    private enum Format {
        ARROW,
        NPY
    }

    /** {@code arrow} or {@code npy}. */
    static final class FormatConverter implements ITypeConverter<Format> {
        @Override
        public Format convert(String value) {
            return switch (value) {
                case "arrow" -> Format.ARROW;
                case "npy" -> Format.NPY;
                default -> throw new TypeConversionException("'" + value + "': expected arrow or npy");
            };
        }
    }

    private final Shell shell;

    @Parameters(paramLabel = "DUMP", description = "The folder of a finished dump.")
    private Path dump = Path.of("");

    @Option(
            names = "--format",
            paramLabel = "FORMAT",
            required = true,
            converter = FormatConverter.class,
            description = "arrow or npy.")
    private Format format = Format.ARROW;

    @Option(names = "--out", paramLabel = "DIR", required = true, description = "A folder that is not there yet.")
    private Path out = Path.of("");

    @Option(
            names = "--block",
            paramLabel = "N",
            description = "arrow: lay the prompts end to end and cut them into examples of N tokens, as SAELens wants"
                    + " them. Default: an example is a prompt.")
    private Optional<Integer> block = Optional.empty();

    ExportCommand(Shell shell) {
        this.shell = shell;
    }

    @Override
    public Integer call() throws IOException {
        CorpusDump opened = CorpusDump.open(dump);
        switch (format) {
            case NPY -> npy(opened);
            case ARROW -> arrow(opened);
        }
        return ExitCode.OK;
    }

    private void npy(CorpusDump opened) throws IOException {
        if (block.isPresent()) {
            throw new IllegalArgumentException("--block: expected with --format arrow only, got npy");
        }
        NpyExport.write(opened, out);
        shell.note("%s rows in %s".formatted(Figures.count(opened.rows()), out));
    }

    private void arrow(CorpusDump opened) throws IOException {
        ArrowExport.Written written =
                ArrowExport.write(opened, out, block.stream().mapToInt(n -> n).findFirst());
        String dropped = written.droppedRows() == 0
                ? ""
                : "; the last %s did not fill a block".formatted(Figures.counted(written.droppedRows(), "row"));
        shell.note("%s of %s rows in %s%s"
                .formatted(
                        Figures.counted(written.examples(), "example"), Figures.count(written.rows()), out, dropped));
    }
}
