// Copies of whole rows, for append.cu and select_rows.cu.
#pragma once

#include "place.cuh"

struct Append {
    float* cache;
    const float* x;
    const int* slots;
    const int* positions;
    int columns;
    int context;

    __device__ __forceinline__ void at(Place place) const {
        size_t to = static_cast<size_t>(slots[place.x]) * context + positions[place.x];
        copyRow(cache + to * columns, x + static_cast<size_t>(place.x) * columns, columns);
    }
};

struct SelectRows {
    float* out;
    const float* x;
    const int* rows;
    int columns;

    __device__ __forceinline__ void at(Place place) const {
        size_t from = static_cast<size_t>(rows[place.x]);
        copyRow(out + static_cast<size_t>(place.x) * columns, x + from * columns, columns);
    }
};
