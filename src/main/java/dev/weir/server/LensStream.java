package dev.weir.server;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.weir.batching.Event;
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
import java.util.Deque;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.ConcurrentHashMap;
import java.util.stream.IntStream;

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
     * What each layer would have said instead of the tokens whose rows have come: all through the model's end together.
     *
     * @param unseen tokens in their order, from which those that are seen are taken
     */
    List<ObjectNode> look(Deque<Event.Token> unseen, TokenText text) {
        var seen = new ArrayList<Event.Token>();
        var streams = new ArrayList<float[]>();
        while (!unseen.isEmpty()
                && complete.containsKey(firstPosition + unseen.element().index())) {
            Event.Token token = unseen.remove();
            seen.add(token);
            streams.add(Objects.requireNonNull(complete.remove(firstPosition + token.index())));
        }
        if (seen.isEmpty()) {
            return List.of();
        }
        List<List<Guess>> guesses = new LogitLens(weir).top(joined(streams), top);
        return IntStream.range(0, seen.size())
                .mapToObj(i -> {
                    int first = i * stations.size();
                    return json(seen.get(i), streams.get(i), guesses.subList(first, first + stations.size()), text);
                })
                .toList();
    }

    private static float[] joined(List<float[]> streams) {
        int length = streams.getFirst().length;
        var joined = new float[streams.size() * length];
        for (int i = 0; i < streams.size(); i++) {
            System.arraycopy(streams.get(i), 0, joined, i * length, length);
        }
        return joined;
    }

    private ObjectNode json(Event.Token token, float[] stream, List<List<Guess>> guesses, TokenText text) {
        ObjectNode row =
                Json.object().put("index", token.index()).put("id", token.id()).put("token", text.of(token.id()));
        ArrayNode layers = row.putArray("layers");
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
