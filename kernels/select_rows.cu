// out[i] = x[rows[i]]
//
// out [outputs, columns], x [R, columns], rows [outputs]: the rows whose logits are wanted.
// A block copies one row. Moves outputs x columns x 8 bytes. An exact copy: the result does not depend on the grid's order or the
// block's size.
// launch: block 256, grid (outputs), shared 0
#include "rows.cuh"

extern "C" __global__ void __launch_bounds__(BLOCK)
        select_rows(float* __restrict__ out, const float* __restrict__ x, const int* __restrict__ rows, int columns) {
    SelectRows{out, x, rows, columns}.at(here());
}
