// cache[slots[r]][positions[r]] = x[r]
//
// cache [slots x context, columns], x [rows, columns], slots and positions [rows]: keys or values of one layer.
// A block copies one row. Moves rows x columns x 8 bytes. An exact copy: the result does not depend on the grid's order or the
// block's size, as no two rows of a step have the same slot and position.
// launch: block 256, grid (rows), shared 0
#include "rows.cuh"

extern "C" __global__ void __launch_bounds__(BLOCK) append(
        float* __restrict__ cache,
        const float* __restrict__ x,
        const int* __restrict__ slots,
        const int* __restrict__ positions,
        int columns,
        int context) {
    Append{cache, x, slots, positions, columns, context}.at(here());
}
