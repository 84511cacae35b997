package dev.weir.hook;

import java.util.List;

/**
 * The numbers that give hook points their shapes.
 *
 * @param layers blocks
 * @param width D, the width of the stream
 * @param heads H, query heads
 * @param keyHeads Hkv, key and value heads
 * @param headWidth dh
 * @param hidden M, the width of the MLP
 * @param vocabulary V
 */
public record Dimensions(int layers, int width, int heads, int keyHeads, int headWidth, int hidden, int vocabulary) {

    /**
     * The shape of what is seen at a site.
     *
     * @param sequences B
     * @param positions P, or the queries Q of a square site
     * @param keys K of a square site
     */
    public List<Integer> shape(Site site, int sequences, int positions, int keys) {
        return switch (site.form()) {
            case WIDTH -> List.of(sequences, positions, width);
            case ONE -> List.of(sequences, positions, 1);
            case HEADS -> List.of(sequences, positions, heads, headWidth);
            case KEY_HEADS -> List.of(sequences, positions, keyHeads, headWidth);
            case HEADS_BY_WIDTH -> List.of(sequences, positions, heads, width);
            case SQUARE -> List.of(sequences, heads, positions, keys);
            case HIDDEN -> List.of(sequences, positions, hidden);
            case VOCABULARY -> List.of(sequences, positions, vocabulary);
        };
    }

    /** The number of values seen at a site, with the parameters of {@link #shape}. */
    public long elements(Site site, int sequences, int positions, int keys) {
        return shape(site, sequences, positions, keys).stream()
                .mapToLong(Integer::longValue)
                .reduce(1, Math::multiplyExact);
    }

    /** The heads that the columns of a site are, one after another; 1 where they are not heads. */
    public int heads(Site site) {
        return switch (site.form()) {
            case HEADS, SQUARE -> heads;
            case KEY_HEADS -> keyHeads;
            case WIDTH, ONE, HEADS_BY_WIDTH, HIDDEN, VOCABULARY -> 1;
        };
    }

    /** Values of one row of a site: what the stream's machine holds for one token there. */
    public int columns(Site site, int keys) {
        return Math.toIntExact(elements(site, 1, 1, keys));
    }
}
