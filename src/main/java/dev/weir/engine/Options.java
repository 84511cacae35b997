package dev.weir.engine;

import dev.weir.tensor.DType;
import java.util.Optional;

/**
 * How to open a model.
 *
 * @param device {@code auto}, {@code cpu}, {@code cuda} or {@code cuda:N}
 * @param dtype how the machine keeps matrices; empty: as they are stored
 * @param threads of the CPU machine; 0: one for each processor
 */
public record Options(String device, Optional<DType> dtype, int threads) {

    /** The best machine, the stored type, every processor. */
    public static final Options DEFAULT = new Options("auto", Optional.empty(), 0);

    public Options {
        if (threads < 0) {
            throw new IllegalArgumentException("threads: expected 0 (one for each processor) or more, got " + threads);
        }
    }

    /** The same on another device. */
    public Options withDevice(String value) {
        return new Options(value, dtype, threads);
    }

    /** The same with matrices kept as this type. */
    public Options withDtype(DType value) {
        return new Options(device, Optional.of(value), threads);
    }

    /** The same with so many threads. */
    public Options withThreads(int value) {
        return new Options(device, dtype, value);
    }
}
