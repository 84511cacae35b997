package dev.weir.program;

/**
 * How the tokens of one slot are chosen, as a row of the state: {@value #WORDS} int32, so that a machine needs nothing else and a plan
 * depends on none of it. Their order is that of {@link #words}; fractions are float32 bits.
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

    /** What {@link #words} made a row of. */
    public static SamplerSettings ofWords(int... words) {
        return new SamplerSettings(
                (words[0] & GREEDY) != 0,
                Float.intBitsToFloat(words[1]),
                Float.intBitsToFloat(words[2]),
                words[3],
                Float.intBitsToFloat(words[4]),
                Float.intBitsToFloat(words[5]),
                Integer.toUnsignedLong(words[6]) | ((long) words[7] << Integer.SIZE));
    }
}
