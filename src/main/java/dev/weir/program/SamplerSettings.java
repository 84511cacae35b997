package dev.weir.program;

/**
 * How the tokens of one slot are chosen, as a row of the state: {@value #WORDS} int32, so that a machine needs nothing else and a plan
 * depends on none of it. The first word is flags; fractions are float32 bits.
 *
 * @param greedy whether the most likely token is taken; of the rest only the penalty still counts
 * @param penalty divides positive and multiplies negative logits of tokens seen before; 1 is none
 * @param temperature divides the logits
 * @param topK keeps the k most likely tokens; 0 keeps all
 * @param topP keeps the most likely tokens whose shares first reach p; 1 keeps all
 * @param minP keeps tokens with at least this share of the most likely one's probability; 0 keeps all
 */
public record SamplerSettings(
        boolean greedy, float penalty, float temperature, int topK, float topP, float minP, long seed) {

    /** Words of a row. */
    public static final int WORDS = 8;

    /** Where in a row the others are. */
    public static final int PENALTY = 1;

    public static final int TEMPERATURE = 2;
    public static final int TOP_K = 3;
    public static final int TOP_P = 4;
    public static final int MIN_P = 5;

    /** Of two words, the lower first. */
    public static final int SEED = 6;

    private static final int GREEDY = 1;
    private static final int PENALISES = 2;

    /** Whether tokens that were seen before are treated otherwise. */
    public boolean penalises() {
        return penalty != 1;
    }

    /** The row: flags (1 greedy, 2 there is a penalty), penalty, temperature, top-k, top-p, min-p, seed low, seed high. */
    public int[] words() {
        return new int[] {
            (greedy ? GREEDY : 0) | (penalises() ? PENALISES : 0),
            Float.floatToRawIntBits(penalty),
            Float.floatToRawIntBits(temperature),
            topK,
            Float.floatToRawIntBits(topP),
            Float.floatToRawIntBits(minP),
            (int) seed,
            (int) (seed >>> Integer.SIZE)
        };
    }

    /** Of the flags of a row, see {@link #greedy}. */
    public static boolean isGreedy(int flags) {
        return (flags & GREEDY) != 0;
    }

    /** Of the flags of a row, see {@link #penalises()}. */
    public static boolean penalises(int flags) {
        return (flags & PENALISES) != 0;
    }

    /** What the two words of a seed are together. */
    public static long seed(int low, int high) {
        return Integer.toUnsignedLong(low) | ((long) high << Integer.SIZE);
    }
}
