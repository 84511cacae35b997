// out[r] = replacements[min(position, P - 1)] where from <= position < to, else x[r]
//
// out, x [rows, columns], replacements [P, columns], controls [slots, 3] (the first word is not read; from, to), slots and positions
// [rows]. A block copies one row. Moves rows x columns x 8 bytes. The result does not depend on the grid or the block.
// launch: block 128, grid (rows), shared 0
#include "edit.cuh"

extern "C" __global__ void __launch_bounds__(EDIT_BLOCK) replace_rows(
        float* __restrict__ out,
        const float* __restrict__ x,
        const float* __restrict__ replacements,
        const int* __restrict__ controls,
        const int* __restrict__ slots,
        const int* __restrict__ positions,
        int columns,
        int replacementRows) {
    EditedRow row = editedRow(out, x, controls, slots, positions, columns);
    const float* from = row.changes ? row.operand(replacements, replacementRows, columns) : row.x;
    copyRow(row.out, from, columns);
}
