package dev.weir.patching;

import dev.weir.backend.CudaOptions;
import dev.weir.engine.Options;
import org.junit.jupiter.api.Tag;

/** The same on a GPU. */
@Tag("cuda")
class PatchingOnCudaTest extends PatchingTest {

    @Override
    Options machine() {
        return Options.DEFAULT.withDevice("cuda").withCuda(CudaOptions.DEFAULT.withExact(true));
    }
}
