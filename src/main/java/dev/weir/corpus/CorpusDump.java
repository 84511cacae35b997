package dev.weir.corpus;

import dev.weir.hook.HookPoint;
import dev.weir.tensor.DType;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.file.Path;
import java.util.Collections;
import java.util.SortedMap;
import java.util.SortedSet;
import java.util.TreeMap;
import java.util.TreeSet;

/**
 * A finished dump, to be read. Whatever it holds, one shard of it is mapped at a time and one row is in memory.
 *
 * <pre>{@code
 * CorpusDump dump = CorpusDump.open(Path.of("stories"));
 * dump.forEachRow(HookPoint.named("blocks.2.hook_resid_post"), row -> sum(row.values()));
 * }</pre>
 */
public final class CorpusDump {

    private final Path folder;
    private final Manifest manifest;
    private final SortedMap<HookPoint, Recipe.Column> columns;

    /**
     * What was seen of one token.
     *
     * @param sequence the prompt, from 0
     * @param position of the token in it
     * @param values float32, as many as the point is wide; the caller's to keep
     */
    public record Row(int sequence, int position, int token, float[] values) {}

    /** Takes rows, one after the other. */
    @FunctionalInterface
    public interface RowVisitor {
        /** Takes the next row. */
        void visit(Row row);
    }

    private CorpusDump(Path folder, Manifest manifest, SortedMap<HookPoint, Recipe.Column> columns) {
        this.folder = folder;
        this.manifest = manifest;
        this.columns = columns;
    }

    /**
     * Opens the folder of a dump.
     *
     * @throws CorpusException if there is no manifest, one that cannot be understood, or one of a dump that is not complete
     * @throws IOException if it cannot be read
     */
    public static CorpusDump open(Path folder) throws IOException {
        Path file = folder.resolve(ManifestFile.NAME);
        Manifest manifest = ManifestFile.read(folder)
                .orElseThrow(() -> new CorpusException(folder, "a dump, with a " + ManifestFile.NAME, "none"));
        if (!manifest.complete()) {
            long done =
                    manifest.shards().stream().filter(Manifest.Shard::written).count();
            throw new CorpusException(
                    file,
                    "a complete dump; the 'weir dump' that began it goes on where it stopped",
                    done + " of " + manifest.shards().size() + " shards");
        }
        var columns = new TreeMap<HookPoint, Recipe.Column>();
        for (Recipe.Column column : manifest.recipe().hooks()) {
            columns.put(HookPoint.named(column.name()), column);
        }
        return new CorpusDump(folder, manifest, columns);
    }

    /** Where it lies. */
    public Path folder() {
        return folder;
    }

    /** What it says of itself. */
    public Manifest manifest() {
        return manifest;
    }

    /** The points that it holds, in forward order. */
    public SortedSet<HookPoint> points() {
        return Collections.unmodifiableSortedSet(new TreeSet<>(columns.keySet()));
    }

    /** Rows of every point. */
    public long rows() {
        return manifest.rows();
    }

    /** Prompts, those included of which no position was kept. */
    public int sequences() {
        return manifest.recipe().prompts();
    }

    /** How values are stored. */
    public DType type() {
        return DType.ofLabel(manifest.recipe().dtype());
    }

    /**
     * Values of one row of a point.
     *
     * @throws IllegalArgumentException if the dump does not hold it
     */
    public int width(HookPoint point) {
        Recipe.Column column = columns.get(point);
        if (column == null) {
            throw new IllegalArgumentException("hook point " + point + ": expected one of " + columns.keySet() + " in "
                    + folder + ", got another");
        }
        return column.width();
    }

    /**
     * Shows every row of a point, in the order of the prompts and their positions.
     *
     * @throws IllegalArgumentException if the dump does not hold the point
     * @throws IOException if a shard cannot be read
     */
    public void forEachRow(HookPoint point, RowVisitor visitor) throws IOException {
        int width = width(point);
        for (Manifest.Shard shard : manifest.shards()) {
            try (CorpusShard rows = CorpusShard.open(folder, shard)) {
                visit(rows, rows.values(point, type(), width), width, visitor);
            }
        }
    }

    private void visit(CorpusShard shard, MemorySegment values, int width, RowVisitor visitor) {
        DType type = type();
        for (int s = 0; s < shard.shard().sequences(); s++) {
            for (long row = shard.begin(s); row < shard.begin(s + 1); row++) {
                float[] copy = new float[width];
                for (int c = 0; c < width; c++) {
                    copy[c] = type.read(values, (row * width + c) * type.bytes());
                }
                visitor.visit(new Row(shard.shard().firstSequence() + s, shard.position(row), shard.token(row), copy));
            }
        }
    }
}
