package dev.weir.corpus;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;

/** Bytes that are on the disk, not on their way to it, when a call returns: a power cut does not take them back. */
final class Durable {

    private Durable() {}

    /** Waits until a file, or the names in a folder, are on the disk. */
    static void force(Path path) throws IOException {
        StandardOpenOption how = Files.isDirectory(path) ? StandardOpenOption.READ : StandardOpenOption.WRITE;
        try (FileChannel channel = FileChannel.open(path, how)) {
            channel.force(true);
        }
    }

    /**
     * Writes a small file that is at every moment the old one or the new one, whole.
     *
     * @param part its name beside the target as long as it is neither
     */
    static void replace(Path folder, String target, String part, byte[] bytes) throws IOException {
        try (FileChannel channel = FileChannel.open(
                folder.resolve(part),
                StandardOpenOption.CREATE,
                StandardOpenOption.TRUNCATE_EXISTING,
                StandardOpenOption.WRITE)) {
            ByteBuffer rest = ByteBuffer.wrap(bytes);
            while (rest.hasRemaining()) {
                channel.write(rest);
            }
            channel.force(true);
        }
        Files.move(folder.resolve(part), folder.resolve(target), StandardCopyOption.ATOMIC_MOVE);
        force(folder);
    }
}
