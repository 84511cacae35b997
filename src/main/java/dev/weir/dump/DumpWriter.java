package dev.weir.dump;

import dev.weir.hook.HookPoint;
import dev.weir.hook.Rows;
import dev.weir.hook.TraceLayout;
import dev.weir.hook.TraceSink;
import dev.weir.safetensors.Declaration;
import dev.weir.safetensors.SafetensorsWriter;
import dev.weir.tensor.DType;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.foreign.MemorySegment;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

/**
 * Writes a trace to a safetensors file while it is taken. Keys are the names of the points, shapes those of {@code docs/hooks.md}; a
 * row that a shorter sequence does not have is NaN, a key after a query scores minus infinity and has pattern 0. {@code tokens}
 * [B, P] int32 has -1 where a sequence has ended.
 *
 * <p>However long the trace, about 32 MiB of it are in memory at most: what is held back to write larger pieces. The file appears under its name, whole, at {@link #end}; a disk that fails is an {@link UncheckedIOException}, and leaves nothing behind.
 */
public final class DumpWriter implements TraceSink {

    /** The key of the token ids. */
    static final String TOKENS = "tokens";

    private static final int HELD_BACK_BYTES = 32 << 20;
    private static final int LARGEST_LANE_BYTES = 64 << 10;
    private static final int SMALLEST_LANE_BYTES = 256;

    private final Path target;
    private final Provenance provenance;
    private final Map<HookPoint, PointStream> streams = new TreeMap<>();
    private Optional<SafetensorsWriter> writer = Optional.empty();
    private Optional<TraceLayout> layout = Optional.empty();
    private int[][] tokens = {};

    /**
     * A trace on its way to a file. Nothing is opened before {@link #begin}.
     *
     * @param provenance what the file says of where it comes from
     */
    public DumpWriter(Path target, Provenance provenance) {
        this.target = target;
        this.provenance = provenance;
    }

    @Override
    public void begin(TraceLayout coming) {
        layout = Optional.of(coming);
        tokens = new int[coming.sequences()][coming.length()];
        for (int[] sequence : tokens) {
            Arrays.fill(sequence, -1);
        }
        var longest = Collections.nCopies(coming.sequences(), coming.length());
        try {
            var created = SafetensorsWriter.create(
                    target, DumpMetadata.of(provenance, coming, longest), declarations(coming));
            writer = Optional.of(created);
            int elements = laneBytes(coming) / coming.type().bytes();
            for (HookPoint point : coming.taps().keySet()) {
                streams.put(point, new PointStream(point, coming, created, elements));
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static List<Declaration> declarations(TraceLayout layout) {
        var declarations = new ArrayList<Declaration>();
        declarations.add(
                new Declaration(TOKENS, DType.INT32, List.of((long) layout.sequences(), (long) layout.length())));
        for (HookPoint point : layout.taps().keySet()) {
            declarations.add(new Declaration(point.name(), layout.type(), longs(layout.shape(point))));
        }
        return declarations;
    }

    private static List<Long> longs(List<Integer> shape) {
        return shape.stream().map(Integer::longValue).toList();
    }

    private static int laneBytes(TraceLayout layout) {
        long lanes = layout.taps().keySet().stream()
                .mapToLong(point -> PointStream.lanes(point, layout))
                .sum();
        return Math.clamp(HELD_BACK_BYTES / Math.max(1, lanes), SMALLEST_LANE_BYTES, LARGEST_LANE_BYTES);
    }

    @Override
    public void tokens(Rows rows) {
        for (int r = 0; r < rows.count(); r++) {
            tokens[rows.slots()[r]][rows.positions()[r]] = rows.tokens()[r];
        }
    }

    @Override
    public void rows(HookPoint point, Rows rows, MemorySegment values, int columns) {
        PointStream stream = streams.get(point);
        if (stream == null) {
            throw new IllegalArgumentException("hook point " + point + ": expected one of " + streams.keySet());
        }
        stream.add(rows, values, columns);
    }

    @Override
    public void end(int[] lengths) {
        TraceLayout begun = layout.orElseThrow(() -> new IllegalStateException("the trace has not begun"));
        TraceLayout ended = begun.withLength(Arrays.stream(lengths).max().orElse(0));
        var finalLengths = Arrays.stream(lengths).boxed().toList();
        try {
            SafetensorsWriter file = writer.orElseThrow();
            for (int sequence = 0; sequence < tokens.length; sequence++) {
                file.write(TOKENS, (long) sequence * begun.length(), MemorySegment.ofArray(tokens[sequence]));
            }
            for (var stream : streams.entrySet()) {
                stream.getValue().finish(ended.kept(stream.getKey()));
            }
            file.commit(DumpMetadata.of(provenance, ended, finalLengths), shapes(ended));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static Map<String, List<Long>> shapes(TraceLayout ended) {
        var shapes = new HashMap<String, List<Long>>();
        for (Declaration declaration : declarations(ended)) {
            shapes.put(declaration.name(), declaration.shape());
        }
        return shapes;
    }

    @Override
    public void close() {
        try {
            if (writer.isPresent()) {
                writer.get().close();
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
