package dev.weir.dump;

import dev.weir.hook.HookPoint;
import dev.weir.hook.Positions;
import dev.weir.hook.Trace;
import dev.weir.hook.TraceLayout;
import dev.weir.safetensors.SafetensorsFile;
import dev.weir.tensor.DType;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SortedMap;
import java.util.SortedSet;
import java.util.TreeMap;
import java.util.TreeSet;

/**
 * A file of traced values. Any safetensors file whose keys are names of points can be opened and compared, whoever wrote it; only
 * {@link #trace} and {@link #provenance} need the metadata that {@link DumpWriter} writes. Values stay on disk until they are asked for.
 */
public final class Dump implements AutoCloseable {

    private static final int LONGEST_ARRAY = Integer.MAX_VALUE - 8;

    private final SafetensorsFile file;
    private final SortedMap<HookPoint, SafetensorsFile.Entry> points;

    private Dump(SafetensorsFile file, SortedMap<HookPoint, SafetensorsFile.Entry> points) {
        this.file = file;
        this.points = Collections.unmodifiableSortedMap(points);
    }

    /**
     * Opens a dump.
     *
     * @throws DumpException if no tensor in it has the name of a point
     * @throws dev.weir.safetensors.SafetensorsException if the file is damaged
     * @throws IOException if it cannot be read
     */
    public static Dump open(Path path) throws IOException {
        SafetensorsFile file = SafetensorsFile.open(path);
        try {
            var points = new TreeMap<HookPoint, SafetensorsFile.Entry>();
            for (SafetensorsFile.Entry entry : file.entries()) {
                point(entry.name()).ifPresent(point -> points.put(point, entry));
            }
            if (points.isEmpty()) {
                String got = file.entries().size() + " tensors with other names";
                throw new DumpException(path, "tensors", "names such as blocks.0.hook_resid_post", got);
            }
            return new Dump(file, points);
        } catch (RuntimeException e) {
            file.close();
            throw e;
        }
    }

    private static Optional<HookPoint> point(String name) {
        try {
            return Optional.of(HookPoint.named(name))
                    .filter(point -> point.name().equals(name));
        } catch (IllegalArgumentException e) {
            return Optional.empty();
        }
    }

    /** The file. */
    public Path path() {
        return file.path();
    }

    /** Free text by key, as it stands in the file. */
    public Map<String, String> metadata() {
        return file.metadata();
    }

    /** The points that it holds, in forward order. */
    public SortedSet<HookPoint> points() {
        return new TreeSet<>(points.keySet());
    }

    /** Shape, type and bytes of one point, in the file. */
    SafetensorsFile.Entry entry(HookPoint point) {
        SafetensorsFile.Entry entry = points.get(point);
        if (entry == null) {
            throw new IllegalArgumentException("hook point " + point + ": expected one of the " + points.size() + " in "
                    + path() + ", got another");
        }
        return entry;
    }

    /**
     * What was seen at a point, widened or rounded to float32.
     *
     * @throws IllegalArgumentException if the file does not hold the point, or holds more of it than an array can
     */
    public Trace.Values values(HookPoint point) {
        SafetensorsFile.Entry entry = entry(point);
        if (entry.elements() > LONGEST_ARRAY) {
            throw new IllegalArgumentException(
                    "hook point " + point + ": expected at most " + LONGEST_ARRAY + " values, got " + entry.elements());
        }
        float[] data = new float[(int) entry.elements()];
        for (int i = 0; i < data.length; i++) {
            data[i] = entry.dtype().read(entry.data(), (long) i * entry.dtype().bytes());
        }
        return new Trace.Values(entry.shape().stream().map(Math::toIntExact).toList(), data);
    }

    /** Which positions of each sequence the file keeps of a point; all, if it does not say. */
    public Positions positions(HookPoint point) {
        return new DumpMetadata(path(), metadata()).positions(point);
    }

    /** Token ids [B][P], -1 where a sequence has ended; empty if the file has none. */
    public Optional<int[][]> tokens() {
        if (!file.contains(DumpWriter.TOKENS)) {
            return Optional.empty();
        }
        SafetensorsFile.Entry entry = file.entry(DumpWriter.TOKENS);
        boolean whole = entry.dtype() == DType.INT32 || entry.dtype() == DType.INT64;
        if (!whole || entry.shape().size() != 2) {
            throw new DumpException(
                    path(),
                    DumpWriter.TOKENS,
                    "int32 or int64 [B, P]",
                    entry.dtype().label() + " " + entry.shape());
        }
        int length = Math.toIntExact(entry.shape().get(1));
        int[][] tokens = new int[Math.toIntExact(entry.shape().get(0))][length];
        for (int s = 0; s < tokens.length; s++) {
            for (int p = 0; p < length; p++) {
                long at = ((long) s * length + p) * entry.dtype().bytes();
                tokens[s][p] = (int) entry.dtype().read(entry.data(), at); // exact: ids are below 2^24
            }
        }
        return Optional.of(tokens);
    }

    /**
     * Where the trace comes from.
     *
     * @throws DumpException if the file does not say
     */
    public Provenance provenance() {
        return new DumpMetadata(path(), metadata()).provenance();
    }

    /**
     * All of it, in memory.
     *
     * @throws DumpException if the file is no dump of Weir's
     */
    public Trace trace() {
        int[][] tokens = tokens().orElseThrow(() -> new DumpException(path(), "tensors", "tokens", "none"));
        var metadata = new DumpMetadata(path(), metadata());
        List<Integer> lengths = metadata.lengths();
        int length = lengths.stream().mapToInt(Integer::intValue).max().orElse(0);
        if (lengths.size() != tokens.length || (tokens.length > 0 && tokens[0].length != length)) {
            throw new DumpException(
                    path(),
                    "tokens",
                    "[" + lengths.size() + ", " + length + "], as the metadata say",
                    file.entry(DumpWriter.TOKENS).shape().toString());
        }
        TraceLayout layout = metadata.layout(points.keySet(), tokens.length, length, type());
        var values = new TreeMap<HookPoint, Trace.Values>();
        for (HookPoint point : points.keySet()) {
            values.put(point, values(layout, point));
        }
        return new Trace(layout, lengths, tokens, values);
    }

    private DType type() {
        DType type = entry(points.firstKey()).dtype();
        if (!type.isModelFloat()) {
            throw new DumpException(path(), points.firstKey().name(), "float32, float16 or bfloat16", type.label());
        }
        return type;
    }

    private Trace.Values values(TraceLayout layout, HookPoint point) {
        Trace.Values values = values(point);
        if (!values.shape().equals(layout.shape(point))) {
            throw new DumpException(
                    path(),
                    point.name(),
                    layout.shape(point).toString(),
                    values.shape().toString());
        }
        return values;
    }

    @Override
    public void close() {
        file.close();
    }
}
