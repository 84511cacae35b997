// out[r] = replacements[min(position, P - 1)] where from <= position < to and the head is one of the heads, else x[r]
//
// out, x [rows, columns], columns of all heads side by side, replacements [P, columns], controls [slots, 5] (edit.cuh, the strength is
// not used), slots and positions [rows]. The blocks of a row take its columns. Moves rows x columns x 12 bytes, 8 of those that stay.
// The result does not depend on the grid or the block.
// launch: block 256, grid (rows, ceil(columns / 2048)), shared 0
#include "edit.cuh"

extern "C" __global__ void __launch_bounds__(BLOCK) replace_rows(
        float* __restrict__ out,
        const float* __restrict__ x,
        const float* __restrict__ replacements,
        const int* __restrict__ controls,
        const int* __restrict__ slots,
        const int* __restrict__ positions,
        int columns,
        int heads,
        int replacementRows) {
    ReplaceRows{out, x, replacements, controls, slots, positions, columns, heads, replacementRows}.at(here());
}
