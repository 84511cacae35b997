package dev.weir.cli;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import picocli.CommandLine.Option;

/** Which model: an option, a variable, or the model that comes with Weir. */
final class ModelFolder {

    private static final String VARIABLE = "WEIR_MODEL";
    private static final Path OWN = Path.of("weights", "weir-stories");

    @Option(
            names = "--model",
            paramLabel = "DIR",
            description = {
                "Folder of a GPT-2 model, as Hugging Face lays it out.",
                "Default: $WEIR_MODEL, or else the model that comes with Weir."
            })
    private Optional<Path> given = Optional.empty();

    /** Whether {@code --model} names it. */
    boolean isGiven() {
        return given.isPresent();
    }

    /**
     * The folder.
     *
     * @throws IllegalArgumentException if there is none
     */
    Path find(Shell shell) {
        if (given.isPresent()) {
            return requireFolder("--model", given.get());
        }
        Optional<String> variable = shell.variable(VARIABLE);
        if (variable.isPresent()) {
            return requireFolder(VARIABLE, Path.of(variable.get()));
        }
        return shell.home()
                .map(home -> home.resolve(OWN))
                .filter(Files::isDirectory)
                .orElseThrow(() -> new IllegalArgumentException("model: expected --model DIR, or " + VARIABLE
                        + ", or the folder " + OWN + " beside the launcher, got none of them"));
    }

    private static Path requireFolder(String name, Path folder) {
        if (!Files.isDirectory(folder)) {
            throw new IllegalArgumentException(name + " '" + folder + "': expected a folder with a config.json, got "
                    + (Files.exists(folder) ? "a file" : "nothing there"));
        }
        return folder;
    }
}
