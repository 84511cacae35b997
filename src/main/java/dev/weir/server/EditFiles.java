package dev.weir.server;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.Optional;
import java.util.function.Function;

/**
 * Finds the files that edits of a client name: those of one folder, and nothing that a name or a link leads to elsewhere.
 *
 * @param folder empty: none may be named
 */
record EditFiles(Optional<Path> folder) implements Function<String, Path> {

    @Override
    public Path apply(String name) {
        Path home = folder.map(EditFiles::real)
                .orElseThrow(
                        () -> refusal(
                                "expected edits that name no file, for the server was started without --edits-dir, got one that does"));
        try {
            Path asked = Path.of(name);
            if (asked.isAbsolute() || !asked.normalize().equals(asked)) {
                throw refusal("expected the name of a file below the server's folder, got another path");
            }
            Path found = home.resolve(asked).toRealPath();
            if (!found.startsWith(home) || !Files.isRegularFile(found)) {
                throw refusal("expected the name of a file below the server's folder, got something else");
            }
            return found;
        } catch (InvalidPathException | IOException e) {
            throw refusal("expected the name of a file below the server's folder, got one that is not there");
        }
    }

    /** The folder without links. */
    static Path real(Path folder) {
        try {
            return folder.toRealPath();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static RefusalException refusal(String message) {
        return RefusalException.field("weir.edits", "weir.edits: " + message);
    }
}
