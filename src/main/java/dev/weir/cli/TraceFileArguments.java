package dev.weir.cli;

import dev.weir.dump.Provenance;
import dev.weir.engine.Prompt;
import dev.weir.engine.Tracing;
import dev.weir.engine.Weir;
import dev.weir.hook.Hooks;
import dev.weir.hook.TraceLayout;
import dev.weir.hook.TraceRecorder;
import dev.weir.hook.TraceSink;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** How a trace is written, and how large it may be. */
final class TraceFileArguments {

    private static final long MANY_BYTES = 100_000_000;

    @Mixin
    private final TraceTypeArgument type = new TraceTypeArgument();

    @Option(
            names = "--max-trace-bytes",
            paramLabel = "BYTES",
            converter = ByteSizeConverter.class,
            description =
                    "Refuse a trace that would take more: 1000000, 500M, 2G. Default: what the disk has room for.")
    private Optional<Long> maxBytes = Optional.empty();

    Tracing tracing(Hooks hooks, TraceSink sink) {
        return new Tracing(hooks, sink, type.type(), maxBytes.orElse(Long.MAX_VALUE));
    }

    /** To ask how large a trace would be. */
    Tracing measuring(Hooks hooks) {
        return tracing(hooks, new TraceRecorder());
    }

    /**
     * Begins a file, when the trace may be as large as it is.
     *
     * @param coming what the trace will hold
     * @throws IllegalArgumentException if it is too large, or if there can be no such file
     */
    TraceFile file(Shell shell, Weir weir, List<Prompt> prompts, Path path, TraceLayout coming) throws IOException {
        coming.requireWithin(maxBytes.orElse(Long.MAX_VALUE));
        var provenance = new Provenance(
                weir.name(),
                weir.sha256(),
                weir.dtype().label(),
                weir.machine(),
                WeirCommand.version(),
                prompts.stream().map(prompt -> weir.encode(prompt).size()).toList());
        var file = new TraceFile(path, coming, provenance);
        if (shell.errIsTerminal() || coming.bytes() >= MANY_BYTES) {
            shell.note("tracing %s: %s bytes at most, into %s"
                    .formatted(Figures.counted(coming.taps().size(), "point"), Figures.count(coming.bytes()), path));
        }
        return file;
    }
}
