package dev.weir.engine;

import dev.weir.backend.CudaOptions;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The same on a GPU in exact mode. */
@Tag("cuda")
class EditedRequestsOnCudaTest extends EditedRequestsTest {

    @Override
    Options options() {
        return Options.DEFAULT.withDevice("cuda").withCuda(CudaOptions.DEFAULT.withExact(true));
    }

    @Override
    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3, 4, 5})
    void aRequestBesideEditedOnesIsWhatItIsAlone(long seed) {
        requireAsAlone(seed);
    }

    @Override
    @ParameterizedTest
    @ValueSource(longs = {6, 7, 8, 9})
    void openedAttentionHasTheBitsOfAttention(long seed) {
        requireBitsOfWholeAttention(seed);
    }
}
