package dev.weir.engine;

import dev.weir.backend.Backend;
import dev.weir.backend.CudaOptions;
import dev.weir.backend.RandomModel;
import dev.weir.backend.cpu.CpuBackend;
import dev.weir.backend.cuda.CudaBackend;
import java.util.Random;
import net.jqwik.api.AfterFailureMode;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.ShrinkingMode;
import net.jqwik.api.Tag;

/** The same on a GPU: exact, where the bits are those of the CPU, and fast, by launches and by the step kernel. */
@Tag("cuda")
class PagedSessionOnCudaTest {

    @Property(tries = 8, shrinking = ShrinkingMode.OFF, afterFailure = AfterFailureMode.PREVIOUS_SEED)
    void exactlyTheBitsOfTheCpu(@ForAll long seed, @ForAll boolean persistent) {
        var random = new Random(seed);
        RandomModel model = PagedSessionTest.model(random, 1 + random.nextInt(200));
        try (Backend own = new CpuBackend(1);
                Backend paged = machine(true, persistent)) {
            PagedSessionTest.check(model, own, paged, random);
        }
    }

    @Property(tries = 10, shrinking = ShrinkingMode.OFF, afterFailure = AfterFailureMode.PREVIOUS_SEED)
    void fastTheBitsOfTheSameWithoutPages(@ForAll long seed, @ForAll boolean persistent) {
        var random = new Random(seed);
        RandomModel model = PagedSessionTest.model(random, 1 + random.nextInt(400));
        try (Backend own = machine(false, persistent);
                Backend paged = machine(false, persistent)) {
            PagedSessionTest.check(model, own, paged, random);
        }
    }

    private static Backend machine(boolean exact, boolean persistent) {
        return new CudaBackend(0, CudaOptions.DEFAULT.withExact(exact).withPersistent(persistent));
    }
}
