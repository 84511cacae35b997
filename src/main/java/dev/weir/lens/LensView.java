package dev.weir.lens;

import java.util.List;

/**
 * What a logit lens shows of a sequence, at each station of the stream and each position.
 *
 * @param stations labels as {@code accumulated_resid} has them: {@code 0_pre}, {@code 0_mid}, {@code 1_pre}, ..., {@code final_post}
 * @param positions of the tokens, ascending
 * @param cells [stations][positions]
 */
public record LensView(List<String> stations, List<Integer> positions, List<List<Cell>> cells) {

    public LensView {
        stations = List.copyOf(stations);
        positions = List.copyOf(positions);
        cells = cells.stream().map(List::copyOf).toList();
    }

    /**
     * What the model would say after a token if the stream ended at a station.
     *
     * @param top the likeliest tokens, the likeliest first
     * @param chosen those that were asked about, in that order
     */
    public record Cell(List<Guess> top, List<Guess> chosen) {
        public Cell {
            top = List.copyOf(top);
            chosen = List.copyOf(chosen);
        }
    }

    /** Which tokens to look for at a position, besides the likeliest. */
    @FunctionalInterface
    public interface Chosen {

        /** None. */
        Chosen NONE = position -> new int[0];

        /** Their ids; they may differ from position to position. */
        int[] at(int position);

        /** The same everywhere. */
        static Chosen of(int... tokens) {
            int[] these = tokens.clone();
            return position -> these;
        }

        /** The token that really follows; none at the last position. */
        static Chosen next(int[] tokens, int length) {
            return position -> position + 1 < length ? new int[] {tokens[position + 1]} : new int[0];
        }
    }

    /** One cell. */
    public Cell at(int station, int index) {
        return cells.get(station).get(index);
    }
}
