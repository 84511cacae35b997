// Edits: what a row's controls say, for add_vector.cu, scale.cu, replace_rows.cu and project_out.cu.
//
// What is added, how strongly, where and to which heads lies in memory and never in an argument, so one captured graph serves every
// strength, every vector and every head. What its slot's controls leave out of a row goes through as it is, to the bit.
//
// The grid is (rows, stretches): the blocks of a row share its columns, so that the wide rows of scores and patterns have several.
#pragma once

#include "place.cuh"

/// Columns of a block.
constexpr int EDIT_COLUMNS = 2048;

/// Words of a slot in the controls: the strength as float32 bits, the first position and the one after the last, then the heads, bit h
/// of the two words for head h, the low word first.
constexpr int CONTROL_WORDS = 5;

/// A row of a step as an edit finds it.
struct EditedRow {
    const float* x;
    float* out;
    int columns;
    int headColumns;
    int from;  // the block's columns
    int to;
    float strength;
    int position;
    unsigned long long heads;  // that change; none where the position does not

    /// Whether the edit changes a column, which is one of a head.
    __device__ __forceinline__ bool changes(int column) const { return heads >> column / headColumns & 1; }

    /// The operand of the row's position: there is one for every position, and the last serves all that follow.
    __device__ __forceinline__ const float* operand(const float* operands, int operandRows) const {
        return operands + static_cast<size_t>(min(position, operandRows - 1)) * columns;
    }
};

/// The row of a place, of so many heads side by side.
__device__ __forceinline__ EditedRow editedRow(
        Place place,
        float* out,
        const float* x,
        const int* controls,
        const int* slots,
        const int* positions,
        int columns,
        int heads) {
    size_t first = static_cast<size_t>(place.x) * columns;
    const int* control = controls + static_cast<size_t>(slots[place.x]) * CONTROL_WORDS;
    int position = positions[place.x];
    bool inside = control[1] <= position && position < control[2];
    unsigned long long low = static_cast<unsigned>(control[3]);
    unsigned long long high = static_cast<unsigned>(control[4]);
    return {x + first,
            out + first,
            columns,
            columns / heads,
            place.y * EDIT_COLUMNS,
            min((place.y + 1) * EDIT_COLUMNS, columns),
            __int_as_float(control[0]),
            position,
            inside ? high << 32 | low : 0};
}

/// out = change(x, v) in the columns that the edit changes, x in the others. A group of columns is of one head.
template <int WIDTH, class Change>
__device__ __forceinline__ void changeGroups(const EditedRow& row, const float* v, Change change) {
#pragma unroll 4
    for (int first = row.from + threadIdx.x * WIDTH; first < row.to; first += BLOCK * WIDTH) {
        Group<WIDTH> group = loadGroup<WIDTH>(row.x + first);
        if (row.changes(first)) {
            Group<WIDTH> operand = loadGroup<WIDTH>(v + first);
#pragma unroll
            for (int k = 0; k < WIDTH; k++) {
                group.of[k] = change(group.of[k], operand.of[k]);
            }
        }
        storeGroup(row.out + first, group);
    }
}

template <class Change> __device__ __forceinline__ void changeRow(const EditedRow& row, const float* v, Change change) {
    if (row.headColumns % 4 == 0 && aligned16(row.out) && aligned16(row.x) && aligned16(v)) {
        changeGroups<4>(row, v, change);
    } else {
        changeGroups<1>(row, v, change);
    }
}

struct AddVector {
    float* out;
    const float* x;
    const float* vector;
    const int* controls;
    const int* slots;
    const int* positions;
    int columns;
    int heads;
    int vectorRows;

    __device__ __forceinline__ void at(Place place) const {
        EditedRow row = editedRow(place, out, x, controls, slots, positions, columns, heads);
        const float* v = row.operand(vector, vectorRows);
        changeRow(row, v, [&](float x, float v) { return fmaf(row.strength, v, x); });
    }
};

struct Scale {
    float* out;
    const float* x;
    const int* controls;
    const int* slots;
    const int* positions;
    int columns;
    int heads;

    __device__ __forceinline__ void at(Place place) const {
        EditedRow row = editedRow(place, out, x, controls, slots, positions, columns, heads);
        const float* unread = row.x;
        changeRow(row, unread, [&](float x, float) { return row.strength * x; });
    }
};

struct ReplaceRows {
    float* out;
    const float* x;
    const float* replacements;
    const int* controls;
    const int* slots;
    const int* positions;
    int columns;
    int heads;
    int replacementRows;

    __device__ __forceinline__ void at(Place place) const {
        EditedRow row = editedRow(place, out, x, controls, slots, positions, columns, heads);
        changeRow(row, row.operand(replacements, replacementRows), [](float, float v) { return v; });
    }
};

struct ProjectOut {
    float* out;
    const float* x;
    const float* direction;
    const int* controls;
    const int* slots;
    const int* positions;
    int columns;
    int heads;
    int directionRows;

    __device__ __forceinline__ void at(Place place) const {
        EditedRow row = editedRow(place, out, x, controls, slots, positions, columns, heads);
        const float* v = row.operand(direction, directionRows);
        float product =
                row.heads == 0 ? 0 : sumOverRow(columns, [&](float sum, int c) { return fmaf(row.x[c], v[c], sum); });
        float factor = -(row.strength * product);
        changeRow(row, v, [=](float x, float v) { return fmaf(factor, v, x); });
    }
};
