// out[r] = x[r] + strength * vector[min(position, P - 1)] where from <= position < to, else x[r]; the sum is rounded once
//
// out, x [rows, columns], vector [P, columns], controls [slots, 3] (strength as float32 bits, from, to), slots and positions [rows].
// A block does one row. Moves rows x columns x 12 bytes. The result does not depend on the grid or the block.
// launch: block 128, grid (rows), shared 0
#include "edit.cuh"

extern "C" __global__ void __launch_bounds__(EDIT_BLOCK) add_vector(
        float* __restrict__ out,
        const float* __restrict__ x,
        const float* __restrict__ vector,
        const int* __restrict__ controls,
        const int* __restrict__ slots,
        const int* __restrict__ positions,
        int columns,
        int vectorRows) {
    EditedRow row = editedRow(out, x, controls, slots, positions, columns);
    if (row.changes) {
        addToRow(row, row.strength, row.operand(vector, vectorRows, columns), columns);
    } else {
        copyRow(row.out, row.x, columns);
    }
}
