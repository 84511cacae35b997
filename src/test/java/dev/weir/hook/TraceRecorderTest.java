package dev.weir.hook;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.weir.tensor.DType;
import java.lang.foreign.MemorySegment;
import java.util.List;
import org.junit.jupiter.api.Test;

class TraceRecorderTest {

    private static final Dimensions DIMENSIONS = new Dimensions(1, 2, 2, 2, 1, 8, 5);
    private static final HookPoint STREAM = HookPoint.of(0, Site.RESID_POST);
    private static final HookPoint PATTERN = HookPoint.of(0, Site.PATTERN);
    private static final HookPoint SCORES = HookPoint.of(0, Site.ATTN_SCORES);

    private static TraceLayout layout(String selectors, int sequences, int length) {
        return new TraceLayout(
                Hooks.select(selectors, HookPoint.all(1)).taps(), DIMENSIONS, sequences, length, DType.FLOAT32);
    }

    private static MemorySegment floats(float... values) {
        return MemorySegment.ofArray(values);
    }

    @Test
    void rowsOfManySequencesFindTheirPlaces() {
        var recorder = new TraceRecorder();
        recorder.begin(layout("resid_post", 2, 3));
        var mixed = new Rows(new int[] {1, 0, 0}, new int[] {0, 0, 1}, new int[] {4, 2, 3}, new int[] {2});
        recorder.tokens(mixed);
        recorder.rows(STREAM, mixed, floats(1, 2, 3, 4, 5, 6), 2);
        recorder.end(new int[] {2, 1});
        Trace trace = recorder.trace();
        assertEquals(List.of(2, 2, 2), trace.get(STREAM).shape());
        assertArrayEquals(
                new float[] {3, 4, 5, 6, 1, 2, Float.NaN, Float.NaN},
                trace.get(STREAM).data());
        assertArrayEquals(new int[] {2, 3}, trace.tokens()[0]);
        assertArrayEquals(new int[] {4, -1}, trace.tokens()[1]);
        assertArrayEquals(
                new float[] {5, 6}, trace.get("blocks.0.hook_resid_post").row(0, 1));
        assertEquals(4, trace.get(STREAM).at(0, 0, 1));
    }

    @Test
    void squareSitesGetKeysOfTheFinalLength() {
        var recorder = new TraceRecorder();
        recorder.begin(layout("pattern,attn_scores", 1, 3));
        float masked = Float.NEGATIVE_INFINITY;
        var first = new Rows(new int[] {0}, new int[] {0}, new int[] {1}, new int[] {0});
        recorder.rows(PATTERN, first, floats(1, 0, 1, 0), 4);
        recorder.rows(SCORES, first, floats(7, masked, 8, masked), 4);
        var second = new Rows(new int[] {0}, new int[] {1}, new int[] {1}, new int[] {0});
        recorder.rows(PATTERN, second, floats(.25f, .75f, 0, 0, .5f, .5f, 0, 0), 8);
        recorder.rows(SCORES, second, floats(1, 2, masked, masked, 3, 4, masked, masked), 8);
        recorder.end(new int[] {2});
        assertEquals(List.of(1, 2, 2, 2), recorder.trace().get(PATTERN).shape());
        assertArrayEquals(
                new float[] {1, 0, .25f, .75f, 1, 0, .5f, .5f},
                recorder.trace().get(PATTERN).data());
        assertArrayEquals(
                new float[] {7, masked, 1, 2, 8, masked, 3, 4},
                recorder.trace().get(SCORES).data());
    }

    @Test
    void onlyWantedPositionsAreKept() {
        var recorder = new TraceRecorder();
        recorder.begin(layout("resid_post@last", 1, 9));
        for (int position = 0; position < 4; position++) {
            var row = new Rows(new int[] {0}, new int[] {position}, new int[] {1}, new int[] {0});
            recorder.rows(STREAM, row, floats(position, -position), 2);
        }
        recorder.end(new int[] {4});
        assertEquals(List.of(1, 1, 2), recorder.trace().get(STREAM).shape());
        assertArrayEquals(new float[] {3, -3}, recorder.trace().get(STREAM).data());
    }

    @Test
    void theBytesOfARequestAreExactAndRefusedLineByLine() {
        TraceLayout layout = layout("resid_post,pattern", 2, 10);
        assertEquals(4L * (2 * 10 * 2 + 2 * 2 * 10 * 10), layout.bytes());
        layout.requireWithin(layout.bytes());
        var e = assertThrows(IllegalArgumentException.class, () -> layout.requireWithin(layout.bytes() - 1));
        assertEquals(3, e.getMessage().lines().count());
        assertTrue(e.getMessage().contains("blocks.0.attn.hook_pattern"), e.getMessage());
    }

    @Test
    void aPointThatWasNotTracedIsRefused() {
        var recorder = new TraceRecorder();
        recorder.begin(layout("resid_post", 1, 1));
        recorder.end(new int[] {1});
        assertThrows(IllegalArgumentException.class, () -> recorder.trace().get(PATTERN));
    }
}
