package dev.weir.batching;

import dev.weir.backend.CudaOptions;
import dev.weir.engine.Options;
import dev.weir.engine.Weir;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** In exact mode a GPU gives every request of a crowd the bits that it has alone on the CPU. */
@Tag("cuda")
class SchedulerOnCudaTest {

    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void everyRequestHasTheBitsThatItHasAloneOnTheCpu(boolean sharesPrefixes) throws InterruptedException {
        for (int round = 0; round < 3; round++) {
            var randomly = new RandomRequests(System.nanoTime());
            var exact = CudaOptions.DEFAULT.withExact(true);
            try (Weir cpu = randomly.model(Options.DEFAULT.withDevice("cpu"));
                    Weir gpu = randomly.model(Options.DEFAULT.withDevice("cuda").withCuda(exact))) {
                Limits limits = Scheduler.defaults(gpu)
                        .withSequences(4)
                        .withRowsPerStep(23)
                        .withPages(14, 32)
                        .withSharedPrefixes(sharesPrefixes);
                new Crowd(randomly, cpu).requireSameBits(gpu, limits, 8);
            }
        }
    }
}
