// The rows of a table, for embed.cu.
#pragma once

#include "place.cuh"

template <class T> struct Embed {
    float* out;
    const T* table;
    const int* ids;
    int columns;
    int stride;

    __device__ __forceinline__ void at(Place place) const {
        const T* row = table + static_cast<size_t>(ids[place.x]) * stride;
        float* to = out + static_cast<size_t>(place.x) * columns;
        if (columns % 4 == 0 && aligned16(out)) {
            widenRow<4>(to, row);
        } else {
            widenRow<1>(to, row);
        }
    }

    template <int WIDTH> __device__ __forceinline__ void widenRow(float* to, const T* row) const {
#pragma unroll 4
        for (int first = threadIdx.x * PACK<T>; first < columns; first += BLOCK * PACK<T>) {
            Pack<T> pack = loadPack(row + first);
#pragma unroll
            for (int i = 0; i < PACK<T>; i += WIDTH) {
                Group<WIDTH> group;
#pragma unroll
                for (int k = 0; k < WIDTH; k++) {
                    group.of[k] = widen(pack.of[i + k]);
                }
                if (first + i < columns) {
                    storeGroup(to + first + i, group);
                }
            }
        }
    }
};
