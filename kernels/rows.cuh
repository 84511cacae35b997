// Copies of whole rows, for append.cu and select_rows.cu.
#pragma once

#include "pages.cuh"
#include "place.cuh"

struct Append {
    float* cache;
    const float* x;
    const int* slots;
    const int* positions;
    const int* pages;
    int columns;
    int context;
    int pageShift;

    __device__ __forceinline__ void at(Place place) const {
        size_t to = Pages(pages, slots[place.x], context, pageShift).row(positions[place.x]);
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
