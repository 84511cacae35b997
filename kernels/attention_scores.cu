// scores[j] = scale * (q . keys[j]) for the keys j up to the row's position, minus infinity for those after; for each head of each row,
// in the order of docs/numerics.md
//
// scores [rows, heads x shownKeys], q [rows, heads x headWidth], keys [rows of all pages, heads x headWidth], slots, positions [rows].
// A block does 256 keys of one head of one row, a thread one key, so every chain of fused multiply-adds is one thread's.
// Moves 4 x headWidth bytes a key that the row sees, and 4 more. The result does not depend on the grid or the block: it is
// attention_exact's, to the bit.
// launch: block 256, grid (rows, heads, ceil(shownKeys / 256)), shared 4 * headWidth
#include "attention.cuh"

extern "C" __global__ void __launch_bounds__(BLOCK, 4) attention_scores(
        float* __restrict__ scores,
        const float* __restrict__ q,
        const float* __restrict__ keys,
        const int* __restrict__ slots,
        const int* __restrict__ positions,
        const int* __restrict__ pages,
        int heads,
        int headWidth,
        int context,
        int pageShift,
        int shownKeys,
        float scale) {
    extern __shared__ float query[];
    AttentionScores{scores, q, keys, slots, positions, pages, heads, headWidth, context, pageShift, shownKeys, scale}.at(here(), query);
}
