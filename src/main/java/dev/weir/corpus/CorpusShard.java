package dev.weir.corpus;

import dev.weir.hook.HookPoint;
import dev.weir.safetensors.SafetensorsFile;
import dev.weir.tensor.DType;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import java.nio.file.Path;
import java.util.List;

/** One file of a dump, mapped: its rows stay on disk until they are asked for. */
final class CorpusShard implements AutoCloseable {

    private static final ValueLayout.OfInt INT = ValueLayout.JAVA_INT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
    private static final ValueLayout.OfLong LONG = ValueLayout.JAVA_LONG_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

    private final SafetensorsFile file;
    private final Manifest.Shard shard;
    private final MemorySegment tokens;
    private final MemorySegment positions;
    private final MemorySegment offsets;

    private CorpusShard(SafetensorsFile file, Manifest.Shard shard) {
        this.file = file;
        this.shard = shard;
        this.tokens = data(ShardFormat.TOKEN_IDS, DType.INT32, List.of(shard.rows()));
        this.positions = data(ShardFormat.POSITIONS, DType.INT32, List.of(shard.rows()));
        this.offsets = data(ShardFormat.OFFSETS, DType.INT64, List.of(shard.sequences() + 1L));
    }

    /**
     * Opens a file.
     *
     * @throws CorpusException if it is not what the manifest says
     */
    static CorpusShard open(Path folder, Manifest.Shard shard) throws IOException {
        SafetensorsFile file = SafetensorsFile.open(folder.resolve(shard.file()));
        try {
            return new CorpusShard(file, shard);
        } catch (RuntimeException e) {
            file.close();
            throw e;
        }
    }

    private MemorySegment data(String name, DType type, List<Long> shape) {
        SafetensorsFile.Entry entry = file.entry(name);
        if (entry.dtype() != type || !entry.shape().equals(shape)) {
            throw new CorpusException(
                    file.path(),
                    name + " to be " + type.label() + " " + shape + ", as the manifest says",
                    entry.dtype().label() + " " + entry.shape());
        }
        return entry.data();
    }

    /** Token ids of all rows, int32. */
    MemorySegment tokens() {
        return tokens;
    }

    /** Positions of all rows, int32. */
    MemorySegment positions() {
        return positions;
    }

    int token(long row) {
        return tokens.getAtIndex(INT, row);
    }

    int position(long row) {
        return positions.getAtIndex(INT, row);
    }

    /** Where the rows of a sequence of this shard begin; of the one after the last, where they end. */
    long begin(int sequence) {
        return offsets.getAtIndex(LONG, sequence);
    }

    Manifest.Shard shard() {
        return shard;
    }

    /** All values of a point, [rows, width] in the type of the dump. */
    MemorySegment values(HookPoint point, DType type, int width) {
        return data(point.name(), type, List.of(shard.rows(), (long) width));
    }

    @Override
    public void close() {
        file.close();
    }
}
