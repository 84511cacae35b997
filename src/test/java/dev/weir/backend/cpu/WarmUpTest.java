package dev.weir.backend.cpu;

import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertSame;

import dev.weir.backend.cpu.vector.VectorKernels;
import java.util.Optional;
import java.util.concurrent.CountDownLatch;
import org.junit.jupiter.api.Test;

class WarmUpTest {

    @Test
    void aWorkerBeginsWithArraysAndGoesOverToItsKernels() {
        var begin = new CountDownLatch(1);
        WarmUp warmUp = WarmUp.begin(() -> {
            await(begin);
            return new VectorKernels();
        });
        var kernels = new VectorKernels();
        try (var worker = new Worker(kernels, warmUp, Optional.empty())) {
            assertInstanceOf(EarlyKernels.class, worker.kernels());
            begin.countDown();
            warmUp.finish();
            assertSame(kernels, worker.kernels());
        }
    }

    private static void await(CountDownLatch latch) {
        try {
            latch.await();
        } catch (InterruptedException e) {
            throw new IllegalStateException(e);
        }
    }

    @Test
    void whoChoosesKernelsGetsThemAtOnce() {
        var kernels = new ScalarKernels();
        try (var worker = new Worker(kernels, WarmUp.NONE, Optional.empty())) {
            assertSame(kernels, worker.kernels());
        }
    }
}
