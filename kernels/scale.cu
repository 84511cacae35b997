// out[r] = strength * x[r] where from <= position < to, else x[r]
//
// out, x [rows, columns], controls [slots, 3] (strength as float32 bits, from, to), slots and positions [rows].
// A block does one row. Moves rows x columns x 8 bytes. The result does not depend on the grid or the block.
// launch: block 128, grid (rows), shared 0
#include "edit.cuh"

template <int WIDTH> __device__ __forceinline__ void scaleGroups(const EditedRow& row, int columns) {
#pragma unroll 4
    for (int first = threadIdx.x * WIDTH; first < columns; first += blockDim.x * WIDTH) {
        Group<WIDTH> group = loadGroup<WIDTH>(row.x + first);
#pragma unroll
        for (int k = 0; k < WIDTH; k++) {
            group.of[k] *= row.strength;
        }
        storeGroup(row.out + first, group);
    }
}

extern "C" __global__ void __launch_bounds__(EDIT_BLOCK) scale(
        float* __restrict__ out,
        const float* __restrict__ x,
        const int* __restrict__ controls,
        const int* __restrict__ slots,
        const int* __restrict__ positions,
        int columns) {
    EditedRow row = editedRow(out, x, controls, slots, positions, columns);
    if (!row.changes) {
        copyRow(row.out, row.x, columns);
    } else if (columns % 4 == 0 && aligned16(row.out) && aligned16(row.x)) {
        scaleGroups<4>(row, columns);
    } else {
        scaleGroups<1>(row, columns);
    }
}
