package dev.weir.lens;

import dev.weir.engine.Weir;
import dev.weir.hook.Trace;
import dev.weir.lens.LensView.Cell;
import dev.weir.lens.LensView.Chosen;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.Objects;
import java.util.PriorityQueue;
import java.util.stream.IntStream;

/**
 * The logit lens: what the model would say next if the stream at hand had already left its last block. Any row of the stream goes
 * through the model's own final norm and unembedding, on its own machine. Source: nostalgebraist, "interpreting GPT: the logit
 * lens", 2020.
 */
public final class LogitLens {

    /** Rows whose logits are in memory at a time. */
    private static final int ROWS_AT_ONCE = 64;

    private final Weir weir;
    private final boolean withNorm;

    /** The lens of a model, which applies its final norm. */
    public LogitLens(Weir weir) {
        this(weir, true);
    }

    private LogitLens(Weir weir, boolean withNorm) {
        this.weir = weir;
        this.withNorm = withNorm;
    }

    /** The lens that unembeds the stream as it is, without the final norm. */
    public LogitLens withoutNorm() {
        return new LogitLens(weir, false);
    }

    /**
     * The logits of rows of the stream.
     *
     * @param stream [rows, D], from any depth
     * @return [rows, V]
     */
    public float[] logits(float[] stream) {
        return withNorm ? weir.unembed(stream) : weir.unembedNormed(stream);
    }

    /**
     * The likeliest next tokens of each row, the likeliest first; ties go to the lowest id.
     *
     * @param stream [rows, D], from any depth
     * @param count of tokens for each row; a smaller vocabulary gives fewer
     */
    public List<List<Guess>> top(float[] stream, int count) {
        if (count <= 0) {
            throw new IllegalArgumentException("top tokens: expected above zero, got " + count);
        }
        return distributions(stream).stream().map(d -> d.top(count)).toList();
    }

    /**
     * How likely tokens are after each row.
     *
     * @param stream [rows, D], from any depth
     * @return a list for each row, in the order of the tokens
     */
    public List<List<Guess>> chosen(float[] stream, int... tokens) {
        return distributions(stream).stream().map(d -> d.chosen(tokens)).toList();
    }

    /**
     * Looks at every station of the stream at some positions.
     *
     * @param trace of {@code resid_pre} and {@code resid_post}, and of {@code resid_mid} if that is to be seen
     * @param sequence which one of the trace, from 0
     * @param inclMid whether the stream between attention and MLP is a station too
     * @param top how many of the likeliest tokens to keep for each cell; 0 keeps none
     */
    public LensView view(Trace trace, int sequence, List<Integer> positions, boolean inclMid, int top, Chosen chosen) {
        int layers = weir.config().layers();
        return view(trace, sequence, positions, Station.upTo(layers, layers, inclMid), top, chosen);
    }

    /** The same at stations of one's choice. */
    public LensView view(
            Trace trace, int sequence, List<Integer> positions, List<Station> stations, int top, Chosen chosen) {
        var rows = new TraceRows(trace, sequence);
        var cells = new ArrayList<List<Cell>>();
        for (Station station : stations) {
            var ofStation = new ArrayList<Cell>();
            for (int from = 0; from < positions.size(); from += ROWS_AT_ONCE) {
                List<Integer> some = positions.subList(from, Math.min(positions.size(), from + ROWS_AT_ONCE));
                List<Distribution> distributions = distributions(rows.stream(station.point(), some));
                for (int i = 0; i < some.size(); i++) {
                    Distribution d = distributions.get(i);
                    ofStation.add(new Cell(d.top(top), d.chosen(chosen.at(some.get(i)))));
                }
            }
            cells.add(ofStation);
        }
        return new LensView(stations.stream().map(Station::label).toList(), positions, cells);
    }

    private List<Distribution> distributions(float[] stream) {
        float[] logits = logits(stream);
        int vocabulary = weir.config().vocabulary();
        return IntStream.range(0, logits.length / vocabulary)
                .mapToObj(row -> new Distribution(Arrays.copyOfRange(logits, row * vocabulary, (row + 1) * vocabulary)))
                .toList();
    }

    /** The next token of one row. */
    private static final class Distribution {
        private final float[] logits;
        private final double highest;
        private final double sum;

        Distribution(float[] logits) {
            this.logits = logits;
            highest = IntStream.range(0, logits.length)
                    .mapToDouble(token -> logits[token])
                    .max()
                    .orElseThrow();
            sum = IntStream.range(0, logits.length)
                    .mapToDouble(token -> Math.exp(logits[token] - highest))
                    .sum();
        }

        List<Guess> top(int count) {
            List<Integer> tokens = likeliest(count);
            return IntStream.range(0, tokens.size())
                    .mapToObj(rank -> guess(tokens.get(rank), rank))
                    .toList();
        }

        private List<Integer> likeliest(int count) {
            Comparator<Integer> lastFirst =
                    Comparator.comparing((Integer token) -> logits[token]).thenComparing(Comparator.reverseOrder());
            var kept = new PriorityQueue<>(lastFirst);
            for (int token = 0; token < logits.length && count > 0; token++) {
                if (kept.size() == count && isBefore(token, kept.element())) {
                    kept.remove();
                }
                if (kept.size() < count) {
                    kept.add(token);
                }
            }
            return kept.stream().sorted(lastFirst.reversed()).toList();
        }

        List<Guess> chosen(int... tokens) {
            return Arrays.stream(tokens)
                    .mapToObj(token -> guess(token, rank(Objects.checkIndex(token, logits.length))))
                    .toList();
        }

        private Guess guess(int token, int rank) {
            return new Guess(token, logits[token], Math.exp(logits[token] - highest) / sum, rank);
        }

        private int rank(int token) {
            return (int) IntStream.range(0, logits.length)
                    .filter(other -> isBefore(other, token))
                    .count();
        }

        private boolean isBefore(int other, int token) {
            int order = Float.compare(logits[other], logits[token]);
            return order > 0 || (order == 0 && other < token);
        }
    }
}
