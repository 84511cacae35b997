package dev.weir.gguf;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.channels.FileChannel;
import java.nio.channels.FileChannel.MapMode;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.List;
import java.util.Optional;
import java.util.SequencedMap;

/**
 * A GGUF file of version 3, mapped read-only. All that its header claims is checked on opening; tensors are not copied. Of
 * quantized tensors Weir reads Q8_0; others are refused by name.
 *
 * <p>Source of the format: {@code docs/gguf.md} of ggml.
 */
public final class GgufFile implements AutoCloseable {

    private final Path path;
    private final Header header;
    private final Arena arena;

    private GgufFile(Path path, Header header, Arena arena) {
        this.path = path;
        this.header = header;
        this.arena = arena;
    }

    /**
     * Opens a file.
     *
     * @throws GgufException if it is no GGUF file of version 3, or a damaged one
     * @throws IOException if it cannot be read
     */
    public static GgufFile open(Path path) throws IOException {
        Arena arena = Arena.ofShared();
        try (FileChannel channel = FileChannel.open(path, StandardOpenOption.READ)) {
            MemorySegment bytes = channel.map(MapMode.READ_ONLY, 0, channel.size(), arena);
            return new GgufFile(path, new HeaderReader(path, bytes).read(), arena);
        } catch (IOException | RuntimeException e) {
            arena.close();
            throw e;
        }
    }

    /** The file that was opened. */
    public Path path() {
        return path;
    }

    /** What the file says of itself, in its order. */
    public SequencedMap<String, GgufValue> metadata() {
        return header.metadata();
    }

    /** A text of the metadata, if it has one under this key. */
    public Optional<String> text(String key) {
        return header.metadata().get(key) instanceof GgufValue.Text text ? Optional.of(text.value()) : Optional.empty();
    }

    /** Every tensor, in the file's order. */
    public List<GgufTensor> tensors() {
        return header.tensors();
    }

    /**
     * One tensor.
     *
     * @throws GgufException if the file has none of this name
     */
    public GgufTensor tensor(String name) {
        return header.tensors().stream()
                .filter(tensor -> tensor.name().equals(name))
                .findFirst()
                .orElseThrow(() -> new GgufException(
                        path,
                        "tensor " + GgufException.quoted(name),
                        "it among the " + header.tensors().size() + " of the file",
                        "none"));
    }

    /** Unmaps the file. Its tensors can then no longer be read. */
    @Override
    public void close() {
        arena.close();
    }
}
