package dev.weir.safetensors;

import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;

/**
 * Writes a safetensors file of any size in bounded memory. Tensors are declared with the largest shape that they may take, cells
 * are written at any place in any order, and {@link #commit} says the shapes that they took.
 *
 * <p>The bytes go to a file beside the target, which {@link #commit} renames: the target is either untouched or whole. Without a
 * commit, {@link #close} leaves nothing behind. Cells that nobody wrote are zero. Writing is positional and never mapped, so a full
 * disk is an {@link IOException}. Any thread may {@link #write}; one opens, commits and closes.
 */
public final class SafetensorsWriter implements AutoCloseable {

    private static final int CHUNK_BYTES = 1 << 20;

    private enum State {
        WRITING,
        /** A write failed, or a commit did half-way: the bytes are of no use. */
        BROKEN,
        COMMITTED
    }

    /** A tensor and where its data begin in the file. */
    private record Region(Declaration tensor, long begin) {}

    private final Path target;
    private final Path part;
    private final FileChannel channel;
    private final Header largest;
    private final int headerBytes;
    private final Map<String, Region> regions;
    private volatile State state = State.WRITING;

    private SafetensorsWriter(
            Path target, Path part, FileChannel channel, Header largest, int headerBytes, Map<String, Region> regions) {
        this.target = target;
        this.part = part;
        this.channel = channel;
        this.largest = largest;
        this.headerBytes = headerBytes;
        this.regions = regions;
    }

    /**
     * Begins a file. The data are laid out with the widest types first, as the reference implementation does, so that every element
     * is aligned; tensors of one width keep their order.
     *
     * @param metadata free text by key, each at its longest: {@link #commit} may change it and must not need more room
     * @param tensors each with its largest shape, under distinct names
     * @throws IllegalArgumentException if the header would not be one that can be read
     * @throws IOException if the folder cannot be written to, or if the target exists and is no regular file
     */
    public static SafetensorsWriter create(Path target, Map<String, String> metadata, List<Declaration> tensors)
            throws IOException {
        Header largest = new Header(metadata, inFileOrder(tensors));
        int headerBytes = largest.encode().length;
        Map<String, Region> regions = regions(largest.tensors(), Header.LENGTH_BYTES + headerBytes);
        Path real = Files.exists(target) ? target.toRealPath() : target.toAbsolutePath();
        if (Files.exists(real) && !Files.isRegularFile(real)) {
            throw new IOException(target + ": expected a regular file or none, got something else");
        }
        Path part = real.resolveSibling("." + real.getFileName() + ".part-" + UUID.randomUUID());
        FileChannel channel = FileChannel.open(
                part, StandardOpenOption.CREATE_NEW, StandardOpenOption.READ, StandardOpenOption.WRITE);
        return new SafetensorsWriter(real, part, channel, largest, headerBytes, regions);
    }

    /**
     * Writes a file of whole tensors.
     *
     * @param metadata free text by key
     * @param tensors of distinct names, each with as many bytes as its shape asks for
     * @throws IOException if it cannot be written; the target is then as it was
     */
    public static void write(Path target, Map<String, String> metadata, List<SafetensorsFile.Entry> tensors)
            throws IOException {
        var declared = tensors.stream()
                .map(t -> new Declaration(t.name(), t.dtype(), t.shape()))
                .toList();
        try (var writer = create(target, metadata, declared)) {
            for (SafetensorsFile.Entry tensor : tensors) {
                writer.write(tensor.name(), 0, tensor.data());
            }
            writer.commit();
        }
    }

    /** The exact bytes of a file of these tensors, header included. */
    public static long bytes(Map<String, String> metadata, List<Declaration> tensors) {
        long header = Header.LENGTH_BYTES + (long) new Header(metadata, inFileOrder(tensors)).encode().length;
        return tensors.stream().mapToLong(Declaration::bytes).reduce(header, Math::addExact);
    }

    private static List<Declaration> inFileOrder(List<Declaration> tensors) {
        long names = tensors.stream().map(Declaration::name).distinct().count();
        if (names < tensors.size()) {
            throw new IllegalArgumentException(
                    "tensors: expected distinct names, got " + names + " for " + tensors.size());
        }
        return tensors.stream()
                .sorted(Comparator.comparingInt((Declaration t) -> t.dtype().bytes())
                        .reversed())
                .toList();
    }

    private static Map<String, Region> regions(List<Declaration> tensors, long begin) {
        var regions = new LinkedHashMap<String, Region>();
        long at = begin;
        for (Declaration tensor : tensors) {
            regions.put(tensor.name(), new Region(tensor, at));
            if (tensor.bytes() > Long.MAX_VALUE - at) {
                throw new IllegalArgumentException("tensor " + tensor.name()
                        + ": expected a file below 2^63 bytes, got " + tensor.bytes() + " after " + at);
            }
            at += tensor.bytes();
        }
        return regions;
    }

    /**
     * Writes consecutive elements of a tensor.
     *
     * @param name a declared tensor
     * @param firstElement index of the first, row-major in the declared shape
     * @param elements in the declared type, little-endian
     * @throws IllegalArgumentException if they are not all elements of that tensor
     */
    public void write(String name, long firstElement, MemorySegment elements) throws IOException {
        Region region = region(name);
        Declaration tensor = region.tensor;
        long count = elements.byteSize() / tensor.dtype().bytes();
        if (elements.byteSize() % tensor.dtype().bytes() != 0
                || firstElement < 0
                || firstElement > tensor.elements() - count) {
            throw new IllegalArgumentException("tensor " + name + ": expected elements within " + tensor.elements()
                    + " of " + tensor.dtype().bytes() + " bytes, got " + elements.byteSize() + " bytes at element "
                    + firstElement);
        }
        writeBytes(region.begin + firstElement * tensor.dtype().bytes(), elements);
    }

    private Region region(String name) {
        Region region = regions.get(name);
        if (region == null) {
            throw new IllegalArgumentException("tensor " + name + ": expected one of those declared, got another name");
        }
        return region;
    }

    /** In chunks, because a channel copies what it writes from the heap through a buffer that its thread then keeps. */
    private void writeBytes(long position, MemorySegment bytes) throws IOException {
        for (long done = 0; done < bytes.byteSize(); done += CHUNK_BYTES) {
            long length = Math.min(CHUNK_BYTES, bytes.byteSize() - done);
            writeBytes(position + done, buffer(bytes.asSlice(done, length)));
        }
    }

    /** A segment over floats on the heap has no view as bytes. */
    private static ByteBuffer buffer(MemorySegment chunk) {
        return chunk.isNative() ? chunk.asByteBuffer() : ByteBuffer.wrap(chunk.toArray(ValueLayout.JAVA_BYTE));
    }

    private void writeBytes(long position, ByteBuffer bytes) throws IOException {
        long at = position;
        try {
            while (bytes.hasRemaining()) {
                at += channel.write(bytes, at);
            }
        } catch (IOException | RuntimeException e) {
            state = State.BROKEN;
            throw e;
        }
    }

    /** Finishes the file as it was declared. */
    public void commit() throws IOException {
        commit(largest.metadata(), Map.of());
    }

    /**
     * Finishes the file and puts it in the target's place.
     *
     * @param metadata what the file says, in place of what was declared
     * @param shapes by name, where a tensor took a smaller shape than declared: the same rank, no extent larger. Of each such tensor
     *     the leading corner is kept.
     * @throws IllegalArgumentException if a shape or the metadata are larger than declared
     * @throws IOException if the disk refuses, or has refused a write before
     */
    public void commit(Map<String, String> metadata, Map<String, List<Long>> shapes) throws IOException {
        if (state != State.WRITING) {
            throw new IOException(target + ": expected a file that can be committed, got one that is "
                    + (state == State.BROKEN ? "broken by a failed write" : "committed already"));
        }
        shapes.keySet().forEach(this::region);
        var finals = new ArrayList<Declaration>();
        for (Declaration tensor : largest.tensors()) {
            finals.add(shrunk(tensor, shapes.getOrDefault(tensor.name(), tensor.shape())));
        }
        byte[] header = paddedHeader(new Header(metadata, finals));
        state = State.BROKEN;
        long end = compact(finals);
        setLength(end);
        writeBytes(0, header(header));
        channel.close();
        Files.move(part, target, StandardCopyOption.ATOMIC_MOVE);
        state = State.COMMITTED;
    }

    private static Declaration shrunk(Declaration tensor, List<Long> shape) {
        boolean fits = shape.size() == tensor.shape().size();
        for (int axis = 0; fits && axis < shape.size(); axis++) {
            fits = shape.get(axis) <= tensor.shape().get(axis);
        }
        if (!fits) {
            throw new IllegalArgumentException("tensor " + tensor.name() + ": expected a shape within the declared "
                    + tensor.shape() + ", got " + shape);
        }
        return new Declaration(tensor.name(), tensor.dtype(), shape);
    }

    private byte[] paddedHeader(Header header) {
        byte[] json = header.encode();
        if (json.length > headerBytes) {
            throw new IllegalArgumentException("header: expected at most the " + headerBytes
                    + " bytes of the declared shapes and metadata, got " + json.length);
        }
        byte[] padded = Arrays.copyOf(json, headerBytes);
        Arrays.fill(padded, json.length, headerBytes, (byte) ' ');
        return padded;
    }

    private static ByteBuffer header(byte[] json) {
        return ByteBuffer.allocate(Header.LENGTH_BYTES + json.length)
                .order(ByteOrder.LITTLE_ENDIAN)
                .putLong(json.length)
                .put(json)
                .flip();
    }

    /** Closes the gaps that smaller shapes leave; returns the length of the file. */
    private long compact(List<Declaration> finals) throws IOException {
        var compaction = new Compaction(channel);
        long end = Header.LENGTH_BYTES + (long) headerBytes;
        for (Declaration tensor : finals) {
            Region region = region(tensor.name());
            compaction.move(region.tensor, region.begin, tensor.shape(), end);
            end += tensor.bytes();
        }
        compaction.flush();
        return end;
    }

    private void setLength(long length) throws IOException {
        if (channel.size() < length) {
            writeBytes(length - 1, ByteBuffer.allocate(1));
        } else {
            channel.truncate(length);
        }
    }

    /** Ends the writing; what was not committed is deleted. */
    @Override
    public void close() throws IOException {
        try {
            channel.close();
        } finally {
            if (state != State.COMMITTED) {
                Files.deleteIfExists(part);
            }
        }
    }
}
