package dev.weir.corpus;

import dev.weir.hook.HookPoint;
import dev.weir.tensor.DType;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.channels.WritableByteChannel;
import java.util.ArrayList;
import java.util.List;
import java.util.NavigableMap;
import java.util.TreeMap;

/** The rows of a dump as if they lay in one file: every shard is mapped, and any run of rows can be copied to a channel. */
final class CorpusRows implements AutoCloseable {

    private static final long CHUNK_BYTES = 4 << 20;

    private final CorpusDump dump;
    private final List<CorpusShard> shards;
    private final NavigableMap<Long, CorpusShard> byFirstRow = new TreeMap<>();

    private CorpusRows(CorpusDump dump, List<CorpusShard> shards) {
        this.dump = dump;
        this.shards = shards;
        long row = 0;
        for (CorpusShard shard : shards) {
            if (shard.shard().rows() > 0) {
                byFirstRow.put(row, shard);
            }
            row += shard.shard().rows();
        }
    }

    static CorpusRows open(CorpusDump dump) throws IOException {
        var shards = new ArrayList<CorpusShard>();
        try {
            for (Manifest.Shard shard : dump.manifest().shards()) {
                shards.add(CorpusShard.open(dump.folder(), shard));
            }
            return new CorpusRows(dump, shards);
        } catch (IOException | RuntimeException e) {
            shards.forEach(CorpusShard::close);
            throw e;
        }
    }

    /** Where the rows of each sequence begin, and where the last of them ends. */
    long[] offsets() {
        long[] offsets = new long[dump.sequences() + 1];
        long before = 0;
        int sequence = 0;
        for (CorpusShard shard : shards) {
            for (int s = 0; s < shard.shard().sequences(); s++) {
                offsets[sequence++] = before + shard.begin(s);
            }
            before += shard.shard().rows();
        }
        offsets[sequence] = before;
        return offsets;
    }

    /** The type in which others read the values: numpy and Arrow have no bfloat16, of which float32 is the exact widening. */
    static DType exported(DType type) {
        return type == DType.BFLOAT16 ? DType.FLOAT32 : type;
    }

    /** Copies values of a point, row by row, in the type of {@link #exported}. */
    void copyValues(HookPoint point, long firstRow, long rows, WritableByteChannel out) throws IOException {
        int width = dump.width(point);
        DType type = dump.type();
        copy(firstRow, rows, (long) width * type.bytes(), shard -> shard.values(point, type, width), bytes -> {
            if (type == DType.BFLOAT16) {
                write(widened(bytes), out);
            } else {
                write(bytes, out);
            }
        });
    }

    private static MemorySegment widened(MemorySegment bytes) {
        long values = bytes.byteSize() / DType.BFLOAT16.bytes();
        MemorySegment widened = MemorySegment.ofArray(new byte[(int) values * Float.BYTES]);
        for (long i = 0; i < values; i++) {
            DType.FLOAT32.write(widened, i * Float.BYTES, DType.BFLOAT16.read(bytes, i * DType.BFLOAT16.bytes()));
        }
        return widened;
    }

    /** Copies token ids, int32. */
    void copyTokens(long firstRow, long rows, WritableByteChannel out) throws IOException {
        copy(firstRow, rows, Integer.BYTES, CorpusShard::tokens, bytes -> write(bytes, out));
    }

    /** Copies positions, int32. */
    void copyPositions(long firstRow, long rows, WritableByteChannel out) throws IOException {
        copy(firstRow, rows, Integer.BYTES, CorpusShard::positions, bytes -> write(bytes, out));
    }

    private interface Column {
        MemorySegment of(CorpusShard shard);
    }

    private interface Chunks {
        void take(MemorySegment bytes) throws IOException;
    }

    private void copy(long firstRow, long rows, long rowBytes, Column column, Chunks chunks) throws IOException {
        long row = firstRow;
        while (row < firstRow + rows) {
            var at = byFirstRow.floorEntry(row);
            long inShard = row - at.getKey();
            long count = Math.min(firstRow + rows - row, at.getValue().shard().rows() - inShard);
            MemorySegment bytes = column.of(at.getValue()).asSlice(inShard * rowBytes, count * rowBytes);
            for (long done = 0; done < bytes.byteSize(); done += CHUNK_BYTES) {
                chunks.take(bytes.asSlice(done, Math.min(CHUNK_BYTES, bytes.byteSize() - done)));
            }
            row += count;
        }
    }

    private static void write(MemorySegment bytes, WritableByteChannel out) throws IOException {
        ByteBuffer rest = bytes.asByteBuffer();
        while (rest.hasRemaining()) {
            out.write(rest);
        }
    }

    @Override
    public void close() {
        shards.forEach(CorpusShard::close);
    }
}
