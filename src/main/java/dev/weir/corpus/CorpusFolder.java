package dev.weir.corpus;

import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.channels.OverlappingFileLockException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.List;
import java.util.Optional;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/** The folder of a dump, held by one run at a time: the system lets go of the lock when a process dies, however it dies. */
final class CorpusFolder implements AutoCloseable {

    private static final String LOCK = ".lock";
    private static final Pattern LEFTOVER =
            Pattern.compile("\\.lock|\\.manifest\\.json\\.part|\\.shard-.*\\.safetensors\\.part-.*");

    private final Path path;
    private final FileChannel channel;

    private CorpusFolder(Path path, FileChannel channel) {
        this.path = path;
        this.channel = channel;
    }

    static CorpusFolder open(Path path) throws IOException {
        if (Files.exists(path) && !Files.isDirectory(path)) {
            throw new IllegalArgumentException(path + ": expected a folder or nothing there, got a file");
        }
        Files.createDirectories(path);
        requireOurs(path);
        FileChannel channel = FileChannel.open(path.resolve(LOCK), StandardOpenOption.CREATE, StandardOpenOption.WRITE);
        if (!lock(channel)) {
            channel.close();
            throw new IllegalArgumentException(path + ": expected a dump that nobody is making, got one being made");
        }
        return new CorpusFolder(path, channel);
    }

    private static boolean lock(FileChannel channel) throws IOException {
        try {
            FileLock lock = channel.tryLock();
            return lock != null;
        } catch (OverlappingFileLockException e) { // by this very process
            return false;
        }
    }

    private static void requireOurs(Path path) throws IOException {
        if (Files.exists(path.resolve(ManifestFile.NAME))) {
            return;
        }
        Optional<Path> foreign =
                files(path).stream().filter(file -> !isLeftover(file)).findFirst();
        if (foreign.isPresent()) {
            throw new IllegalArgumentException(
                    path + ": expected a new or empty folder, or one with a dump, got one with "
                            + foreign.get().getFileName());
        }
    }

    private static List<Path> files(Path path) throws IOException {
        try (Stream<Path> files = Files.list(path)) {
            return files.sorted().toList();
        }
    }

    private static boolean isLeftover(Path file) {
        return LEFTOVER.matcher(file.getFileName().toString()).matches();
    }

    Path path() {
        return path;
    }

    /**
     * What is done of a dump.
     *
     * @param planned the same dump with nothing done
     * @throws IllegalArgumentException if another dump was begun here
     */
    Manifest resume(Manifest planned) throws IOException {
        for (Path file : files(path)) {
            if (isLeftover(file) && !file.endsWith(LOCK)) {
                Files.delete(file);
            }
        }
        Optional<Manifest> begun = ManifestFile.read(path);
        if (begun.isEmpty()) {
            return planned;
        }
        ManifestFile.requireSame(path, begun.get().recipe(), planned.recipe());
        if (begun.get().shards().size() != planned.shards().size()) {
            throw new CorpusException(
                    path.resolve(ManifestFile.NAME),
                    planned.shards().size() + " shards",
                    String.valueOf(begun.get().shards().size()));
        }
        Manifest resumed = planned;
        for (int number = 0; number < planned.shards().size(); number++) {
            Manifest.Shard shard = begun.get().shards().get(number);
            if (shard.missing().equals(planned.shards().get(number)) && isWhole(shard)) {
                resumed = resumed.with(number, shard);
            }
        }
        return resumed;
    }

    private boolean isWhole(Manifest.Shard shard) throws IOException {
        Path file = path.resolve(shard.file());
        return shard.written()
                && Files.isRegularFile(file)
                && Files.size(file) == shard.bytes()
                && Digest.ofFile(file).equals(shard.sha256());
    }

    /** @throws IllegalArgumentException if the disk has no room for so many more bytes */
    void requireRoom(long bytes) throws IOException {
        long room = Files.getFileStore(path).getUsableSpace();
        if (bytes > room) {
            throw new IllegalArgumentException(
                    "%s: expected room for %,d bytes, got %,d that are free".formatted(path, bytes, room));
        }
    }

    @Override
    public void close() throws IOException {
        Files.deleteIfExists(path.resolve(LOCK));
        channel.close();
    }
}
