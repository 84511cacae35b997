package dev.weir.corpus;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.Comparator;
import java.util.List;
import java.util.stream.Stream;

/** A folder that is made beside its name and gets it when it is whole; one that is given up, or was left by a kill, is deleted. */
final class ExportFolder implements AutoCloseable {

    private final Path target;
    private final Path part;
    private boolean whole;

    private ExportFolder(Path target, Path part) {
        this.target = target;
        this.part = part;
    }

    /**
     * Begins a folder.
     *
     * @param bytes that are coming
     * @throws IllegalArgumentException if something has that name already, or the disk has no room
     */
    static ExportFolder create(Path path, long bytes) throws IOException {
        Path target = path.toAbsolutePath();
        if (Files.exists(target)) {
            throw new IllegalArgumentException(path + ": expected nothing there, got a file or folder");
        }
        Path part = target.resolveSibling("." + target.getFileName() + ".part");
        delete(part);
        Files.createDirectories(part);
        long room = Files.getFileStore(part).getUsableSpace();
        if (bytes > room) {
            delete(part);
            throw new IllegalArgumentException(
                    "%s: expected room for %,d bytes, got %,d that are free".formatted(path, bytes, room));
        }
        return new ExportFolder(target, part);
    }

    Path file(String name) {
        return part.resolve(name);
    }

    void commit() throws IOException {
        Files.move(part, target, StandardCopyOption.ATOMIC_MOVE);
        whole = true;
    }

    private static void delete(Path folder) throws IOException {
        if (!Files.exists(folder)) {
            return;
        }
        try (Stream<Path> files = Files.walk(folder)) {
            List<Path> fromInside = files.sorted(Comparator.reverseOrder()).toList();
            for (Path file : fromInside) {
                Files.delete(file);
            }
        }
    }

    @Override
    public void close() throws IOException {
        if (!whole) {
            delete(part);
        }
    }
}
