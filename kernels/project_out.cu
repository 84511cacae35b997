// out[r] = x[r] - strength * (x[r] . v) * v where from <= position < to, else x[r]; v = direction[min(position, P - 1)]
//
// out, x [rows, columns], direction [P, columns], controls [slots, 3] (strength as float32 bits, from, to), slots and positions
// [rows]. A block does one row: every warp makes the same inner product for itself, so none waits for another, then all threads
// subtract. Moves rows x columns x 12 bytes; the row and the direction are read again from the cache.
// The product is the CPU's sixteen lanes: the result does not depend on the grid or the block.
// launch: block 128, grid (rows), shared 0
#include "edit.cuh"

extern "C" __global__ void __launch_bounds__(EDIT_BLOCK) project_out(
        float* __restrict__ out,
        const float* __restrict__ x,
        const float* __restrict__ direction,
        const int* __restrict__ controls,
        const int* __restrict__ slots,
        const int* __restrict__ positions,
        int columns,
        int directionRows) {
    EditedRow row = editedRow(out, x, controls, slots, positions, columns);
    if (!row.changes) {
        copyRow(row.out, row.x, columns);
        return;
    }
    const float* v = row.operand(direction, directionRows, columns);
    float product = sumOverRow(columns, [&](float sum, int c) { return fmaf(row.x[c], v[c], sum); });
    addToRow(row, -(row.strength * product), v, columns);
}
