// out[r] = strength * x[r] where from <= position < to and the head is one of the heads, else x[r]
//
// out, x [rows, columns], columns of all heads side by side, controls [slots, 5] (edit.cuh), slots and positions [rows].
// The blocks of a row take its columns. Moves rows x columns x 8 bytes. The result does not depend on the grid or the block.
// launch: block 256, grid (rows, ceil(columns / 2048)), shared 0
#include "edit.cuh"

extern "C" __global__ void __launch_bounds__(BLOCK) scale(
        float* __restrict__ out,
        const float* __restrict__ x,
        const int* __restrict__ controls,
        const int* __restrict__ slots,
        const int* __restrict__ positions,
        int columns,
        int heads) {
    Scale{out, x, controls, slots, positions, columns, heads}.at(here());
}
