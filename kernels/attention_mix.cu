// z[r, h] = sum over j of pattern[r, h, j] * values[j] for the keys j up to the row's position, in the order of docs/numerics.md: keys
// after it are not multiplied, whatever the pattern says of them
//
// z [rows, heads x headWidth], pattern [rows, heads x shownKeys], values [rows of all pages, heads x headWidth], slots, positions [rows].
// A thread does one column of z: one chain of fused multiply-adds over keys ascending. A warp reads a stretch of one value after
// another, and a weight for all of it.
// Moves 4 bytes a key and column that a row sees, and 4 a key and head. The result does not depend on the grid or the block: of the
// same pattern it is attention_exact's, to the bit.
// launch: block 256, grid (rows, ceil(heads x headWidth / 256)), shared 0
#include "attention.cuh"

extern "C" __global__ void __launch_bounds__(BLOCK, 4) attention_mix(
        float* __restrict__ z,
        const float* __restrict__ pattern,
        const float* __restrict__ values,
        const int* __restrict__ slots,
        const int* __restrict__ positions,
        const int* __restrict__ pages,
        int heads,
        int headWidth,
        int context,
        int pageShift,
        int shownKeys) {
    AttentionMix{z, pattern, values, slots, positions, pages, heads, headWidth, context, pageShift, shownKeys}.at(here());
}
