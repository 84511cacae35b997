package dev.weir.cli;

import dev.weir.tensor.DType;
import picocli.CommandLine.Option;

/** How what is seen is stored. */
final class TraceTypeArgument {

    @Option(
            names = "--trace-dtype",
            paramLabel = "TYPE",
            converter = DTypeConverter.class,
            description = "How values are stored: float32, bfloat16 or float16. Default: float32, the very bits.")
    private DType type = DType.FLOAT32;

    DType type() {
        return type;
    }
}
