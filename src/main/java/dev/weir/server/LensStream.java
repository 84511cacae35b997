package dev.weir.server;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.weir.engine.Weir;
import dev.weir.hook.HookPoint;
import dev.weir.hook.Hooks;
import dev.weir.hook.Rows;
import dev.weir.hook.Site;
import dev.weir.hook.TraceLayout;
import dev.weir.hook.TraceSink;
import dev.weir.lens.Guess;
import dev.weir.lens.LogitLens;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;

/**
 * The logit lens on the row that chose each token. Rows are kept as they come, by the thread that computes; what they say is worked
 * out when it is asked for, by the thread that asks.
 */
final class LensStream implements TraceSink {

    private final Weir weir;
    private final int top;
    private final int firstPosition;
    private final List<HookPoint> stations;
    private final Map<Integer, Filling> filling = new HashMap<>();
    private final Map<Integer, float[]> complete = new ConcurrentHashMap<>();

    /** A row of which some stations are there. */
    private static final class Filling {
        private final float[] stream;
        private int filled;

        Filling(int values) {
            stream = new float[values];
        }
    }

    /**
     * A lens on one request.
     *
     * @param top tokens for each layer
     * @param promptTokens of the request
     */
    LensStream(Weir weir, int top, int promptTokens) {
        this.weir = weir;
        this.top = top;
        this.firstPosition = promptTokens - 1;
        this.stations = stations(weir);
    }

    /** What has to be seen for it. */
    static Hooks hooks(Weir weir) {
        return Hooks.tap(stations(weir));
    }

    private static List<HookPoint> stations(Weir weir) {
        var stations = new ArrayList<HookPoint>();
        stations.add(HookPoint.of(0, Site.RESID_PRE));
        for (int layer = 0; layer < weir.config().layers(); layer++) {
            stations.add(HookPoint.of(layer, Site.RESID_POST));
        }
        return stations;
    }

    @Override
    public void begin(TraceLayout layout) {}

    @Override
    public void tokens(Rows rows) {}

    @Override
    public void rows(HookPoint point, Rows rows, MemorySegment values, int columns) {
        int station = stations.indexOf(point);
        for (int r = 0; r < rows.count(); r++) {
            int position = rows.positions()[r];
            if (position >= firstPosition) {
                Filling row = filling.computeIfAbsent(position, any -> new Filling(stations.size() * columns));
                MemorySegment.copy(
                        values,
                        ValueLayout.JAVA_FLOAT,
                        (long) r * columns * Float.BYTES,
                        row.stream,
                        station * columns,
                        columns);
                if (++row.filled == stations.size()) {
                    filling.remove(position);
                    complete.put(position, row.stream);
                }
            }
        }
    }

    @Override
    public void end(int[] lengths) {}

    @Override
    public void close() {}

    /**
     * What each layer would have said instead of a token.
     *
     * @param index of the token, from 0
     * @return empty as long as its row has not come
     */
    Optional<ObjectNode> at(int index, int token, TokenText text) {
        float[] stream = complete.remove(firstPosition + index);
        return stream == null ? Optional.empty() : Optional.of(json(index, token, stream, text));
    }

    private ObjectNode json(int index, int token, float[] stream, TokenText text) {
        ObjectNode row = Json.object().put("index", index).put("id", token).put("token", text.of(token));
        ArrayNode layers = row.putArray("layers");
        List<List<Guess>> guesses = new LogitLens(weir).top(stream, top);
        int width = weir.config().width();
        for (int station = 0; station < stations.size(); station++) {
            ObjectNode layer = layers.addObject().put("layer", station - 1);
            Json.putFinite(layer, "norm", norm(stream, station * width, width));
            ArrayNode likeliest = layer.putArray("top");
            for (Guess guess : guesses.get(station)) {
                ObjectNode said = likeliest.addObject().put("token", text.of(guess.token()));
                said.put("id", guess.token());
                Json.putFinite(said, "p", guess.probability());
            }
        }
        return row;
    }

    private static double norm(float[] stream, int from, int width) {
        double sum = 0;
        for (int i = from; i < from + width; i++) {
            sum += (double) stream[i] * stream[i];
        }
        return Math.sqrt(sum);
    }
}
