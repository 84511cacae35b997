// cache[row of slots[r] and positions[r]] = x[r]
//
// cache [rows of all pages, columns], x [rows, columns], slots and positions [rows]; pages, context, pageShift: pages.cuh. Keys or values of one layer.
// A block copies one row. Moves rows x columns x 8 bytes. An exact copy: the result does not depend on the grid's order or the
// block's size, as no two rows of a step have the same slot and position.
// launch: block 256, grid (rows), shared 0
#include "rows.cuh"

extern "C" __global__ void __launch_bounds__(BLOCK) append(
        float* __restrict__ cache,
        const float* __restrict__ x,
        const int* __restrict__ slots,
        const int* __restrict__ positions,
        const int* __restrict__ pages,
        int columns,
        int context,
        int pageShift) {
    Append{cache, x, slots, positions, pages, columns, context, pageShift}.at(here());
}
