package dev.weir.engine;

import dev.weir.backend.CudaOptions;
import dev.weir.tensor.DType;
import java.util.Optional;

/**
 * How to open a model.
 *
 * @param device {@code auto}, {@code cpu}, {@code cuda} or {@code cuda:N}
 * @param dtype how the machine keeps matrices; empty: as they are stored. Int8 is for the CPU alone
 * @param threads of the CPU machine; 0: one for each processor
 * @param oneDnn whether the CPU machine leaves products of many rows to oneDNN, whose bits are its own
 * @param cuda how a GPU is to work; the CPU is exact unless oneDNN helps it, and knows nothing of the rest
 */
public record Options(String device, Optional<DType> dtype, int threads, boolean oneDnn, CudaOptions cuda) {

    /** The best machine, the stored type, every processor; a GPU as fast as it can. */
    public static final Options DEFAULT = new Options("auto", Optional.empty(), 0, false, CudaOptions.DEFAULT);

    public Options {
        if (threads < 0) {
            throw new IllegalArgumentException("threads: expected 0 (one for each processor) or more, got " + threads);
        }
        if (cuda.exact() && oneDnn) {
            throw new IllegalArgumentException("exact and onednn: expected one of them at most, got both");
        }
        if (cuda.exact() && cuda.tf32()) {
            throw new IllegalArgumentException("exact and tf32: expected one of them at most, got both");
        }
    }

    /** The same on another device. */
    public Options withDevice(String value) {
        return new Options(value, dtype, threads, oneDnn, cuda);
    }

    /** The same with matrices kept as this type. */
    public Options withDtype(DType value) {
        return new Options(device, Optional.of(value), threads, oneDnn, cuda);
    }

    /** The same with so many threads. */
    public Options withThreads(int value) {
        return new Options(device, dtype, value, oneDnn, cuda);
    }

    /** The same with products of many rows by oneDNN, or not. */
    public Options withOneDnn(boolean value) {
        return new Options(device, dtype, threads, value, cuda);
    }

    /** The same with a GPU that works like this. */
    public Options withCuda(CudaOptions value) {
        return new Options(device, dtype, threads, oneDnn, value);
    }
}
