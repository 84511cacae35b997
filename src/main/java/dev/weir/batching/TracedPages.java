package dev.weir.batching;

import dev.weir.hook.HookPoint;
import dev.weir.hook.Rows;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.HashMap;
import java.util.Map;
import java.util.Set;

/** What is traced of the whole pages of a prompt while they are computed, to be shown again to whoever shares them. */
final class TracedPages {

    private final Set<HookPoint> points;
    private final int pageRows;
    private final int wholePages;
    private final Map<Integer, Page> pages = new HashMap<>();

    /** Values by point, and how many of them have come. */
    private static final class Page {
        private final Map<HookPoint, float[]> values = new HashMap<>();
        private int rows;
    }

    /**
     * Nothing yet.
     *
     * @param points whose rows are kept
     * @param wholePages of the prompt
     */
    TracedPages(Set<HookPoint> points, int pageRows, int wholePages) {
        this.points = Set.copyOf(points);
        this.pageRows = pageRows;
        this.wholePages = wholePages;
    }

    /** Takes rows of a point. */
    void rows(HookPoint point, Rows rows, MemorySegment values, int columns) {
        if (!points.contains(point)) {
            return;
        }
        for (int row = 0; row < rows.count(); row++) {
            int position = rows.positions()[row];
            int number = position / pageRows;
            if (number < wholePages) {
                Page page = pages.computeIfAbsent(number, n -> new Page());
                float[] to = page.values.computeIfAbsent(point, p -> new float[pageRows * columns]);
                MemorySegment.copy(
                        values,
                        ValueLayout.JAVA_FLOAT_UNALIGNED,
                        (long) row * columns * Float.BYTES,
                        to,
                        position % pageRows * columns,
                        columns);
                page.rows++;
            }
        }
    }

    /** Whether every row of every point of a page has come. */
    boolean isComplete(int page) {
        return pages.containsKey(page) && pages.get(page).rows == pageRows * points.size();
    }

    /** What was traced of a page, which is forgotten here. */
    Map<HookPoint, float[]> take(int page) {
        return pages.remove(page).values;
    }

    /** The pages of which something is kept here. */
    Set<Integer> pages() {
        return Set.copyOf(pages.keySet());
    }
}
