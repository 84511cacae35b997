// scores[j] = scale * (q . keys[j]) for the keys j up to the row's position, pattern = softmax(scores), z = sum over j of
// pattern[j] * values[j]; for each head of each row, in the order of docs/numerics.md
//
// z, q [rows, heads x headWidth]; scores, pattern [rows, heads x shownKeys], where a key after the row's position scores minus
// infinity and weighs 0; keys, values [rows of all pages, heads x headWidth]; slots, positions [rows]. z, scores and pattern may be null.
// A block does one head of one row: a thread takes whole keys, then whole columns of z, so every chain of fused multiply-adds is one
// thread's; the sum of the softmax is the CPU's sixteen lanes.
// Moves 8 x headWidth bytes a key, head and row. The result does not depend on the grid or the block: it is the CPU's, to the bit.
// launch: block 256, grid (rows, heads), shared 4 * (context + headWidth)
#include "attention.cuh"

extern "C" __global__ void __launch_bounds__(BLOCK, 4) attention_exact(
        float* __restrict__ z,
        float* __restrict__ scores,
        float* __restrict__ pattern,
        const float* __restrict__ q,
        const float* __restrict__ keys,
        const float* __restrict__ values,
        const int* __restrict__ slots,
        const int* __restrict__ positions,
        const int* __restrict__ pages,
        int heads,
        int headWidth,
        int context,
        int pageShift,
        int shownKeys,
        float scale) {
    extern __shared__ float staged[];
    __shared__ attention::Shared shared;
    AttentionExact{z, scores, pattern, q, keys, values, slots, positions, pages, heads, headWidth, context, pageShift, shownKeys, scale}
            .at(here(), shared, staged);
}
