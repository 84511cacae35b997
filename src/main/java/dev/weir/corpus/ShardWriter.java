package dev.weir.corpus;

import dev.weir.engine.Session.StepResult;
import dev.weir.hook.HookPoint;
import dev.weir.hook.Rows;
import dev.weir.safetensors.SafetensorsWriter;
import dev.weir.tensor.DType;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.stream.IntStream;

/** One shard on its way to disk, from front to back; in memory is one step of one point at most. */
final class ShardWriter implements AutoCloseable {

    private final CorpusPlan plan;
    private final DType type;
    private final SafetensorsWriter file;
    private long written;

    private ShardWriter(CorpusPlan plan, SafetensorsWriter file) {
        this.plan = plan;
        this.type = plan.format().type();
        this.file = file;
    }

    static ShardWriter create(Path folder, CorpusPlan plan, Manifest.Shard shard) throws IOException {
        var file = SafetensorsWriter.create(
                folder.resolve(shard.file()),
                plan.format().metadata(shard.firstSequence()),
                plan.format().tensors(shard.sequences(), shard.rows()));
        try {
            file.write(ShardFormat.OFFSETS, 0, MemorySegment.ofArray(plan.offsets(shard)));
            return new ShardWriter(plan, file);
        } catch (IOException | RuntimeException e) {
            file.close();
            throw e;
        }
    }

    /** Takes what a step made. */
    void add(PackedStep step, StepResult result) throws IOException {
        Rows rows = step.rows();
        int[] kept = IntStream.range(0, rows.count())
                .filter(r -> plan.keeps(step.sequences()[r], rows.positions()[r]))
                .toArray();
        file.write(ShardFormat.TOKEN_IDS, written, chosen(rows.tokens(), kept));
        file.write(ShardFormat.POSITIONS, written, chosen(rows.positions(), kept));
        for (HookPoint point : plan.taps().keySet()) {
            int columns = result.columns(point);
            MemorySegment values = result.tapped(point);
            boolean asItIs = type == DType.FLOAT32 && kept.length == rows.count();
            file.write(point.name(), written * columns, asItIs ? values : stored(values, columns, kept));
        }
        written += kept.length;
    }

    private static MemorySegment chosen(int[] numbers, int[] rows) {
        return MemorySegment.ofArray(
                Arrays.stream(rows).map(row -> numbers[row]).toArray());
    }

    private MemorySegment stored(MemorySegment values, int columns, int[] rows) {
        MemorySegment stored = MemorySegment.ofArray(new byte[rows.length * columns * type.bytes()]);
        long at = 0;
        for (int row : rows) {
            for (int c = 0; c < columns; c++) {
                float value = values.get(ValueLayout.JAVA_FLOAT_UNALIGNED, ((long) row * columns + c) * Float.BYTES);
                type.write(stored, at, value);
                at += type.bytes();
            }
        }
        return stored;
    }

    /** The file is whole and has its name. */
    void commit() throws IOException {
        file.commit();
    }

    @Override
    public void close() throws IOException {
        file.close();
    }
}
