package dev.weir.program;

/**
 * How the tokens of one slot are chosen, as a row of the state: {@value #WORDS} int32, so that a machine needs little else and a plan
 * depends on none of it. The first word is flags; fractions are float32 bits.
 *
 * @param greedy whether the most likely token is taken; of the rest only what changes logits still counts
 * @param penalty divides positive and multiplies negative logits of tokens seen before; 1 is none
 * @param temperature divides the logits
 * @param topK keeps the k most likely tokens; 0 keeps all
 * @param topP keeps the most likely tokens whose shares first reach p; 1 keeps all
 * @param minP keeps tokens with at least this share of the most likely one's probability; 0 keeps all
 * @param frequency is subtracted from the logit of a token for each time that it was chosen
 * @param presence is subtracted from the logit of a token that was chosen
 * @param biased whether the slot's row of biases is added to the logits
 */
public record SamplerSettings(
        boolean greedy,
        float penalty,
        float temperature,
        int topK,
        float topP,
        float minP,
        float frequency,
        float presence,
        boolean biased,
        long seed) {

    /** Words of a row. */
    public static final int WORDS = 12;

    /** The word of a row that holds the penalty. */
    public static final int PENALTY = 1;

    /** The word with the temperature. */
    public static final int TEMPERATURE = 2;

    /** The word with top-k. */
    public static final int TOP_K = 3;

    /** The word with top-p. */
    public static final int TOP_P = 4;

    /** The word with min-p. */
    public static final int MIN_P = 5;

    /** The first of two words with the seed, the lower one. */
    public static final int SEED = 6;

    /** The word with the frequency penalty. */
    public static final int FREQUENCY = 8;

    /** The word with the presence penalty. */
    public static final int PRESENCE = 9;

    /** What a token's word of the memory of a slot holds if it is in the prompt or was chosen. */
    public static final int SEEN = 1;

    /** What each choice of a token adds to that word. */
    public static final int CHOSEN_ONCE = 2;

    private static final int GREEDY = 1;
    private static final int PENALISES = 2;
    private static final int COUNTS = 4;
    private static final int BIASED = 8;

    /** Without biases, and without penalties of what was chosen. */
    public SamplerSettings(
            boolean greedy, float penalty, float temperature, int topK, float topP, float minP, long seed) {
        this(greedy, penalty, temperature, topK, topP, minP, 0, 0, false, seed);
    }

    /** Whether tokens that were seen before are treated otherwise. */
    public boolean penalises() {
        return penalty != 1;
    }

    /** Whether tokens that were chosen before are treated otherwise. */
    public boolean counts() {
        return frequency != 0 || presence != 0;
    }

    /** Whether the tokens of the slot are remembered. */
    public boolean remembers() {
        return penalises() || counts();
    }

    /**
     * The row: flags (1 greedy, 2 there is a penalty of what was seen, 4 of what was chosen, 8 there are biases), penalty, temperature,
     * top-k, top-p, min-p, seed low, seed high, frequency, presence, and two that are free.
     */
    public int[] words() {
        return new int[] {
            (greedy ? GREEDY : 0) | (penalises() ? PENALISES : 0) | (counts() ? COUNTS : 0) | (biased ? BIASED : 0),
            Float.floatToRawIntBits(penalty),
            Float.floatToRawIntBits(temperature),
            topK,
            Float.floatToRawIntBits(topP),
            Float.floatToRawIntBits(minP),
            (int) seed,
            (int) (seed >>> Integer.SIZE),
            Float.floatToRawIntBits(frequency),
            Float.floatToRawIntBits(presence),
            0,
            0
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

    /** Of the flags of a row, see {@link #counts()}. */
    public static boolean counts(int flags) {
        return (flags & COUNTS) != 0;
    }

    /** Of the flags of a row, see {@link #biased}. */
    public static boolean isBiased(int flags) {
        return (flags & BIASED) != 0;
    }

    /** What the two words of a seed are together. */
    public static long seed(int low, int high) {
        return Integer.toUnsignedLong(low) | ((long) high << Integer.SIZE);
    }
}
