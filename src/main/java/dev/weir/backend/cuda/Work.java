package dev.weir.backend.cuda;

import dev.weir.backend.cuda.driver.Cublas;
import dev.weir.backend.cuda.driver.Launch;
import dev.weir.backend.cuda.driver.Stream;
import dev.weir.tensor.DType;

/** One thing that the GPU does, with every address and size in it. */
sealed interface Work {

    /** Begins it, behind what the stream already has. */
    void on(Stream stream);

    /** The same and waits, so that a failure is this one's. */
    void onAndWait(Stream stream);

    /** A kernel of ours: what it is to do, and its launch. */
    record OfKernel(KernelCall call, Launch launch) implements Work {
        @Override
        public void on(Stream stream) {
            launch.on(stream);
        }

        @Override
        public void onAndWait(Stream stream) {
            launch.onAndWait(stream);
        }
    }

    /** out = x W by the library; see {@link Cublas#multiply}. */
    record OfCublas(
            Cublas cublas,
            DType type,
            boolean tf32,
            int rows,
            int depth,
            int columns,
            long x,
            int xStride,
            long weights,
            int stride,
            long out)
            implements Work {
        @Override
        public void on(Stream stream) {
            cublas.multiply(stream, type, tf32, rows, depth, columns, x, xStride, weights, stride, out);
        }

        @Override
        public void onAndWait(Stream stream) {
            on(stream);
            stream.synchronize();
        }
    }
}
