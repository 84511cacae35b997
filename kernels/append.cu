// cache[slots[r]][positions[r]] = x[r]
//
// cache [slots x context, columns], x [rows, columns], slots and positions [rows]: keys or values of one layer.
// A block copies one row. Moves rows x columns x 8 bytes. An exact copy: the result does not depend on the grid's order or the
// block's size, as no two rows of a step have the same slot and position.
// launch: block 128, grid (rows), shared 0
#include "numbers.cuh"

extern "C" __global__ void __launch_bounds__(128) append(
        float* __restrict__ cache,
        const float* __restrict__ x,
        const int* __restrict__ slots,
        const int* __restrict__ positions,
        int columns,
        int context) {
    size_t to = static_cast<size_t>(slots[blockIdx.x]) * context + positions[blockIdx.x];
    copyRow(cache + to * columns, x + static_cast<size_t>(blockIdx.x) * columns, columns);
}
