package dev.weir.sae;

import dev.weir.backend.CudaOptions;
import dev.weir.engine.Options;
import org.junit.jupiter.api.Tag;

/** The same on a GPU: an edit in Java encodes on the machine whose step it stands in. */
@Tag("cuda")
class SparseAutoencoderOnCudaTest extends SparseAutoencoderTest {

    @Override
    Options machine() {
        return Options.DEFAULT.withDevice("cuda").withCuda(CudaOptions.DEFAULT.withExact(true));
    }
}
