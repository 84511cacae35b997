// Edits: what a row's controls say, for add_vector.cu, scale.cu, replace_rows.cu and project_out.cu.
//
// What is added, how strongly and where lies in memory and never in an argument, so one captured graph serves every strength and
// every vector. A row that its slot's controls leave out goes through as it is, to the bit.
#pragma once

#include "numbers.cuh"

constexpr int EDIT_BLOCK = 128;

/// Words of a slot in the controls: the strength as float32 bits, then the first position and the one after the last.
constexpr int CONTROL_WORDS = 3;

/// A row of a step as an edit finds it.
struct EditedRow {
    const float* x;
    float* out;
    float strength;
    int position;
    bool changes;

    /// The operand of the row's position: there is one for every position, and the last serves all that follow.
    __device__ __forceinline__ const float* operand(const float* operands, int operandRows, int columns) const {
        return operands + static_cast<size_t>(min(position, operandRows - 1)) * columns;
    }
};

/// The row of this block.
__device__ __forceinline__ EditedRow editedRow(
        float* out, const float* x, const int* controls, const int* slots, const int* positions, int columns) {
    size_t first = static_cast<size_t>(blockIdx.x) * columns;
    const int* control = controls + static_cast<size_t>(slots[blockIdx.x]) * CONTROL_WORDS;
    int position = positions[blockIdx.x];
    bool changes = control[1] <= position && position < control[2];
    return {x + first, out + first, __int_as_float(control[0]), position, changes};
}

/// out = strength * v + x, rounded once; the whole block takes part.
template <int WIDTH>
__device__ __forceinline__ void addGroups(float* out, const float* x, float strength, const float* v, int columns) {
#pragma unroll 4
    for (int first = threadIdx.x * WIDTH; first < columns; first += blockDim.x * WIDTH) {
        Group<WIDTH> group = loadGroup<WIDTH>(x + first);
        Group<WIDTH> vector = loadGroup<WIDTH>(v + first);
#pragma unroll
        for (int k = 0; k < WIDTH; k++) {
            group.of[k] = fmaf(strength, vector.of[k], group.of[k]);
        }
        storeGroup(out + first, group);
    }
}

__device__ __forceinline__ void addToRow(const EditedRow& row, float strength, const float* v, int columns) {
    if (columns % 4 == 0 && aligned16(row.out) && aligned16(row.x) && aligned16(v)) {
        addGroups<4>(row.out, row.x, strength, v, columns);
    } else {
        addGroups<1>(row.out, row.x, strength, v, columns);
    }
}
