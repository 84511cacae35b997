package dev.weir.dump;

import dev.weir.hook.HookPoint;
import dev.weir.hook.Rows;
import dev.weir.hook.Site;
import dev.weir.hook.TraceLayout;
import dev.weir.safetensors.SafetensorsWriter;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.List;

/**
 * The values of one point on their way to a file. Rows of a sequence, and at a square site of a head, are neighbours there: each
 * such lane is gathered on its own.
 */
final class PointStream {

    private final HookPoint point;
    private final TraceLayout layout;
    private final int width;
    private final int kept;
    private final boolean square;
    private final List<Lane> lanes = new ArrayList<>();
    private final BitSet written = new BitSet();

    /** @param laneElements how many values each lane may hold back */
    PointStream(HookPoint point, TraceLayout layout, SafetensorsWriter writer, int laneElements) {
        this.point = point;
        this.layout = layout;
        this.square = isSquare(point);
        this.width = layout.dimensions().columns(point.site(), layout.length())
                / (square ? layout.dimensions().heads() : 1);
        this.kept = layout.kept(point);
        for (int lane = 0; lane < lanes(point, layout); lane++) {
            lanes.add(new Lane(writer, point.name(), layout.type(), laneElements));
        }
    }

    private static boolean isSquare(HookPoint point) {
        return point.site().form() == Site.Form.SQUARE;
    }

    /** How many lanes a point has. */
    static int lanes(HookPoint point, TraceLayout layout) {
        return Math.multiplyExact(
                layout.sequences(), isSquare(point) ? layout.dimensions().heads() : 1);
    }

    /** Takes the values of one step's rows. */
    void add(Rows rows, MemorySegment values, int columns) {
        layout.scatter(point, rows, values, columns, this::put);
    }

    private void put(long element, MemorySegment values, long offset, int known) {
        int row = Math.toIntExact(element / width);
        Lane lane = lanes.get(row / kept);
        try {
            lane.put(element, values.asSlice(offset, (long) known * Float.BYTES));
            if (square) {
                lane.fill(element + known, width - known, TraceLayout.masked(point.site()));
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        written.set(row, row + Math.max(1, known / width));
    }

    /**
     * Writes what was held back, and as absent the rows that never came.
     *
     * @param finallyKept positions that the finished trace has of this point
     */
    void finish(int finallyKept) throws IOException {
        for (int lane = 0; lane < lanes.size(); lane++) {
            int first = lane * kept;
            for (int row = written.nextClearBit(first);
                    row < first + finallyKept;
                    row = written.nextClearBit(row + 1)) {
                lanes.get(lane).fill((long) row * width, width, TraceLayout.absent());
            }
            lanes.get(lane).flush();
        }
    }
}
