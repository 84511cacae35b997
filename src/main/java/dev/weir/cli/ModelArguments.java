package dev.weir.cli;

import dev.weir.engine.Options;
import dev.weir.engine.Weir;
import java.io.IOException;
import java.nio.file.Path;
import picocli.CommandLine.Mixin;

/** Which model, on which machine. */
final class ModelArguments {

    @Mixin
    private final ModelFolder folder = new ModelFolder();

    @Mixin
    private final MachineArguments machine = new MachineArguments();

    /** The model's folder. */
    Path folder(Shell shell) {
        return folder.find(shell);
    }

    /** The machine. */
    Options machine() {
        return machine.options();
    }

    /** Opens the model. */
    Weir open(Shell shell) throws IOException {
        return Weir.open(folder.find(shell), machine.options());
    }
}
