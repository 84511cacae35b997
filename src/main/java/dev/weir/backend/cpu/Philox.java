package dev.weir.backend.cpu;

/**
 * Philox4x32-10, a random number generator without state: the number is a function of a key and a counter, so a token's random
 * number depends on the seed and its position and on nothing else, on any machine and in any batch. Source: Salmon, Moraes, Dror
 * and Shaw, "Parallel random numbers: as easy as 1, 2, 3", SC 2011.
 */
final class Philox {

    private static final int ROUNDS = 10;
    private static final long MULTIPLIER_0 = 0xD2511F53L;
    private static final long MULTIPLIER_1 = 0xCD9E8D57L;
    private static final int WEYL_0 = 0x9E3779B9;
    private static final int WEYL_1 = 0xBB67AE85;

    private Philox() {}

    /**
     * The block of four random words for one counter.
     *
     * @param key two words
     * @param counter four words
     */
    static int[] block(long key, int... counter) {
        int k0 = (int) key;
        int k1 = (int) (key >>> 32);
        int c0 = counter[0];
        int c1 = counter[1];
        int c2 = counter[2];
        int c3 = counter[3];
        for (int round = 0; round < ROUNDS; round++) {
            long product0 = MULTIPLIER_0 * Integer.toUnsignedLong(c0);
            long product1 = MULTIPLIER_1 * Integer.toUnsignedLong(c2);
            c0 = (int) (product1 >>> 32) ^ c1 ^ k0;
            c1 = (int) product1;
            c2 = (int) (product0 >>> 32) ^ c3 ^ k1;
            c3 = (int) product0;
            k0 += WEYL_0;
            k1 += WEYL_1;
        }
        return new int[] {c0, c1, c2, c3};
    }

    /**
     * A number from 0 to below a limit, for the token that follows this position: floor(u x limit) with u a multiple of 2^-24 in
     * [0, 1), and no rounding.
     */
    static long below(long limit, long seed, int position) {
        long u = Integer.toUnsignedLong(block(seed, position, 0, 0, 0)[0]) >>> 8;
        return (Math.multiplyHigh(u, limit) << 40) | ((u * limit) >>> 24);
    }
}
