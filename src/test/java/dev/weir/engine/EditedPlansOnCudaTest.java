package dev.weir.engine;

import dev.weir.backend.Backend;
import dev.weir.backend.CudaOptions;
import dev.weir.backend.cuda.CudaBackend;
import org.junit.jupiter.api.Tag;

/** The same on a GPU whose ops have one order each; a sweep replays one graph. */
@Tag("cuda")
class EditedPlansOnCudaTest extends EditedPlansTest {

    @Override
    Backend machine() {
        return new CudaBackend(0, CudaOptions.DEFAULT.withExact(true));
    }

    @Override
    int sweep() {
        return 100;
    }
}
