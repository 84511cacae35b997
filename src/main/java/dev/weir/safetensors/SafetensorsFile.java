package dev.weir.safetensors;

import dev.weir.tensor.DType;
import java.io.EOFException;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.channels.FileChannel.MapMode;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.SequencedMap;

/**
 * A safetensors file, mapped read-only. The header is checked whole before anything is mapped, and nothing is copied: opening
 * takes as long for a gigabyte as for a kilobyte. Any thread may read it; nobody may after {@link #close}.
 *
 * <p>The bytes are those on disk: a program that rewrites the file in place while it is open changes what is read here.
 */
public final class SafetensorsFile implements AutoCloseable {

    /**
     * One tensor of a file.
     *
     * @param shape row-major; an empty shape is one element
     * @param data the elements, little-endian, at whatever alignment the file gives them; valid until the file is closed
     */
    public record Entry(String name, DType dtype, List<Long> shape, MemorySegment data) {

        /** @throws IllegalArgumentException if the data are not as many bytes as type and shape ask for */
        public Entry {
            shape = List.copyOf(shape);
            long expected = Declaration.bytes(dtype, shape);
            if (data.byteSize() != expected) {
                throw new IllegalArgumentException("tensor " + name + ": expected " + expected + " bytes for "
                        + dtype.label() + " " + shape + ", got " + data.byteSize());
            }
        }

        /** Number of elements. */
        public long elements() {
            return data.byteSize() / dtype.bytes();
        }
    }

    private final Path path;
    private final Map<String, String> metadata;
    private final MemorySegment data;
    private final SequencedMap<String, Entry> entries;
    private final Arena arena;

    private SafetensorsFile(Path path, Header header, MemorySegment data, Arena arena) {
        this.path = path;
        this.metadata = header.metadata();
        this.data = data;
        this.entries = slice(header, data);
        this.arena = arena;
    }

    /**
     * Opens a file.
     *
     * @throws SafetensorsException if it is no safetensors file, or a damaged one
     * @throws IOException if it cannot be read
     */
    public static SafetensorsFile open(Path path) throws IOException {
        try (FileChannel channel = FileChannel.open(path, StandardOpenOption.READ)) {
            long size = channel.size();
            int headerBytes = readHeaderLength(path, channel, size);
            byte[] json = read(path, channel, Header.LENGTH_BYTES, headerBytes).array();
            long begin = Header.LENGTH_BYTES + (long) headerBytes;
            Header header = HeaderParser.parse(path, json, size - begin);
            Arena arena = Arena.ofShared();
            try {
                MemorySegment data = channel.map(MapMode.READ_ONLY, begin, size - begin, arena);
                return new SafetensorsFile(path, header, data, arena);
            } catch (IOException | RuntimeException e) {
                arena.close();
                throw e;
            }
        }
    }

    private static int readHeaderLength(Path path, FileChannel channel, long size) throws IOException {
        if (size < Header.LENGTH_BYTES) {
            throw SafetensorsException.in(
                    path, "file", "at least " + Header.LENGTH_BYTES + " bytes", String.valueOf(size));
        }
        long length = read(path, channel, 0, Header.LENGTH_BYTES)
                .order(ByteOrder.LITTLE_ENDIAN)
                .getLong(0);
        long most = Math.min(size - Header.LENGTH_BYTES, Header.LONGEST);
        if (length < 0 || length > most) {
            throw SafetensorsException.in(path, "header length", "at most " + most, Long.toUnsignedString(length));
        }
        return (int) length;
    }

    private static ByteBuffer read(Path path, FileChannel channel, long position, int bytes) throws IOException {
        ByteBuffer buffer = ByteBuffer.allocate(bytes);
        while (buffer.hasRemaining()) {
            if (channel.read(buffer, position + buffer.position()) < 0) {
                throw new EOFException(path + ": became shorter while it was read");
            }
        }
        return buffer;
    }

    private static SequencedMap<String, Entry> slice(Header header, MemorySegment data) {
        var entries = new LinkedHashMap<String, Entry>();
        long begin = 0;
        for (Declaration tensor : header.tensors()) {
            MemorySegment bytes = data.asSlice(begin, tensor.bytes());
            entries.put(tensor.name(), new Entry(tensor.name(), tensor.dtype(), tensor.shape(), bytes));
            begin += tensor.bytes();
        }
        return entries;
    }

    /** The file that was opened. */
    public Path path() {
        return path;
    }

    /** Free text by key, in the file's order. */
    public Map<String, String> metadata() {
        return Collections.unmodifiableMap(metadata);
    }

    /** Every tensor, in the order of the data. */
    public List<Entry> entries() {
        return List.copyOf(entries.values());
    }

    /** Whether the file has a tensor of this name. */
    public boolean contains(String name) {
        return entries.containsKey(name);
    }

    /**
     * One tensor.
     *
     * @throws SafetensorsException if the file has none of this name
     */
    public Entry entry(String name) {
        Entry entry = entries.get(name);
        if (entry == null) {
            throw SafetensorsException.ofTensor(path, name, "it among the " + entries.size() + " of the file", "none");
        }
        return entry;
    }

    /** All data, one mapping: every entry is a slice of it. */
    public MemorySegment data() {
        return data;
    }

    /** Unmaps the file. What was read from it can then no longer be reached: an access throws {@link IllegalStateException}. */
    @Override
    public void close() {
        arena.close();
    }
}
