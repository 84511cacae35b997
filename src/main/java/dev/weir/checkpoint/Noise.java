package dev.weir.checkpoint;

import dev.weir.tensor.DType;
import java.lang.foreign.MemorySegment;
import java.util.List;

/**
 * Values close to a normal distribution, each a function of a key and its index: the four quarters of a SplitMix64 word (Steele,
 * Lea and Flood, "Fast splittable pseudorandom number generators", OOPSLA 2014), added up, as the central limit theorem has it.
 * No value is further than 3.5 deviations from the centre.
 *
 * @param data to fill
 */
record Noise(MemorySegment data, DType dtype, long key, float centre, float deviation) {

    private static final long WEYL = 0x9E3779B97F4A7C15L;
    private static final long RUN = 1 << 16;

    /** Mean and standard deviation of the sum of four independent, uniform 16-bit numbers: 4 x 65535 / 2 and 65536 / sqrt(3). */
    private static final int SUM_MEAN = 2 * 0xffff;

    private static final float SUM_DEVIATION = (float) (0x10000 / Math.sqrt(3));

    /** A part of the data, for one thread. */
    record Run(Noise noise, long from, long to) {
        void fill() {
            for (long i = from; i < to; i++) {
                noise.dtype.write(noise.data, i * noise.dtype.bytes(), noise.at(i));
            }
        }
    }

    /** The key of one of many independent streams. */
    static long key(long seed, int stream) {
        return word(seed, -1L - stream);
    }

    /** Adds what there is to fill, in parts. */
    void addRuns(List<Run> runs) {
        long elements = data.byteSize() / dtype.bytes();
        for (long from = 0; from < elements; from += RUN) {
            runs.add(new Run(this, from, Math.min(elements, from + RUN)));
        }
    }

    private float at(long index) {
        long word = word(key, index);
        int sum = (int) (word & 0xffff)
                + (int) (word >>> 16 & 0xffff)
                + (int) (word >>> 32 & 0xffff)
                + (int) (word >>> 48);
        return centre + (sum - SUM_MEAN) * (deviation / SUM_DEVIATION);
    }

    private static long word(long key, long index) {
        long z = key + WEYL * (index + 1);
        z = (z ^ z >>> 30) * 0xBF58476D1CE4E5B9L;
        z = (z ^ z >>> 27) * 0x94D049BB133111EBL;
        return z ^ z >>> 31;
    }
}
