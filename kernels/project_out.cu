// out[r] = x[r] - strength * (x[r] . v) * v where from <= position < to and the head is one of the heads, else x[r];
// v = direction[min(position, P - 1)], and the product is of the whole row, all heads
//
// out, x [rows, columns], columns of all heads side by side, direction [P, columns], controls [slots, 5] (edit.cuh), slots and
// positions [rows]. The blocks of a row take its columns, once every warp has made the row's product for itself, so that none waits for
// another. Moves rows x columns x 12 bytes; the row and the direction are read again from the cache.
// The product is the CPU's sixteen lanes: the result does not depend on the grid or the block.
// launch: block 256, grid (rows, ceil(columns / 2048)), shared 0
#include "edit.cuh"

extern "C" __global__ void __launch_bounds__(BLOCK) project_out(
        float* __restrict__ out,
        const float* __restrict__ x,
        const float* __restrict__ direction,
        const int* __restrict__ controls,
        const int* __restrict__ slots,
        const int* __restrict__ positions,
        int columns,
        int heads,
        int directionRows) {
    ProjectOut{out, x, direction, controls, slots, positions, columns, heads, directionRows}.at(here());
}
