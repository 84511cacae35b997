// pattern = softmax(scores) of the keys up to the row's position, 0 for those after; for each head of each row, in the order of
// docs/numerics.md. What the scores of keys after the position are does not matter: somebody may have edited them.
//
// pattern, scores [rows, heads x shownKeys], positions [rows]. A block does one head of one row; the weights wait in the pattern's own
// memory, in the cache, so no context is too long for shared memory. The sum is the CPU's sixteen lanes.
// Moves 8 bytes a key, head and row. The result does not depend on the grid or the block: of the same scores it is attention_exact's,
// to the bit.
// launch: block 256, grid (rows, heads), shared 0
#include "attention.cuh"

extern "C" __global__ void __launch_bounds__(BLOCK, 4) attention_pattern(
        float* __restrict__ pattern,
        const float* __restrict__ scores,
        const int* __restrict__ positions,
        int heads,
        int shownKeys) {
    __shared__ attention::Shared shared;
    AttentionPattern{pattern, scores, positions, heads, shownKeys}.at(here(), shared);
}
