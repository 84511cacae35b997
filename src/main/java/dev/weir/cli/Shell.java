package dev.weir.cli;

import java.io.FileDescriptor;
import java.io.FileOutputStream;
import java.io.PrintWriter;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Map;
import java.util.Optional;

/**
 * Where a command was called from.
 *
 * @param outIsTerminal whether a person reads what goes to {@code out}
 * @param errIsTerminal whether a person reads what goes to {@code err}
 * @param environment its variables
 * @param launcher how the person spelled {@code weir}, for examples that can be copied
 * @param home the folder of Weir, where {@code weights} lies; empty when it was not started by its launcher
 */
record Shell(
        PrintWriter out,
        PrintWriter err,
        boolean outIsTerminal,
        boolean errIsTerminal,
        Map<String, String> environment,
        String launcher,
        Optional<Path> home) {

    /** Written in UTF-8 whatever the locale: the text of a model needs it. */
    static Shell ofProcess() {
        String terminals = System.getProperty("weir.terminals", ""); // only the launcher can tell
        return new Shell(
                writer(FileDescriptor.out),
                writer(FileDescriptor.err),
                terminals.contains("out"),
                terminals.contains("err"),
                System.getenv(),
                System.getProperty("weir.launcher", "weir"),
                Optional.ofNullable(System.getProperty("weir.home")).map(Path::of));
    }

    private static PrintWriter writer(FileDescriptor descriptor) {
        return new PrintWriter(new FileOutputStream(descriptor), false, StandardCharsets.UTF_8);
    }

    /** How to write on {@code out}. */
    Style style() {
        return new Style(outIsTerminal && hasColour());
    }

    private boolean hasColour() {
        return variable("NO_COLOR").isEmpty() && !variable("TERM").equals(Optional.of("dumb"));
    }

    /** Whether failures are to be shown in full. */
    boolean debugs() {
        return variable("WEIR_DEBUG").isPresent();
    }

    /** An environment variable; an empty one counts as absent. */
    Optional<String> variable(String name) {
        return Optional.ofNullable(environment.get(name)).filter(value -> !value.isEmpty());
    }

    /** One line for the person, beside the result. */
    void note(String line) {
        err.println(line);
        err.flush();
    }
}
